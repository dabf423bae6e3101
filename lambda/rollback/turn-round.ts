/**
 * Turns the sides of a migration round, so that the way back is walked with the very steps of the way forth: from here on the
 * ledger calls the encrypted server the `source`, which is written to and will be fenced, and the old source the `target`, which
 * follows and will become live (decision 14).
 *
 *     live server: side source, phase replicating, epoch + 1        (first: it says who is live)
 *     old source:  side target, phase replicating, the same epoch
 *
 * A way back that did not happen is turned back in the same order; every part looks first and can run again.
 */
import * as z from 'zod';
import type { Phase } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked, NotReady } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { isTurned, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { lockMigration, mergeFacts, upsertMigration } from '../platform/ledger-sql';
import { findSubscription, isOurSubscription, type SubscriptionRow } from '../platform/make-subscription';
import { streamName } from '../platform/names';
import { bothSides, call } from '../platform/payload';
import type { Server, Session, Side } from '../platform/postgres';
import { dropSlots, findSlot, tapPattern } from '../platform/slots';
import { readWayBack } from '../platform/way-back';
import type { World } from '../platform/world';
import * as sql from './sql';
import { decideTurn, hasFlippedBack, type TurnDecision } from './turn-decision';

/** Input of the step; `source` and `target` are what they were when the migration began. */
export const turnRoundInput = call.extend({
  ...bothSides,
  takeOver: z.string().min(1).nullable(),
  mode: z.enum(['begin', 'undo']),
});

/** What turning round is made of beside the servers. */
export type TurnRoundInput = Pick<Input<'turn-round'>, 'execution' | 'takeOver' | 'mode'>;

/** Phases in which nothing of the way back is under way that would have to be given back first. */
const AT_REST: readonly Phase[] = ['replicating', 'verified', 'needs-resync'];

/** Opens both servers and turns the sides. */
export async function turnRound(input: Input<'turn-round'>, world: World): Promise<Output<'turn-round'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return turnRoundOn(source, target, input, world);
}

/**
 * Turns the sides of a live migration round within its window, or back again. Throws `Blocked` and changes nothing when there is
 * no way back, when the window is over by the target's clock, and when another execution walks it.
 */
export async function turnRoundOn(
  source: Server<'source'>,
  target: Server<'target'>,
  input: TurnRoundInput,
  world: World,
): Promise<Output<'turn-round'>> {
  const home = await target.home();
  return withAdvisoryLock(home, `sealift/${world.migrationId}/turn-round`, () =>
    input.mode === 'begin' ? begin(source, target, input, world) : undo(source, target, input, world),
  );
}

async function begin(
  source: Server<'source'>,
  target: Server<'target'>,
  input: TurnRoundInput,
  world: World,
): Promise<Output<'turn-round'>> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  const sourceRow = await readLedger(sourceHome, world.migrationId);
  const looked = await decide(home, sourceRow, input, world);
  // Behind the flip nothing travels any more, and what it travelled on may be gone: the way is only completed.
  if (!hasFlippedBack(sourceRow)) await assertRoad(source, target, looked.wayBack.databases, world.migrationId);
  const decided = await home.transaction(async () => {
    await home.query(lockMigration(world.migrationId));
    const again = await decide(home, sourceRow, input, world);
    if (again.verdict === 'turn') await turn(home, 'source', again.epoch, input, world);
    return again;
  });
  const { epoch, wayBack } = decided;
  const { databases, until } = wayBack;
  const row = await expectRow(home, world);
  if (!hasFlippedBack(sourceRow)) {
    await sourceHome.transaction(() => turnSource(sourceHome, row, input, world));
    await followEverywhere(target, databases, row);
    await followEverywhere(source, databases, await expectRow(sourceHome, world));
  }
  world.log.fact('sides turned round', { epoch, phase: row.phase });
  return { epoch, phase: row.phase, databases, until };
}

type Decided = TurnDecision & { verdict: 'turn' | 'keep' };

async function decide(
  home: Session<'target'>,
  source: LedgerRow | null,
  input: TurnRoundInput,
  world: World,
): Promise<Decided> {
  const row = await readLedger(home, world.migrationId);
  const wayBack = row === null ? null : readWayBack(row);
  const over = wayBack !== null && (await home.one<{ over: boolean }>(sql.isOver(wayBack.until))).over;
  const decision = decideTurn(row, { execution: input.execution, takeOver: input.takeOver, source, over });
  if (decision.verdict !== 'refuse') return { ...decision, verdict: decision.verdict };
  throw new Blocked(`migration ${JSON.stringify(world.migrationId)} ${decision.reason}`);
}

