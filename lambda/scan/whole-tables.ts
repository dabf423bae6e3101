/**
 * Reads relations as a whole: their rows, and in the same snapshot their indexes, so that each page of a table is read once for
 * both. As soon as anything is not as it should be, each relation is looked at by itself, which finds out what.
 */
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { checkIndexes, type Finding, isComparable, notComparable, readsOnly } from './index-check';
import type { RowsResult, ScannedIndex, WholeTable } from './queue';
import { explain, indexDigests, readBy, readTable } from './sql/digests';
import type { AvailableChecks } from './structure';

/** A sound relation. */
export interface SoundTable {
  readonly rows: RowsResult;
  readonly indexes: Awaited<ReturnType<typeof checkIndexes>>;
}

interface TableRead {
  readonly table: WholeTable;
  readonly comparable: readonly ScannedIndex[];
  readonly sums: Readonly<Record<string, string>>;
  ms: number;
}

/**
 * Reads `tables` in one snapshot. Answers those that are sound by the oid of the relation; one that is missing is damaged, has an
 * index that differs or was not read alone, or could not be read for a reason that looking at it by itself tells. A connection that
 * ends is thrown.
 */
export async function readSoundTables(
  session: Session,
  tables: readonly WholeTable[],
  available: AvailableChecks,
): Promise<ReadonlyMap<string, SoundTable>> {
  const equal = await readEqualTables(session, tables);
  const sound = new Map<string, SoundTable>();
  for (const { table, sums, ms } of equal) {
    const { relation, indexes } = table;
    const known = notComparable(indexes);
    for (const { oid } of indexes.filter(isComparable)) known.set(oid, 'sound' satisfies Finding);
    sound.set(relation.oid, {
      rows: { rows: Number(sums.rows), badRows: [], badBlocks: [], cutShort: false, ms },
      indexes: await checkIndexes(session, relation, indexes, available, known),
    });
  }
  return sound;
}

/** None when any of them fails: its failure has ended the snapshot. */
async function readEqualTables(session: Session, tables: readonly WholeTable[]): Promise<TableRead[]> {
  const hash = session.major >= 14 ? 'record' : 'text';
  try {
    return await session.transaction(async () => {
      const read: TableRead[] = [];
      await session.query(readBy('table'));
      for (const table of tables) {
        const startedAt = Date.now();
        const comparable = table.indexes.filter(isComparable);
        const sums = await session.one<Record<string, string>>(readTable(table.relation, comparable, hash));
        read.push({ table, comparable, sums, ms: Date.now() - startedAt });
      }
      await session.query(readBy('index'));
      const equal: TableRead[] = [];
      for (const one of read) if (await indexesAgree(session, one, hash)) equal.push(one);
      return equal;
    }, 'isolation level repeatable read, read only');
  } catch (error) {
    if (sqlStateOf(error) === undefined || !(error instanceof Error) || error.name === 'NotReady') throw error;
    return [];
  }
}

async function indexesAgree(
  session: Session,
  { table, comparable, sums }: TableRead,
  hash: 'record' | 'text',
): Promise<boolean> {
  if (comparable.length === 0) return true;
  const statement = indexDigests(table.relation, comparable, hash);
  const [plan] = await session.query<{ 'QUERY PLAN': unknown }>(explain(statement));
  const names = comparable.map(({ name }) => name);
  if (!readsOnly(plan?.['QUERY PLAN'], names)) return false;
  const entries = await session.one<Record<string, string>>(statement);
  return comparable.every(
    (_, position) => entries[`rows${position}`] === sums.rows && entries[`h${position}`] === sums[`h${position}`],
  );
}
