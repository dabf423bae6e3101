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
import type { CutoverFacts, Input, Output } from '../contract';
import { PastTheFlip } from '../errors';
import { readLedger } from '../platform/ledger';
import { bothSides, claimedCall, databases } from '../platform/payload';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { settleKeys } from '../proof/settle-keys';
import { confirm, type Drained, drain, setSequences } from './drain';
import { closeSource, quietSource } from './fence';
import { aborted, flip, recordFlipOnSource, switchRecord } from './flip';
import { assertNothingLate, passGate } from './gate';
import { giveBackOn } from './give-back';
import { checkBeforeFence, checkBeforeOpening } from './guardrails';
import { OutageClock, openDatabases, openStage, type Stage } from './stage';

/** Input of `cutover`. */
export const cutoverInput = claimedCall.extend({ ...bothSides, databases });

/** Few enough keys to be compared in some ten milliseconds. */
const ENOUGH_KEYS = 500;

/** Rounds until the rest is left to the fence: writers may always be faster than we. */
const ROUNDS = 6;

/** What is known when the flip is due. */
interface ReadyToFlip {
  readonly fenceLsn: string;
  readonly keysCompared: number;
  readonly sequencesSet: number;
  readonly parts: { fence: number; barrier: number; sequences: number; gate: number };
}

/** Stops the writes, proves that the target has them all, makes it live and points the record at it. */
export async function cutover(input: Input<'cutover'>, world: World): Promise<Output<'cutover'>> {
  const stage = await openStage(input, world);
  await endPredecessors(stage.sourceHome, world.migrationId, world.step);
  await endPredecessors(stage.targetHome, world.migrationId, world.step);
  await checkBeforeOpening(stage, input.databases);
  await openDatabases(stage, input.databases);
  await checkBeforeFence(stage);
  await shrinkPending(stage);

  const clock = new OutageClock(world.environment.policy.cutoverBudgetSeconds * 1000);
  try {
    await closeSource(stage);
    const ready = await behindTheFence(stage, clock);
    await flip(stage, clock, { fenceLsn: ready.fenceLsn, execution: world.call.execution });
    return await afterTheFlip(stage, clock, ready);
  } catch (error) {
    if (error instanceof PastTheFlip) throw error;
    throw await giveBackAfter(stage, error);
  }
}

/** Compares what changed since the verification again and again, until little is left for the outage. */
async function shrinkPending(stage: Stage): Promise<void> {
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

/** Fence, barrier, sequences and gate. Sequences and gate run while the slots confirm: none waits for another. */
async function behindTheFence(stage: Stage, clock: OutageClock): Promise<ReadyToFlip> {
  await quietSource(stage, clock);
  const fence = clock.lap();
  const drained = await drain(stage, clock);
  const barrier = clock.lap();
  const confirmed = confirm(stage, drained, clock);
  // Awaited below; without this a failure of another part first would leave it unheard.
  confirmed.catch(() => undefined);
  const sequencesSet = await setSequences(stage);
  const sequences = clock.lap();
  const keysCompared = await passGate(drained, clock);
  await confirmed;
  await assertNothingLate(stage, clock);
  const gate = clock.lap();
  stage.world.log.fact('gate passed', { keysCompared, sequencesSet });
  return { fenceLsn: latestFence(drained), keysCompared, sequencesSet, parts: { fence, barrier, sequences, gate } };
}

async function afterTheFlip(stage: Stage, clock: OutageClock, ready: ReadyToFlip): Promise<CutoverFacts> {
  const { world, instances } = stage;
  const flippedAt = new Date().toISOString();
  try {
    await switchRecord(world, instances.source.host, instances.target.host);
    const outageMs = { total: clock.totalMs(), ...ready.parts, switch: clock.lap() };
    await recordFlipOnSource(stage.sourceHome, world, stage.fencedEpoch);
    const facts = { epoch: stage.fencedEpoch, fenceLsn: ready.fenceLsn, flippedAt, outageMs };
    const counts = { keysCompared: ready.keysCompared, sequencesSet: ready.sequencesSet };
    const report = await world.keepEvidence('cutover', { ...facts, ...counts });
    return { ...facts, ...counts, report };
  } catch (error) {
    if (error instanceof PastTheFlip) throw error;
    const reason = error instanceof Error ? error.message : 'an unknown failure';
    throw new PastTheFlip(`the target is live and the switch is not complete: ${reason}`, { cause: error });
  }
}

/** Gives the source back within this invocation; the state machine does the same for one that is killed. */
async function giveBackAfter(stage: Stage, error: unknown): Promise<Error> {
  const { world, sourceHome, targetHome, instances } = stage;
  try {
    const hosts = { sourceHost: instances.source.host, targetHost: instances.target.host };
    const outcome = await giveBackOn(world, { sourceHome, targetHome, ...hosts }, stage.epoch);
    if (outcome.outcome === 'finished') {
      return new PastTheFlip('the flip had happened although its answer was lost; the forward path was completed', {
        cause: error,
      });
    }
    return aborted(error);
  } catch (second) {
    const both = new AggregateError([error, second], 'the cutover failed, and so did giving the source back');
    const ledger = await readLedger(targetHome, world.migrationId).catch(() => null);
    if (ledger?.phase === 'flipped')
      return new PastTheFlip('the target is live, the forward path must be completed', { cause: both });
    return aborted(both);
  }
}

/** Marks differ per database; the latest stands for all in the report. */
function latestFence(drained: readonly Drained[]): string {
  const [first, ...rest] = drained.map(({ fenceLsn }) => fenceLsn);
  return rest.reduce(
    (latest, lsn) => (lsn.padStart(17, '0') > latest.padStart(17, '0') ? lsn : latest),
    first ?? '0/0',
  );
}
