/** Compares rows of the source with rows of the target: by ranges of keys, and again by key. */
import type { Session } from '../platform/postgres';
import { ChangedKeys, type KeyText } from './changed-keys';
import { type Digest, digestOf, type KeyRange, rowsByKey, rowsOf, sameDigest, WHOLE } from './row-hash';
import { type ComparedTable, relationOf } from './tables';

/** One session on each side, both pinned. */
export interface Pair {
  readonly source: Session<'source'>;
  readonly target: Session<'target'>;
}

/** Keys looked up in one statement. */
const KEYS_PER_STATEMENT = 5_000;

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
  for (const key of differingKeys(table, left, right)) different.add(relationOf(table), key);
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
  for (const { relation, keys } of changed.entries()) {
    const table = tables.get(relation);
    if (table === undefined) {
      different.addWhole(relation);
      continue;
    }
    for (let at = 0; at < keys.length; at += KEYS_PER_STATEMENT) {
      for (const key of await differingOf(pair, table, keys.slice(at, at + KEYS_PER_STATEMENT)))
        different.add(relation, key);
    }
  }
  return different;
}

/** A row as the statements return it: key columns `k0`, `k1`, … and `hash`. */
type HashedRow = Readonly<Record<string, string>>;

async function wholeIsEqual(pair: Pair, table: ComparedTable): Promise<boolean> {
  const [source, target] = await Promise.all([
    pair.source.one<Digest>(digestOf(table, WHOLE)),
    pair.target.one<Digest>(digestOf(table, WHOLE)),
  ]);
  return sameDigest(source, target);
}

async function differingOf(pair: Pair, table: ComparedTable, keys: readonly KeyText[]): Promise<KeyText[]> {
  const wanted = rowsByKey(
    table,
    keys.map((key) => JSON.parse(key) as string[]),
  );
  const [source, target] = await Promise.all([
    pair.source.query<HashedRow>(wanted),
    pair.target.query<HashedRow>(wanted),
  ]);
  return differingKeys(table, source, target);
}

/** Keys whose row differs or exists on one side only. */
export function differingKeys(
  table: ComparedTable,
  source: readonly HashedRow[],
  target: readonly HashedRow[],
): KeyText[] {
  const hashes = new Map(source.map((row) => [keyText(table, row), row.hash]));
  const different: KeyText[] = [];
  for (const row of target) {
    const key = keyText(table, row);
    if (hashes.get(key) !== row.hash) different.push(key);
    hashes.delete(key);
  }
  return [...different, ...hashes.keys()];
}

function keyText(table: ComparedTable, row: HashedRow): KeyText {
  return JSON.stringify(table.key.map((_, index) => row[`k${index}`] ?? ''));
}
