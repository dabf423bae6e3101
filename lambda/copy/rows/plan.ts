/**
 * Plans the copy of a database: checks the set of tables, then queues every range of every table in the target's ledger of that
 * database. Planning again for the same snapshot changes nothing; for another one it starts over: rows that were copied under
 * the old snapshot are removed first.
 */
import { Blocked } from '../../errors';
import { assertCurrent, guarded } from '../../platform/ledger';
import { followHome, followSource } from '../../platform/ledger-follow';
import { mergeFacts } from '../../platform/ledger-sql';
import { streamName } from '../../platform/names';
import type { Server, Session } from '../../platform/postgres';
import { endPredecessors } from '../../platform/predecessors';
import { emptyQueue, enqueue } from '../../platform/queue';
import { qualified } from '../../platform/quote';
import { copiedSnapshotOf, sameSnapshot, snapshotFactsOf } from '../../platform/snapshot-facts';
import type { HeldSnapshot } from '../../platform/snapshot-holder';
import { COPY_ROWS, type CopyWorld, MAKE_SCHEMA } from './copy-world';
import { type CutOptions, cutTables } from './cut';
import type { SizedTable } from './divide';
import { isHeld } from './hold';
import { NOT_PLANNED, planFacts, planFactsOf, type RowsPlan } from './plan-facts';
import { COPY_QUEUE, tablesBegun } from './queue';
import { SnapshotGone } from './snapshot-import';
import * as sql from './sql/tables';
import { type PublishedTable, type TableSet, tableSet } from './table-set';

/** Tables looked at or emptied in one statement: each is a lock, of which a server has some thousands. */
const BATCH = 100;

/** Items queued in one statement. */
const ITEMS = 1_000;

/** How much there is to copy of a database. */
export type PlannedRows = Omit<RowsPlan, 'snapshot'>;

/** Plans the rows of a database. Throws `Blocked` naming what cannot be copied, `SnapshotGone` when the snapshot ended. */
export async function planRowsOn(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: CopyWorld,
  cut: CutOptions = {},
): Promise<PlannedRows> {
  const expected = world.expect('seeding');
  await followSource(await source.home(), await target.home(), expected);
  const [from, to] = await Promise.all([source.another(database), target.another(database)]);
  try {
    const ledger = await followHome(await target.home(), to, expected);
    const stored = (await assertCurrent(to, expected)).facts;
    const snapshot = snapshotFactsOf((await assertCurrent(from, expected)).facts);
    const known = planFactsOf(stored);
    if (snapshot !== null && known !== null && sameSnapshot(copiedSnapshotOf(stored), snapshot))
      return withoutSnapshot(known);
    if (snapshot === null || !(await isHeld(from, snapshot, world))) {
      throw new SnapshotGone(`no snapshot of database ${JSON.stringify(database)} is held`);
    }
    if (known !== null && sameSnapshot(known.snapshot, snapshot)) return withoutSnapshot(known);
    world.log.fact('rows planned anew', { database, epoch: ledger.epoch, before: known !== null });
    await startOver(to, world);
    return await planAnew(from, to, { snapshot, cut }, world);
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

function withoutSnapshot({ snapshot: _, ...planned }: RowsPlan): PlannedRows {
  return planned;
}

/**
 * Nothing counts as planned any more before the first row goes, so that a worker which is still at it cannot commit; then its
 * session ends, which frees its tables.
 */
async function startOver(target: Session<'target'>, world: CopyWorld): Promise<void> {
  const expected = world.expect('seeding');
  await guarded(target, expected, () => target.execute(mergeFacts(world.migrationId, NOT_PLANNED)));
  await endPredecessors(target, world.migrationId, COPY_ROWS);
  // A build that goes on by itself would keep its table from being emptied; what it made so far is undone with its mark.
  await endPredecessors(target, world.migrationId, MAKE_SCHEMA);
  const begun = await target.query<{ schema: string; name: string }>(tablesBegun);
  for (const batch of batchesOf(begun, BATCH)) {
    await guarded(target, expected, () => target.execute(sql.truncateTables(batch)));
  }
  await guarded(target, expected, () => target.execute(emptyQueue(COPY_QUEUE)));
  if (begun.length > 0) world.log.warning('copied rows removed', { tables: begun.length });
}

async function planAnew(
  source: Session<'source'>,
  target: Session<'target'>,
  { snapshot, cut }: { readonly snapshot: HeldSnapshot; readonly cut: CutOptions },
  world: CopyWorld,
): Promise<PlannedRows> {
  const set = await readTableSet(source, target, streamName(world.migrationId, source.database));
  const problems = [...set.problems, ...(await tablesInTheWay(target, set.copied))];
  if (problems.length > 0) {
    const more = problems.length > 10 ? ` and ${problems.length - 10} more` : '';
    throw new Blocked(
      `rows of database ${JSON.stringify(source.database)} cannot be copied: ${problems.slice(0, 10).join('; ')}${more}`,
    );
  }
  const items = await cutTables(source, set.copied, cut);
  const plan: RowsPlan = {
    snapshot,
    items: items.length,
    tables: set.copied.length,
    bytes: set.copied.reduce((sum, { bytes }) => sum + bytes, 0),
    leftOut: set.leftOut,
  };
  await guarded(target, world.expect('seeding'), async () => {
    await target.execute(emptyQueue(COPY_QUEUE));
    for (const batch of batchesOf(items, ITEMS)) await target.execute(enqueue(COPY_QUEUE, batch));
    await target.execute(mergeFacts(world.migrationId, planFacts(plan)));
  });
  const planned = withoutSnapshot(plan);
  world.log.fact('rows planned', { database: source.database, ...planned, leftOut: set.leftOut.length });
  return planned;
}

async function readTableSet(
  source: Session<'source'>,
  target: Session<'target'>,
  publication: string,
): Promise<TableSet> {
  const [relations, arrivals] = await Promise.all([
    source.query<sql.RelationRow>(sql.relationsWithRows(source.major)),
    target.query<sql.RelationRow>(sql.relationsWithRows(target.major)),
  ]);
  const published = await source.query<PublishedTable>(sql.publishedTables(publication));
  const [from, to] = await Promise.all([
    source.one<{ encoding: string }>(sql.serverEncoding),
    target.one<{ encoding: string }>(sql.serverEncoding),
  ]);
  return tableSet({ relations, published, encoding: from.encoding }, { relations: arrivals, encoding: to.encoding });
}

/** Rows that nobody copied would be doubled or mixed with ours. */
async function tablesInTheWay(target: Session<'target'>, tables: readonly SizedTable[]): Promise<string[]> {
  const full: string[] = [];
  for (const batch of batchesOf(
    tables.map(({ table }) => table),
    BATCH,
  )) {
    const found = await target.query<{ index: number }>(sql.tablesWithARow(batch));
    for (const { index } of found) {
      const table = batch[index];
      if (table !== undefined)
        full.push(`table ${qualified(table.schema, table.name)} of the target holds rows already`);
    }
  }
  return full;
}

function batchesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
