/**
 * Gives the source back, or finishes the way forward: which of the two, the target's ledger decides, never the error that led
 * here (style section 3). The door on the target is closed first, so that no cutover that still runs can flip afterwards.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract';
import { Blocked } from '../errors';
import { type LedgerRow, readLedger } from '../platform/ledger';
import { lockMigration, mergeFacts } from '../platform/ledger-sql';
import { call, databases, instanceFacts } from '../platform/payload';
import type { Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { reopenLogins } from '../platform/role-logins';
import type { World } from '../platform/world';
import { finishForward } from './flip';
import * as sql from './sql';
import { nextEpoch } from './stage';

/** Input of `give-back`. */
export const giveBackInput = call.extend({
  epoch: z.string().regex(/^\d+$/).nullable(),
  source: instanceFacts,
  target: instanceFacts.nullable(),
  databases,
  reason: z.string(),
});

/** What became of a migration whose cutover did not end well. */
export interface GivenBack {
  readonly outcome: 'given-back' | 'finished';
  readonly detail: string;
}

/** The home sessions of both sides. */
interface Sides {
  readonly sourceHome: Session<'source'>;
  readonly targetHome: Session<'target'>;
  readonly sourceHost: string;
  readonly targetHost: string;
}

/** Ends what a killed cutover left running, then gives the source back or finishes forward. */
export async function giveBack(input: Input<'give-back'>, world: World): Promise<Output<'give-back'>> {
  const source = await world.openSource(input.source);
  const sourceHome = await source.home();
  await endPredecessors(sourceHome, world.migrationId, 'cutover');
  const result = await decide(input, world, sourceHome);
  world.log.fact('cutover ended', { outcome: result.outcome });
  const report = await world.keepEvidence('give-back', { ...result, reason: input.reason });
  return { ...result, report };
}

async function decide(input: Input<'give-back'>, world: World, sourceHome: Session<'source'>): Promise<GivenBack> {
  if (input.epoch === null || input.target === null) {
    return { outcome: 'given-back', detail: 'nothing was fenced, because there was no target to cut over to' };
  }
  const target = await world.openTarget(input.target);
  const targetHome = await target.home();
  await endPredecessors(targetHome, world.migrationId, 'cutover');
  const hosts = { sourceHost: input.source.host, targetHost: input.target.host };
  return giveBackOn(world, { sourceHome, targetHome, ...hosts }, input.epoch);
}

/**
 * Gives back what the cutover called with `epoch` began. Throws `Blocked` and changes nothing when the ledger has moved on
 * to another execution.
 */
export async function giveBackOn(world: World, sides: Sides, epoch: string): Promise<GivenBack> {
  const known = await readLedger(sides.sourceHome, world.migrationId);
  if (known === null)
    return { outcome: 'given-back', detail: 'the source has no ledger, so nothing of it was changed' };
  const door = await closeDoor(world, sides.targetHome, epoch);
  if (door !== null && door.phase !== 'verified' && isPast(door)) {
    await finishForward(world, sides, door);
    return {
      outcome: 'finished',
      detail: `the flip of epoch ${door.epoch} had happened, the forward path was completed`,
    };
  }
  return liftFence(world, sides.sourceHome, epoch);
}

function isPast(row: LedgerRow): boolean {
  return row.phase === 'flipped' || row.phase === 'live';
}

/** Moves the target's epoch on unless it has flipped; returns the row as it then stands, null when it has none. */
async function closeDoor(world: World, targetHome: Session<'target'>, epoch: string): Promise<LedgerRow | null> {
  const known = await readLedger(targetHome, world.migrationId);
  // A copy that was not adopted yet still says `source`: no cutover can have flipped it.
  if (known === null || known.side !== 'target') return null;
  await targetHome.transaction(async () => {
    await targetHome.query(lockMigration(world.migrationId));
    const row = await readLedger(targetHome, world.migrationId);
    if (row === null || isPast(row) || BigInt(row.epoch) > BigInt(epoch)) return;
    await targetHome.execute(sql.setPhaseAndEpoch(world.migrationId, row.phase, doorEpoch(epoch)));
  });
  return readLedger(targetHome, world.migrationId);
}

/** Reopens the logins of the source and moves its epoch on, in one transaction; doing so twice answers alike. */
async function liftFence(world: World, sourceHome: Session<'source'>, epoch: string): Promise<GivenBack> {
  return sourceHome.transaction(async () => {
    await sourceHome.query(lockMigration(world.migrationId));
    const row = await readLedger(sourceHome, world.migrationId);
    if (row === null)
      return { outcome: 'given-back', detail: 'the source has no ledger, so nothing of it was changed' };
    if (row.facts.givenBack === epoch) return { outcome: 'given-back', detail: 'the source was given back before' };
    const began = row.epoch === epoch || row.epoch === nextEpoch(epoch);
    if (row.execution !== world.call.execution || !began || isPast(row)) {
      throw new Blocked(
        `migration ${JSON.stringify(row.migrationId)} stands at epoch ${row.epoch} in phase ${row.phase} under execution ` +
          `${row.execution}, giving back epoch ${epoch} came too late and changed nothing`,
      );
    }
    const fenced = row.phase === 'fencing' || row.phase === 'fenced';
    const roles = fenced ? await reopenLogins(sourceHome) : [];
    await sourceHome.execute(
      sql.setPhaseAndEpoch(world.migrationId, fenced ? 'verified' : row.phase, doorEpoch(epoch)),
    );
    await sourceHome.execute(mergeFacts(world.migrationId, { givenBack: epoch }));
    return { outcome: 'given-back', detail: `the fence was lifted, ${roles.length} roles may log in again` };
  });
}

/** Two on: the fence took the next one, and whoever still runs with either is refused. */
function doorEpoch(epoch: string): string {
  return nextEpoch(nextEpoch(epoch));
}