/** The old source follows; a second call finds it turned, and perhaps further on. */
async function turnSource(
  home: Session<'source'>,
  live: LedgerRow,
  input: TurnRoundInput,
  world: World,
): Promise<void> {
  await home.query(lockMigration(world.migrationId));
  const row = await expectRow(home, world);
  if (isTurned(row) && row.epoch === live.epoch) return;
  await turn(home, 'target', live.epoch, input, world);
}

/** Writes a row of the other side; a way back that is taken over keeps its phase. */
async function turn(
  home: Session,
  side: Side,
  epoch: string,
  { execution }: TurnRoundInput,
  world: World,
): Promise<void> {
  const row = await expectRow(home, world);
  const phase = isTurned(row) ? row.phase : 'replicating';
  await home.execute(upsertMigration({ ...row, side, phase, epoch, execution }));
  await home.execute(mergeFacts(world.migrationId, { turned: true }));
}

/** The stream back must be whole before anything is changed: what it lost cannot be returned with. */
async function assertRoad(
  source: Server<'source'>,
  target: Server<'target'>,
  databases: readonly string[],
  migrationId: string,
): Promise<void> {
  const remedy = 'the applications cannot return with all that was written, stay on the target';
  for (const database of databases) {
    const name = streamName(migrationId, database);
    const slot = await findSlot(await target.home(), name);
    if (slot === null || slot.walStatus === 'lost') {
      throw new Blocked(`slot ${name} of the target is ${slot === null ? 'gone' : 'lost'}: ${remedy}`);
    }
    const [found] = await (await source.session(database)).query<SubscriptionRow>(findSubscription(name));
    if (found === undefined || !isOurSubscription(found, name)) {
      throw new Blocked(`subscription ${name} of the source is gone or not ours: ${remedy}`);
    }
    if (!found.enabled) {
      throw new Blocked(`subscription ${name} of the source is disabled, look at its error in the source's log`);
    }
  }
}

/** Both sides are what they were; the taps of a verification go, nobody reads them any more. */
async function undo(
  source: Server<'source'>,
  target: Server<'target'>,
  input: TurnRoundInput,
  world: World,
): Promise<Output<'turn-round'>> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  const row = await expectRow(home, world);
  const wayBack = readWayBack(row);
  if (wayBack === null) throw new Blocked('the ledger of the target knows no way back, nothing was turned round');
  if (isTurned(row)) assertUndoable(row, input);
  await dropSlots(target, tapPattern(world.migrationId));
  await home.transaction(() => turnBack(home, 'target', input, world));
  await sourceHome.transaction(() => turnBack(sourceHome, 'source', input, world));
  const { epoch } = await expectRow(home, world);
  await followEverywhere(target, wayBack.databases, await expectRow(home, world));
  await followEverywhere(source, wayBack.databases, await expectRow(sourceHome, world));
  world.log.fact('sides turned back', { epoch });
  return { epoch, phase: 'live', databases: wayBack.databases, until: wayBack.until };
}

function assertUndoable({ execution, phase, epoch }: LedgerRow, input: TurnRoundInput): void {
  if (execution !== input.execution) {
    throw new Blocked(`the way back belongs to execution ${execution} at epoch ${epoch}, this call came too late`);
  }
  if (AT_REST.includes(phase)) return;
  throw new NotReady(`the way back stands in phase ${phase} at epoch ${epoch}, it is given back before it is undone`);
}

/** The next epoch: whatever is still on its way for the one that ends changes nothing (I6). */
async function turnBack(home: Session, side: Side, input: TurnRoundInput, world: World): Promise<void> {
  await home.query(lockMigration(world.migrationId));
  const row = await expectRow(home, world);
  if (!isTurned(row)) return;
  if (side === 'target') assertUndoable(row, input);
  const epoch = (BigInt(row.epoch) + 1n).toString();
  await home.execute(upsertMigration({ ...row, side, phase: 'live', epoch, execution: input.execution }));
  await home.execute(mergeFacts(world.migrationId, { turned: false }));
}

async function followEverywhere(
  server: Server,
  databases: readonly string[],
  { migrationId, epoch, phase }: LedgerRow,
): Promise<void> {
  const home = await server.home();
  for (const database of databases) {
    await followHome(home, await server.session(database), { migrationId, epoch, phases: [phase] });
  }
}

async function expectRow(home: Session, { migrationId }: World): Promise<LedgerRow> {
  const row = await readLedger(home, migrationId);
  if (row !== null) return row;
  throw new Blocked(`the ${home.side} has no ledger of migration ${JSON.stringify(migrationId)}, nothing was changed`);
}
