/** The gate: every key that changed since it was compared is compared now, with both sides at rest, and nothing came late. */
import { CutoverAborted } from '../errors';
import { catalogDigest } from '../proof/catalog-digest';
import { compareAgain } from '../proof/compare';
import type { Drained } from './drain';
import { endOthers } from './fence';
import { assertNothingPrepared } from './guardrails';
import type { OutageClock } from './outage-clock';
import * as sql from './sql';
import type { Stage } from './stage';

/** Most relations that a message names. */
const NAMED = 5;

/** Compares what changed; returns the number of keys. Throws `CutoverAborted` naming the tables that differ. */
export async function passGate(drained: readonly Drained[]): Promise<number> {
  const counts = await Promise.all(
    drained.map(async ({ database, fenceLsn }) => {
      await database.tap.reached(fenceLsn);
      database.pending.addAll(database.tap.take());
      const different = await compareAgain(database.pair, database.tables, database.pending);
      if (different.size === 0) return database.pending.size;
      const relations = [...different.wholeRelations(), ...different.entries().map(({ relation }) => relation)];
      throw new CutoverAborted(
        `${different.size} rows or tables differ in database ${JSON.stringify(database.name)}: ` +
          `${relations.slice(0, NAMED).join(', ')}, verify again and look at the evidence`,
      );
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Throws `CutoverAborted` when something was defined, altered or dropped on the source after the catalogues were compared: no
 * stream carries it, nor the rows of a table that is not published (facts B1, B5).
 */
export async function assertSameDefinitions({ databases }: Stage): Promise<void> {
  await Promise.all(
    databases.map(async ({ name, pair, catalog }) => {
      if ((await catalogDigest(pair.source)) === catalog) return;
      throw new CutoverAborted(
        `the catalogue of database ${JSON.stringify(name)} was changed on the source after it was compared with the target's, ` +
          'verify again and let nobody change definitions or roles meanwhile',
      );
    }),
  );
}

/**
 * Throws `CutoverAborted` when anything was committed behind the fence. A session that slipped in meanwhile is ended first: what
 * it committed lies before the position that the taps are then read up to.
 */
export async function assertNothingLate(stage: Stage, drained: readonly Drained[], clock: OutageClock): Promise<void> {
  await endOthers(stage, clock, 1);
  await assertNothingPrepared(stage);
  const { lsn } = await stage.sourceHome.one<{ lsn: string }>(sql.flushLsn);
  await Promise.all(drained.map((one) => assertNoneAfterFence(one, lsn)));
}

/** Also what was committed before the comparison and is equal: the sequences were read before it. */
async function assertNoneAfterFence({ database, fenceLsn }: Drained, lsn: string): Promise<void> {
  await database.tap.reached(lsn);
  if (!database.tap.changedSince(fenceLsn)) return;
  throw new CutoverAborted(
    `rows were committed in database ${JSON.stringify(database.name)} of the source behind the fence, find the writer that ` +
      'the fence does not reach (jobs, foreign servers, superusers)',
  );
}
