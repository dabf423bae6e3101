/** Compares rows of the source with rows of the target: by ranges of keys, and again by key. */
import type { Session } from '../platform/postgres';
import { ChangedKeys, type KeyText } from './changed-keys';
import {
  type Digest,
  digestOf,
  type HashedRow,
  type KeyRange,
  rowsByKeys,
  rowsOf,
  sameDigest,
  type WantedKeys,
  WHOLE,
} from './row-hash';
import { type ComparedTable, relationOf } from './tables';

/** One session on each side, both pinned. */
export interface Pair {
  readonly source: Session<'source'>;
  readonly target: Session<'target'>;
}

/** Keys looked up in one statement. */
const KEYS_PER_STATEMENT = 5_000;

/** Tables looked into by one statement: a database of thousands is compared in tens of round trips. */
const TABLES_PER_STATEMENT = 64;

/** Rows of the source in the range, and the keys that differ; a table without key is named as a whole. */
export interface RangeResult {
  readonly rows: number;
  readonly different: ChangedKeys;
}

/** Compares the rows of `table` in `range` on both sides; only a range whose digests differ is read row by row. */
export async function compareRange(pair: Pair, table: ComparedTable, range: KeyRange): Promise<RangeResult> {
  const different = new ChangedKeys();
  const [source, target] = await Promise.all([
    pair.source.one<Digest>(digestOf(table, range)),
    pair.target.one<Digest>(digestOf(table, range)),
  ]);
  if (sameDigest(source, target)) return { rows: Number(source.rows), different };
  if (table.key.length === 0) {
    different.addWhole(relationOf(table));
    return { rows: Number(source.rows), different };
  }
  const [left, right] = await Promise.all([
    pair.source.query<HashedRow>(rowsOf(table, range)),
    pair.target.query<HashedRow>(rowsOf(table, range)),
  ]);
  for (const key of differingKeys(left, right)) different.add(relationOf(table), key);
  return { rows: left.length, different };
}

/** Looks at every key of `changed` again and returns those that still differ. */
export async function compareAgain(
  pair: Pair,
  tables: ReadonlyMap<string, ComparedTable>,
  changed: ChangedKeys,
): Promise<ChangedKeys> {
  const different = new ChangedKeys();
  for (const relation of changed.wholeRelations()) {
    const table = tables.get(relation);
    // Unknown to the list of tables: it cannot be shown equal, so it stays.
    if (table === undefined || !(await wholeIsEqual(pair, table))) different.addWhole(relation);
  }
  const wanted: WantedKeys[] = [];
  for (const { relation, keys } of changed.entries()) {
    const table = tables.get(relation);
    if (table === undefined) different.addWhole(relation);
    else wanted.push({ table, keys: keys.map((key) => JSON.parse(key) as string[]) });
  }
  for (const batch of batches(wanted)) different.addAll(await differingOf(pair, batch));
  return different;
}

async function wholeIsEqual(pair: Pair, table: ComparedTable): Promise<boolean> {
  const [source, target] = await Promise.all([
    pair.source.one<Digest>(digestOf(table, WHOLE)),
    pair.target.one<Digest>(digestOf(table, WHOLE)),
  ]);
  return sameDigest(source, target);
}

async function differingOf(pair: Pair, batch: readonly WantedKeys[]): Promise<ChangedKeys> {
  const statement = rowsByKeys(batch);
  const [source, target] = await Promise.all([
    pair.source.query<HashedRow & { part: number }>(statement),
    pair.target.query<HashedRow & { part: number }>(statement),
  ]);
  const different = new ChangedKeys();
  const [left, right] = [byPart(batch.length, source), byPart(batch.length, target)];
  batch.forEach(({ table }, part) => {
    for (const key of differingKeys(left[part] ?? [], right[part] ?? [])) different.add(relationOf(table), key);
  });
  return different;
}

function byPart(parts: number, rows: readonly (HashedRow & { part: number })[]): HashedRow[][] {
  const found: HashedRow[][] = Array.from({ length: parts }, () => []);
  for (const row of rows) found[row.part]?.push(row);
  return found;
}

/** Cuts what is wanted into statements of at most so many tables and keys; every key stands in exactly one. */
export function batches(wanted: readonly WantedKeys[]): WantedKeys[][] {
  const cut: WantedKeys[][] = [];
  let batch: WantedKeys[] = [];
  let keysInBatch = 0;
  for (const { table, keys } of wanted) {
    for (let at = 0; at < keys.length; at += KEYS_PER_STATEMENT) {
      const slice = keys.slice(at, at + KEYS_PER_STATEMENT);
      if (batch.length === TABLES_PER_STATEMENT || keysInBatch + slice.length > KEYS_PER_STATEMENT) {
        if (batch.length > 0) cut.push(batch);
        batch = [];
        keysInBatch = 0;
      }
      batch.push({ table, keys: slice });
      keysInBatch += slice.length;
    }
  }
  return batch.length === 0 ? cut : [...cut, batch];
}

/** Keys whose row differs or exists on one side only. */
export function differingKeys(source: readonly HashedRow[], target: readonly HashedRow[]): KeyText[] {
  const hashes = new Map(source.map((row) => [JSON.stringify(row.key), row.hash]));
  const different: KeyText[] = [];
  for (const row of target) {
    const key = JSON.stringify(row.key);
    if (hashes.get(key) !== row.hash) different.push(key);
    hashes.delete(key);
  }
  return [...different, ...hashes.keys()];
}
