/**
 * Which side of the flip a migration is on, and the fence lifted when it is before it. One transaction on the source holds its
 * row, so that neither a claim nor a fence comes in between:
 *
 *   source row locked -> target flipped? -> caller in time? -> door on the target closed -> logins reopened, epoch moved on
 */
import { Blocked, NotReady } from '../errors';
import { type LedgerRow, readLedger } from '../platform/ledger';
import { lockMigration, mergeFacts } from '../platform/ledger-sql';
import { isInUse } from '../platform/phases';
import type { Session } from '../platform/postgres';
import { reopenLogins } from '../platform/role-logins';
import type { World } from '../platform/world';
import { isPast } from './flip-facts';
import * as sql from './sql';
import { nextEpoch } from './stage';

/** The home sessions of both sides; the target's is null when it does not answer. */
export interface Homes {
  readonly sourceHome: Session<'source'>;
  readonly targetHome: Session<'target'> | null;
}

/**
 * `given-back`: the source is writable as before, `epoch` is where its ledger then stands, null when nothing of this cutover is
 * known there; `flipped`: the target is live, `row` is its ledger.
 */
export type Verdict =
  | { readonly outcome: 'given-back'; readonly detail: string; readonly epoch: string | null }
  | { readonly outcome: 'flipped'; readonly detail: string; readonly row: LedgerRow };

/**
 * Lifts the fence of the cutover called with `epoch` (null: whichever the calling execution began), unless it has flipped;
 * doing so twice answers alike. Throws `Blocked` for a caller that comes too late, `NotReady` when a target that does not
 * answer may have flipped.
 */
export async function liftFence(world: World, homes: Homes, epoch: string | null): Promise<Verdict> {
  const { sourceHome } = homes;
  if ((await readLedger(sourceHome, world.migrationId)) === null) return nothing('the source has no ledger');
  return sourceHome.transaction(async () => {
    await sourceHome.query(lockMigration(world.migrationId));
    const row = await readLedger(sourceHome, world.migrationId);
    if (row === null) return nothing('the source has no ledger');
    const begun = epoch ?? begunBy(row, world);
    if (begun === null) return nothing('this execution has fenced nothing');
    return decide(world, homes, row, begun);
  });
}

function nothing(why: string): Verdict {
  return { outcome: 'given-back', detail: `${why}, so nothing was changed`, epoch: null };
}

/** The epoch of the cutover that an execution without memory began, for whoever cleans up after it. */
function begunBy(row: LedgerRow, world: World): string | null {
  const begun = isFenced(row) || isInUse(row.phase);
  return begun && row.execution === world.call.execution ? String(BigInt(row.epoch) - 1n) : null;
}

async function decide(world: World, homes: Homes, row: LedgerRow, epoch: string): Promise<Verdict> {
  const { sourceHome, targetHome } = homes;
  const own = row.execution === world.call.execution;
  const target = targetHome === null ? null : await readLedger(targetHome, world.migrationId);
  if (target !== null && isPast(target)) {
    if (target.epoch === nextEpoch(epoch) || own) return flipped(target);
    throw tooLate(row, epoch);
  }
  if (row.facts.givenBack === epoch) {
    const again = row.epoch === doorEpoch(epoch) ? row.epoch : null;
    return { outcome: 'given-back', detail: 'the source was given back before', epoch: again };
  }
  const inTime = row.epoch === epoch || row.epoch === nextEpoch(epoch);
  if (!own || !inTime || row.side !== 'source' || isInUse(row.phase)) throw tooLate(row, epoch);
  if (targetHome !== null) {
    const door = await closeDoor(world, targetHome, epoch);
    if (door !== null && isPast(door)) return flipped(door);
  } else if (typeof row.facts.intendedFlip === 'string') {
    throw new NotReady('the target does not answer and may have flipped, the source stays fenced until it tells');
  }
  const roles = isFenced(row) ? await reopenLogins(sourceHome) : [];
  const phase = isFenced(row) ? 'verified' : row.phase;
  await sourceHome.execute(sql.setPhaseAndEpoch(world.migrationId, phase, doorEpoch(epoch)));
  await sourceHome.execute(mergeFacts(world.migrationId, { givenBack: epoch, intendedFlip: null }));
  const detail = `the fence was lifted, ${roles.length} roles may log in again`;
  return { outcome: 'given-back', detail, epoch: doorEpoch(epoch) };
}

function flipped(row: LedgerRow): Verdict {
  const detail = `the flip of epoch ${row.epoch} had happened, the forward path was completed`;
  return { outcome: 'flipped', detail, row };
}

/** Moves the target's epoch on unless it has flipped; returns the row as it then stands, null when it has none. */
async function closeDoor(world: World, targetHome: Session<'target'>, epoch: string): Promise<LedgerRow | null> {
  const known = await readLedger(targetHome, world.migrationId);
  // A copy that was not adopted yet still says `source`: no cutover can have flipped it.
  if (known === null || known.side !== 'target') return null;
  return targetHome.transaction(async () => {
    await targetHome.query(lockMigration(world.migrationId));
    const row = await readLedger(targetHome, world.migrationId);
    if (row === null || BigInt(row.epoch) > BigInt(epoch) || isPast(row)) return row;
    await targetHome.execute(sql.setPhaseAndEpoch(world.migrationId, row.phase, doorEpoch(epoch)));
    return row;
  });
}

function isFenced({ phase }: LedgerRow): boolean {
  return phase === 'fencing' || phase === 'fenced';
}

/** Two on: the fence took the next one, and whoever still runs with either is refused. */
function doorEpoch(epoch: string): string {
  return nextEpoch(nextEpoch(epoch));
}

function tooLate(row: LedgerRow, epoch: string): Blocked {
  return new Blocked(
    `migration ${JSON.stringify(row.migrationId)} stands at epoch ${row.epoch} in phase ${row.phase} under execution ` +
      `${row.execution}, giving back epoch ${epoch} came too late and changed nothing`,
  );
}
