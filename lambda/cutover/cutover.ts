/**
 * The cutover, inside one warm invocation: a chain of states would cost seconds.
 *
 *   writers  ──────────┐                                    ┌────────────────────  writers
 *   source   ─ guard ──┤ fence │ barrier │ gate │           │ fenced for good
 *   target             │       │ marker, sequences, keys │ FLIP │ switch ─────────
 *   ledger    verified │ fencing, fenced                  │ flipped
 *                      └────────── the outage ─────────────┘
 *
 * The flip is the point of no return: every failure before it gives the source back, exactly; every failure after it
 * goes forward only. Which side of the flip it is, only the target's ledger says.
 */
import * as z from 'zod';
import type { CutoverFacts, OutagePrediction } from '../contract/cutover';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { assertCurrent, readLedger } from '../platform/ledger';
import { followHome, followSource } from '../platform/ledger-follow';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { parseLsn } from '../proof/lsn';
import { settleKeys } from '../proof/settle-keys';
import { withCanary } from './canary';
import { confirm, type Drained, drain, setSequences } from './drain';
import { predictOutage } from './dry-run';
import { closeSource, quietSource } from './fence';
import { flip } from './flip';
import type { ReadyToFlip } from './flip-facts';
import { afterTheFlip, answerOfFlip } from './forward';
import { assertNothingLate, assertSameDefinitions, passGate } from './gate';
import { giveBackAfter } from './give-back';
import { assertNoOtherDatabases, assertSwitch, checkBeforeFence, checkBeforeOpening } from './guardrails';
import { openLargeObjects, syncLargeObjects } from './large-objects';
import { assertTimeLeft, OutageClock } from './outage-clock';
import { type CutoverInput, closeTaps, nextEpoch, openDatabases, openStage, type Stage } from './stage';
import { prepareWayBack } from './way-back';

/** Input of `cutover`. */
export const cutoverInput = claimedCall.extend({
  ...bothSides,
  databases,
  approval: z
    .strictObject({ approvedBy: z.string().min(1).max(100), approvedAt: z.string().max(40) })
    .nullable()
    .optional(),
});

/** Few enough keys to be compared in some ten milliseconds. */
const ENOUGH_KEYS = 500;

/** Rounds until the rest is left to the fence: writers may always be faster than we. */
const ROUNDS = 6;

/** Opens both servers, cuts over, keeps the facts as evidence, and sends the canary: the outage is over by then. */
export async function cutover(input: Input<'cutover'>, world: World): Promise<Output<'cutover'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return withCanary(world, input, target, await cutoverOn(source, target, input, world));
}

/**
 * Stops the writes, proves that the target has them all, makes it live and points the record at it. Called again after its
 * flip it completes the way forward and answers alike. Throws `Blocked` or `NotReady` when nothing was changed,
 * `NotReady` while another call is in progress, `CutoverAborted` when the source was given back, `PastTheFlip` behind it.
 */
export async function cutoverOn(
  source: Server<'source'>,
  target: Server<'target'>,
  input: CutoverInput,
  world: World,
): Promise<CutoverFacts> {
  const stage = await openStage(source, target, input, world);
  const answer = () => answerOfFlip(stage, nextEpoch(input.epoch));
  const known = await answer();
  if (known !== null) return known;
  // A call that works is not ended as a predecessor: only what a dead one left behind is, once its lock is gone.
  return withAdvisoryLock(stage.sourceHome, `sealift/${world.migrationId}/cutover`, async () => {
    const meanwhile = await answer();
    if (meanwhile !== null) return meanwhile;
    await assertCurrent(stage.sourceHome, world.expect('verified'));
    await endPredecessors(stage.sourceHome, world.migrationId, world.step);
    await endPredecessors(stage.targetHome, world.migrationId, world.step);
    return prepareAndCutOver(stage).finally(() => closeTaps(stage));
  });
}

