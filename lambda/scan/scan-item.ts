/** Does one item of the scan's queues; a relation that was dropped meanwhile holds nothing any more. */
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { checkIndexes } from './index-check';
import { type IndexesResult, type ScanItem, type ScannedIndex, STRUCTURE_QUEUE, type StructureResult } from './queue';
import { readRange } from './read';
import { structureOf } from './sql/results';
import { type AvailableChecks, checkStructure } from './structure';

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

/** Does `item`; damage is a result, every other failure is thrown. */
export async function scanItem(place: ItemPlace, item: ScanItem): Promise<ItemDone> {
  try {
    return await doItem(place, item);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === undefined || !GONE.includes(state)) throw error;
    return { rows: 0, result: { gone: true, ...NOTHING[item.kind] } };
  }
}

/** What is known of an item that is not read, because the server ended whenever it was. */
export function leftAlone({ kind }: ScanItem): ItemDone {
  return { rows: 0, result: { ...NOTHING[kind], notRead: true } };
}

const NOTHING = {
  structure: { faults: [], lostPages: [] },
  rows: { rows: 0, badRows: [], badBlocks: [], cutShort: false, ms: 0 },
  indexes: { checkedByAmcheck: 0, compared: 0, unchecked: [], badIndexes: [], ms: 0 },
} as const;

async function doItem({ ledger, reader, available }: ItemPlace, item: ScanItem): Promise<ItemDone> {
  switch (item.kind) {
    case 'structure':
      return { rows: 0, result: await checkStructure(reader, item, available) };
    case 'indexes': {
      // Comparing reads the table too.
      const unsafe = await unsafePlaces(ledger, item.relation.oid);
      if (unsafe === 'all' || unsafe.length > 0)
        return { rows: 0, result: uncheckedIndexes(item.indexes, 'its table is unsafe to read') };
      return { rows: 0, result: await checkIndexes(reader, item.relation, item.indexes, available) };
    }
    case 'rows': {
      const unsafe = await unsafePlaces(ledger, item.relation.oid);
      // A damaged TOAST table could crash the server with any value: its owner is told, nothing of it is read.
      if (unsafe === 'all') return { rows: 0, result: { ...NOTHING.rows, notRead: true } };
      const result = await readRange(reader, item.relation, item.range, unsafe);
      return { rows: result.rows, result };
    }
  }
}

function uncheckedIndexes(indexes: readonly ScannedIndex[], why: string): IndexesResult {
  return { ...NOTHING.indexes, unchecked: indexes.map(({ name }) => ({ name, why })) };
}

/** Places of a relation that amcheck warns of; `all` when its TOAST table is damaged, or a place is no single row. */
async function unsafePlaces(ledger: Session, oid: string): Promise<readonly string[] | 'all'> {
  const found = await ledger.query<{ checked: string; result: StructureResult }>(structureOf(STRUCTURE_QUEUE, oid));
  if (found.some(({ checked }) => checked !== oid)) return 'all';
  const faults = found.flatMap(({ result }) => result.faults);
  if (faults.some(({ offset }) => offset === null)) return 'all';
  return [...new Set(faults.map(({ block, offset }) => `(${block},${offset})`))];
}
