/**
 * Runs everything that the outage will run but the fence, under live writes, and predicts from it how long the outage will take.
 * It changes nothing that writers see: a marker travels, sequences are only ever moved to where the source stands.
 */
import type { OutagePrediction } from '../contract/cutover';
import { Blocked, CutoverAborted, NotReady } from '../errors';
import { compareAgain } from '../proof/compare';
import { confirmSlots, type Drained, drain, setSequences } from './drain';
import { assertSameDefinitions } from './gate';
import { assertNoOtherDatabases, assertSwitch } from './guardrails';
import { syncLargeObjects } from './large-objects';
import { respectLongTransactions } from './long-transactions';
import { hasTimeLeft, OutageClock } from './outage-clock';
import { excessOf, type Outlook, predictionOf } from './prediction';
import * as sql from './sql';
import { fenceLoad, roundTrip } from './sql/outlook';
import type { Stage } from './stage';

/** A moment of lag passes; what lasts longer than these looks is a matter for a human. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 2_000;

/** The quickest of so many ways to the server counts. */
const ROUND_TRIPS = 5;

/**
 * Predicts the outage and keeps the prediction as evidence; `settle` compares what changed before each look. Throws `Blocked`
 * when the prediction exceeds the budget at every look, or when long transactions may not be ended; nothing was changed then.
 */
export async function predictOutage(stage: Stage, settle: () => Promise<void>): Promise<OutagePrediction> {
  const budgetMs = stage.world.environment.policy.cutoverBudgetSeconds * 1000;
  // Ends with a prediction that fits, at the last look, or when the function has no time for another.
  for (let look = 1; ; look += 1) {
    await respectLongTransactions(stage);
    await settle();
    const seen = await predictOnce(stage, budgetMs);
    if (typeof seen !== 'string') return seen;
    if (look >= LOOKS || !hasTimeLeft(stage.world.remainingMs(), budgetMs, 2 * budgetMs)) throw new Blocked(seen);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}

/** One prediction that fits the budget, or why an outage is not begun. */
async function predictOnce(stage: Stage, budgetMs: number): Promise<OutagePrediction | string> {
  const outlook = await dryRun(stage, budgetMs);
  if (typeof outlook === 'string') return outlook;
  const prediction = predictionOf(outlook);
  stage.world.log.fact('outage predicted', { ...prediction });
  await stage.world.keepEvidence('outage-prediction', { ...prediction, budgetMs });
  return excessOf(prediction, budgetMs) ?? prediction;
}

async function dryRun(stage: Stage, budgetMs: number): Promise<Outlook | string> {
  const [load, lagBytes, roundTripMs] = [await loadOf(stage), await worstLag(stage), await quickestTrip(stage)];
  const clock = new OutageClock(budgetMs);
  try {
    const measured = await clock.within(measure(stage, clock), 'running the outage dry');
    return { ...load, lagBytes, roundTripMs, ...measured };
  } catch (error) {
    // Nothing is fenced: what would abort an outage refuses it here.
    if (!(error instanceof CutoverAborted || error instanceof NotReady)) throw error;
    return `an outage would be aborted, as a dry run under live writes with the same budget shows: ${error.message}`;
  }
}

/** The same work in the same order as behind the fence, timed alike. */
async function measure(
  stage: Stage,
  clock: OutageClock,
): Promise<Omit<Outlook, 'sessions' | 'roles' | 'lagBytes' | 'roundTripMs'>> {
  clock.lap();
  const setting = setSequences(stage);
  const looked = Promise.all([assertSwitch(stage), assertSameDefinitions(stage), assertNoOtherDatabases(stage)]);
  const objects = syncLargeObjects(stage, { atRest: false });
  for (const work of [setting, looked, objects]) work.catch(() => undefined);
  const drained = await drain(stage, clock, 'dry');
  const barrierMs = clock.lap();
  const sequences = await setting;
  const sequencesMs = clock.lap();
  const [compared] = await Promise.all([compareDry(drained), confirmSlots(stage, drained, clock), looked, objects]);
  return { barrierMs, sequences, sequencesMs, ...compared, largeObjects: (await objects).objects, gateMs: clock.lap() };
}

/** What differs is not asked: writes still flow. Every key stays pending and is compared under the fence. */
async function compareDry(drained: readonly Drained[]): Promise<{ keys: number; tables: number }> {
  const counts = await Promise.all(
    drained.map(async ({ database: { tap, pending, pair, tables }, fenceLsn }) => {
      await tap.reached(fenceLsn);
      pending.addAll(tap.take());
      await compareAgain(pair, tables, pending);
      return { keys: pending.size, tables: pending.entries().length + pending.wholeRelations().length };
    }),
  );
  return {
    keys: counts.reduce((sum, { keys }) => sum + keys, 0),
    tables: counts.reduce((sum, { tables }) => sum + tables, 0),
  };
}

function loadOf({ sourceHome, world }: Stage): Promise<{ sessions: number; roles: number }> {
  return sourceHome.one<{ sessions: number; roles: number }>(fenceLoad(world.migrationId));
}

async function worstLag({ sourceHome, databases }: Stage): Promise<number> {
  const slots = await Promise.all(
    databases.map(({ slot }) => sourceHome.query<{ lagBytes: string }>(sql.slotHealth(slot))),
  );
  return Math.max(0, ...slots.flat().map(({ lagBytes }) => Number(lagBytes)));
}

async function quickestTrip({ sourceHome }: Stage): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY;
  for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
    const began = performance.now();
    await sourceHome.one(roundTrip);
    quickest = Math.min(quickest, performance.now() - began);
  }
  return quickest;
}