async function prepareAndCutOver(stage: Stage): Promise<CutoverFacts> {
  const { world, sourceHome, targetHome } = stage;
  const expected = world.expect('verified');
  await followSource(sourceHome, targetHome, expected);
  for (const name of stage.names) {
    await followHome(sourceHome, await stage.source.session(name), expected);
    await followHome(targetHome, await stage.target.session(name), expected);
  }
  await checkBeforeOpening(stage);
  await openDatabases(stage);
  await checkBeforeFence(stage);
  await prepareWayBack(stage);
  await openLargeObjects(stage);
  return outage(stage, await predictOutage(stage, () => shrinkPending(stage)));
}

async function outage(stage: Stage, prediction: OutagePrediction): Promise<CutoverFacts> {
  const budgetMs = stage.world.environment.policy.cutoverBudgetSeconds * 1000;
  assertTimeLeft(stage.world.remainingMs(), budgetMs);
  const clock = new OutageClock(budgetMs);
  try {
    const roles = await closeSource(stage);
    const proved = await clock.within(behindTheFence(stage, clock), 'proving the target');
    const ready = { ...proved, prediction };
    await flip(stage, clock, ready, roles);
    return await afterTheFlip(stage, clock, ready);
  } catch (error) {
    if (error instanceof Blocked && !(await fenceIsOurs(stage))) throw error;
    return giveBackAfter(stage, error);
  }
}

/** A fence that was refused has changed nothing: what stands there now belongs to another call. */
async function fenceIsOurs({ sourceHome, world, fencedEpoch }: Stage): Promise<boolean> {
  const row = await readLedger(sourceHome, world.migrationId);
  return row?.epoch === fencedEpoch;
}

/** Compares what changed since the verification again and again, until little is left for the outage. */
async function shrinkPending(stage: Stage): Promise<void> {
  await syncLargeObjects(stage, { atRest: false });
  await Promise.all(
    stage.databases.map(async (database, index) => {
      const settled = await settleKeys(database, database.pending, { enough: ENOUGH_KEYS, rounds: ROUNDS });
      const pending = settled.pending;
      // What differs without having changed is compared under the fence again, and stops the flip there.
      pending.addAll(settled.mismatched);
      stage.databases[index] = { ...database, pending };
    }),
  );
}

/** Fence, then all that needs no writes, side by side: barrier and comparison, sequences, definitions, the record, the slots. */
async function behindTheFence(stage: Stage, clock: OutageClock): Promise<Omit<ReadyToFlip, 'prediction'>> {
  await quietSource(stage, clock);
  const fence = clock.lap();
  const setting = heard(setSequences(stage));
  const looked = heard(Promise.all([assertSwitch(stage), assertSameDefinitions(stage), assertNoOtherDatabases(stage)]));
  const objects = heard(syncLargeObjects(stage, { atRest: true }));
  const drained = await drain(stage, clock);
  const barrier = clock.lap();
  // One session sets the sequences, then asks for the slots.
  const confirmed = heard(setting.then(() => confirm(stage, drained, clock)));
  const sequencesSet = await setting;
  const sequences = clock.lap();
  const keysCompared = await passGate(drained);
  await Promise.all([confirmed, looked, objects]);
  await assertNothingLate(stage, drained, clock);
  await concludeFollowers(stage);
  const gate = clock.lap();
  stage.world.log.fact('gate passed', { keysCompared, sequencesSet });
  return { fenceLsn: latestFence(drained), keysCompared, sequencesSet, parts: { fence, barrier, sequences, gate } };
}

/** The last before the flip: whoever applied as an ordinary session is ended, and what stood in its way is back. */
async function concludeFollowers({ databases, target, world }: Stage): Promise<void> {
  const expected = world.expect('verified');
  await Promise.all(databases.map(({ engine, name }) => engine.conclude(target, name, { world, expected })));
}

/** Work that is awaited later: without this the failure of another part would leave its own unheard. */
function heard<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Marks differ per database; the latest stands for all in the report. */
function latestFence(drained: readonly Drained[]): string {
  return drained.map(({ fenceLsn }) => fenceLsn).reduce((a, b) => (parseLsn(a) > parseLsn(b) ? a : b), '0/0');
}
