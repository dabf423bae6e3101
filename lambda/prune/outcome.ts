/** What became of one database: its tables reclaimed, analyzed, counted again, and judged. */
import { NotReady } from '../errors';
import { readLedger } from '../platform/ledger';
import type { Session } from '../platform/postgres';
import { limitStatement } from '../platform/queue';
import { qualified } from '../platform/quote';
import type { World } from '../platform/world';
import { type Model, relation } from './model';
import { type CountedOrphans, type CountedTable, modelOf, type PruneFacts, readFacts } from './plan-facts';
import { removedByRelation, stageResults } from './queue';
import { readStructure } from './read-model';
import { analyze, indexSizes, vacuumAnalyze } from './sql/count';
import { countAllOrphans, countTables } from './survey';
import { keptBy, type StageResult } from './sweep';
import { differenceOf, newOrphans, type TableOutcome } from './verdict';

/** Everything that is kept of a database as evidence. */
export interface DatabaseOutcome {
  readonly name: string;
  readonly clock: string;
  readonly timeZone: string;
  readonly tables: readonly (TableOutcome & {
    readonly column: string;
    readonly olderThan: string;
    readonly boundary: string;
    readonly before: CountedTable;
    readonly after: CountedTable;
  })[];
  /** Rows that went, by table, children included. */
  readonly removed: readonly { readonly relation: string; readonly rows: number }[];
  readonly partitions: readonly string[];
  readonly orphans: { readonly before: readonly CountedOrphans[]; readonly after: readonly CountedOrphans[] };
  readonly reclaimed: readonly { readonly relation: string; readonly how: 'vacuumed' | 'left to autovacuum' }[];
  readonly indexes: readonly { readonly index: string; readonly bytes: string; readonly neededBytes: string }[];
  readonly problems: readonly string[];
}

/** Concludes the database of `session`; `lastMs` before the Lambda ends nothing is begun. */
export async function concludeTables(session: Session, world: World, lastMs: number): Promise<DatabaseOutcome> {
  const facts = readFacts(await readLedger(session, world.migrationId), world.epoch);
  if (facts === null) throw new Error(`the plan of database ${JSON.stringify(session.database)} is gone`);
  const model = modelOf(await readStructure(session, facts.entries), facts.entries);
  const sums = await session.query<{ relation: string; rows: string; old: string }>(removedByRelation);
  const results = await session.query<StageResult>(stageResults);
  const touched = leavesOf(
    model,
    sums.map((one) => one.relation),
  );
  const reclaimed = [];
  for (const leaf of touched) reclaimed.push(await reclaim(session, model, leaf, world.remainingMs() - 4 * lastMs));
  await session.query(limitStatement(Math.max(lastMs, world.remainingMs() - lastMs)));
  const counts = await countTables(session, model, false);
  const before = facts.before ?? { counts, orphans: [] };
  // Nothing was queued, so nothing can have been orphaned.
  const after = facts.before === null ? [] : await countAllOrphans(session, model);
  const tables = facts.entries.flatMap((entry, index) => {
    const [was, is] = [before.counts[index], counts[index]];
    if (was === undefined || is === undefined) return [];
    const removed = Number(sums.find((one) => one.relation === is.relation)?.old ?? 0);
    const { column, olderThan, boundary } = entry;
    const kept = keptBy(index, facts, results);
    return [
      { relation: is.relation, planned: was.old, removed, kept, column, olderThan, boundary, before: was, after: is },
    ];
  });
  return {
    name: session.database,
    clock: facts.clock,
    timeZone: facts.timeZone,
    tables,
    removed: sums.map(({ relation: name, rows }) => ({ relation: name, rows: Number(rows) })),
    partitions: results.flatMap(({ partitions }) => partitions),
    orphans: { before: before.orphans, after },
    reclaimed,
    indexes: touched.length === 0 ? [] : await session.query(indexSizes(touched)),
    problems: problemsOf(facts, tables, before.orphans, after),
  };
}

function problemsOf(
  facts: PruneFacts,
  tables: readonly TableOutcome[],
  before: readonly CountedOrphans[],
  after: readonly CountedOrphans[],
): string[] {
  return [...tables.flatMap((table) => differenceOf(table, facts.tolerance) ?? []), ...newOrphans(before, after)];
}

function leavesOf(model: Model, names: readonly string[]): string[] {
  const named = [...model.relations.values()].filter(({ schema, name }) => names.includes(qualified(schema, name)));
  return [...new Set(named.flatMap(({ leaves }) => leaves))];
}

/** VACUUM cannot be split: what takes longer than the time that is left is autovacuum's, and only analyzed here. */
async function reclaim(
  session: Session,
  model: Model,
  leaf: string,
  leftMs: number,
): Promise<DatabaseOutcome['reclaimed'][number]> {
  const { schema, name } = relation(model, leaf);
  const table = qualified(schema, name);
  try {
    if (leftMs > 0) {
      await session.query(limitStatement(leftMs));
      await session.execute(vacuumAnalyze(table));
      return { relation: table, how: 'vacuumed' };
    }
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
  }
  await session.query(limitStatement(60_000));
  await session.execute(analyze(table));
  return { relation: table, how: 'left to autovacuum' };
}
