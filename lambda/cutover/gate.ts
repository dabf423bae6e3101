/** The gate: every key that changed since it was compared is compared now, with both sides at rest, and nothing came late. */
import { CutoverAborted } from '../errors';
import { compareAgain } from '../proof/compare';
import type { Drained } from './drain';
import { assertQuiet } from './fence';
import { assertNothingPrepared } from './guardrails';
import * as sql from './sql';
import type { DatabaseStage, OutageClock, Stage } from './stage';

/** Most relations that a message names. */
const NAMED = 5;

/** Compares what changed; returns the number of keys. Throws `CutoverAborted` naming the tables that differ. */
export async function passGate(drained: readonly Drained[], clock: OutageClock): Promise<number> {
  const counts = await Promise.all(
    drained.map(async ({ database, fenceLsn }) => {
      await withinBudget(database.tap.reached(fenceLsn), clock, 'reading the changes before the fence');
      database.pending.addAll(database.tap.take());
      const different = await compareAgain(database.pair, database.tables, database.pending);
      if (different.size > 0) {
        const relations = [...different.wholeRelations(), ...different.entries().map(({ relation }) => relation)];
        throw new CutoverAborted(
          `${different.size} rows or tables differ in database ${JSON.stringify(database.name)}: ` +
            `${relations.slice(0, NAMED).join(', ')}, verify again and look at the evidence`,
        );
      }
      return database.pending.size;
    }),
  );
  clock.remainingMs('comparing what changed');
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Throws `CutoverAborted` when anything was committed behind the fence, or could be. */
export async function assertNothingLate(stage: Stage, clock: OutageClock): Promise<void> {
  await assertQuiet(stage);
  await assertNothingPrepared(stage);
  const { lsn } = await stage.sourceHome.one<{ lsn: string }>(sql.flushLsn);
  await Promise.all(stage.databases.map((database) => assertNoneAfterFence(database, lsn, clock)));
}

async function assertNoneAfterFence(database: DatabaseStage, lsn: string, clock: OutageClock): Promise<void> {
  await withinBudget(database.tap.reached(lsn), clock, 'looking for late commits');
  const late = database.tap.take();
  if (late.size === 0) return;
  throw new CutoverAborted(
    `${late.size} rows were committed in database ${JSON.stringify(database.name)} of the source behind the fence, ` +
      'find the writer that the fence does not reach (jobs, foreign servers, superusers)',
  );
}

async function withinBudget(work: Promise<void>, clock: OutageClock, doing: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((_, reject) => {
    timer = setTimeout(() => {
      try {
        clock.remainingMs(doing);
        reject(new CutoverAborted(`the budget was over while ${doing}`));
      } catch (error) {
        reject(error);
      }
    }, clock.remainingMs(doing));
  });
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
