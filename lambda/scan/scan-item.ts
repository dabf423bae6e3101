/** Does one item of the scan's queues; a relation that was dropped meanwhile holds nothing any more. */
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { checkIndexes } from './index-check';
import {
  type IndexesResult,
  type RowsResult,
  type ScanItem,
  type ScannedIndex,
  STRUCTURE_QUEUE,
  type StructureResult,
  type TablesResult,
  type WholeTable,
} from './queue';
import { readRange } from './read';
import { structureOf } from './sql/results';
import { type AvailableChecks, checkStructure } from './structure';
import { readSoundTables } from './whole-tables';

/** Where an item is done: the claim and the results in one session, the reading in another. */
export interface ItemPlace {
  readonly ledger: Session;
  readonly reader: Session;
  readonly available: AvailableChecks;
}

/** What doing an item gave. */
export interface ItemDone {
  readonly rows: number;
  readonly result: object;
}

/** SQLSTATEs of a relation, column or schema that is not there. */
const GONE = ['42P01', '42703', '3F000'];

const NO_ROWS: RowsResult = { rows: 0, badRows: [], badBlocks: [], cutShort: false, ms: 0 };
const NO_INDEXES: IndexesResult = { checkedByAmcheck: 0, compared: 0, unchecked: [], badIndexes: [], ms: 0 };
const NO_FAULTS: StructureResult = { faults: [], lostPages: [] };

/** Places of relations that amcheck warns of, by oid; `all` when the TOAST table is damaged, or a place is no single row. */
type Unsafe = ReadonlyMap<string, readonly string[] | 'all'>;

/** Does `item`; damage is a result, every other failure is thrown. */
export async function scanItem(place: ItemPlace, item: ScanItem): Promise<ItemDone> {
  switch (item.kind) {
    case 'structure':
      return {
        rows: 0,
        result: await unlessGone(() => checkStructure(place.reader, item, place.available), NO_FAULTS),
      };
    case 'rows': {
      const result = await rowsOf(place, item, await unsafePlaces(place, [item.relation.oid]));
      return { rows: result.rows, result };
    }
    case 'indexes':
      return { rows: 0, result: await indexesOf(place, item, await unsafePlaces(place, [item.relation.oid])) };
    case 'tables': {
      const result = await tablesOf(place, item.tables);
      return { rows: result.tables.reduce((sum, { rows }) => sum + rows.rows, 0), result };
    }
  }
}

/** What is known of an item that is not read, because the server ended whenever it was. */
export function leftAlone(item: ScanItem): ItemDone {
  switch (item.kind) {
    case 'structure':
      return { rows: 0, result: NO_FAULTS };
    case 'rows':
      return { rows: 0, result: { ...NO_ROWS, notRead: true } };
    case 'indexes':
      return { rows: 0, result: uncheckedIndexes(item.indexes, 'the server ended whenever it was read') };
    case 'tables':
      return {
        rows: 0,
        result: {
          tables: item.tables.map(({ indexes }) => ({
            rows: { ...NO_ROWS, notRead: true },
            indexes: uncheckedIndexes(indexes, 'the server ended whenever its table was read'),
          })),
        },
      };
  }
}

/** The parts of an item that holds several relations: one of them has failed, and the others are innocent. */
export function partsOf(item: ScanItem): readonly ScanItem[] {
  if (item.kind !== 'tables' || item.tables.length < 2) return [];
  return item.tables.map((table) => ({ kind: 'tables', tables: [table] }));
}

/** The result of an item whose parts are done in its place. */
export const DIVIDED: TablesResult = { tables: [] };

async function tablesOf(place: ItemPlace, tables: readonly WholeTable[]): Promise<TablesResult> {
  const unsafe = await unsafePlaces(
    place,
    tables.map(({ relation }) => relation.oid),
  );
  const safe = tables.filter(({ relation }) => !unsafe.has(relation.oid));
  const sound = await readSoundTables(place.reader, safe, place.available);
  const found = [];
  for (const table of tables) {
    const known = sound.get(table.relation.oid);
    if (known !== undefined) {
      found.push(known);
      continue;
    }
    const range = { from: 0, to: table.relation.blocks };
    const rows = await rowsOf(place, { relation: table.relation, range }, unsafe);
    found.push({ rows, indexes: await indexesOf(place, table, unsafe) });
  }
  return { tables: found };
}

async function rowsOf(
  { reader }: ItemPlace,
  { relation, range }: Pick<Extract<ScanItem, { kind: 'rows' }>, 'relation' | 'range'>,
  unsafe: Unsafe,
): Promise<RowsResult> {
  const without = unsafe.get(relation.oid) ?? [];
  // A damaged TOAST table could crash the server with any value: its owner is told, nothing of it is read.
  if (without === 'all') return { ...NO_ROWS, notRead: true };
  if (range.to <= range.from) return NO_ROWS;
  return unlessGone(() => readRange(reader, relation, range, without), NO_ROWS);
}

async function indexesOf(
  { reader, available }: ItemPlace,
  { relation, indexes }: WholeTable,
  unsafe: Unsafe,
): Promise<IndexesResult> {
  // Comparing reads the table too.
  if (unsafe.has(relation.oid)) return uncheckedIndexes(indexes, 'its table is unsafe to read');
  return unlessGone(() => checkIndexes(reader, relation, indexes, available), NO_INDEXES);
}

async function unlessGone<T>(work: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === undefined || !GONE.includes(state)) throw error;
    return nothing;
  }
}

function uncheckedIndexes(indexes: readonly ScannedIndex[], why: string): IndexesResult {
  return { ...NO_INDEXES, unchecked: indexes.map(({ name }) => ({ name, why })) };
}

async function unsafePlaces({ ledger, available }: ItemPlace, oids: readonly string[]): Promise<Unsafe> {
  const unsafe = new Map<string, readonly string[] | 'all'>();
  if (available.heap === null) return unsafe;
  const found = await ledger.query<{ oid: string; checked: string; result: StructureResult }>(
    structureOf(STRUCTURE_QUEUE, oids),
  );
  for (const { oid, checked, result } of found) {
    const known = unsafe.get(oid) ?? [];
    const wholly = checked !== oid || result.faults.some(({ offset }) => offset === null);
    const places = result.faults.map(({ block, offset }) => `(${block},${offset})`);
    unsafe.set(oid, wholly || known === 'all' ? 'all' : [...new Set([...known, ...places])]);
  }
  return unsafe;
}
