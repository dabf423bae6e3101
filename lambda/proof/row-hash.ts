/**
 * The hash of a row and of a set of rows. A row is its text under pinned settings; a set is its count and the sum of 64-bit
 * hashes, which no order changes (facts K7). `hashtextextended` exists from 11 on and gives equal values on all majors since and on
 * architectures of one byte order: partitions by hash rest on it. Floats are written alike from 12 on. Two sets of rows that
 * differ collide with probability 2^-64 or less: the sum is no defence against somebody who chooses rows, and need not be.
 */

import type { Session, Statement } from '../platform/postgres';
import { ident } from '../platform/quote';
import { type ComparedTable, type KeyColumn, keyList, relationOf } from './tables';

/** Settings that the text of a row depends on; without them equal rows differ (fault 64). */
export const ROW_TEXT_SETTINGS = {
  datestyle: 'ISO, YMD',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  // Row security must not hide rows: an error is better than a filter.
  row_security: 'off',
  // Names of objects in `reg*` values come and go with their schema.
  search_path: 'pg_catalog',
  // The two servers must not choose plans of a different kind for want of statistics; parallel scans pay for large chunks.
  jit: 'off',
} as const;

/** Pins a session for hashing. */
export async function pinSettings(session: Session): Promise<void> {
  const names = Object.keys(ROW_TEXT_SETTINGS);
  const values = Object.values(ROW_TEXT_SETTINGS);
  await session.query({
    text: `select set_config(name, value, false) from unnest($1::text[], $2::text[]) as pinned(name, value)`,
    values: [names, values],
  });
}

/** Count and hash of a set of rows, both decimal. */
export interface Digest {
  readonly rows: string;
  readonly hash: string;
}

/** True when the two sets of rows are equal. */
export function sameDigest(left: Digest, right: Digest): boolean {
  return left.rows === right.rows && left.hash === right.hash;
}

/** A range of keys: from `from` (inclusive) to `to` (exclusive); null is open. */
export interface KeyRange {
  readonly from: readonly string[] | null;
  readonly to: readonly string[] | null;
}

/** The whole table. */
export const WHOLE: KeyRange = { from: null, to: null };

/** `(row).*` as text is taken of the whole row, so that a column cannot be mistaken for the table. */
const ROW_HASH = 'hashtextextended((compared.*)::text, 0)';

/** Count and hash of the rows of `table` whose key lies in `range`. */
export function digestOf(table: ComparedTable, range: KeyRange): Statement {
  const where = rangeCondition(table, range);
  return {
    text: `select count(*)::text as rows, coalesce(sum(${ROW_HASH}), 0)::text as hash
      from only ${relationOf(table)} as compared${where.text}`,
    values: where.values,
  };
}

/** A row as the statements below return it: the texts of its key columns, and its hash. */
export interface HashedRow {
  readonly key: readonly string[];
  readonly hash: string;
}

/** Key and hash of each row of `table` whose key lies in `range`. */
export function rowsOf(table: ComparedTable, range: KeyRange): Statement {
  const where = rangeCondition(table, range);
  return {
    text: `select ${keyTexts(table)} as key, ${ROW_HASH}::text as hash
      from only ${relationOf(table)} as compared${where.text}`,
    values: where.values,
  };
}

/** Keys of one table to look up. */
export interface WantedKeys {
  readonly table: ComparedTable;
  readonly keys: readonly (readonly string[])[];
}

/** Key and hash of the rows that have one of the keys, of many tables in one round trip; `part` is the index in `wanted`. */
export function rowsByKeys(wanted: readonly WantedKeys[]): Statement {
  const values: unknown[] = [];
  const parts = wanted.map(({ table, keys }, part) => {
    const arrays = table.key.map((_, index) => `$${values.push(keys.map((key) => key[index]))}::text[]`);
    return `select ${part} as part, ${keyTexts(table)} as key, ${ROW_HASH}::text as hash from ${byKeys(table, arrays)}`;
  });
  return { text: parts.join(' union all '), values };
}

/** Types of which an array of texts becomes an array by one cast, and that most keys have. */
const PLAIN_TYPE = /^(smallint|integer|bigint|uuid|text|date|character varying(\(\d+\))?)$/;

/** The rows whose key stands in `arrays`, one array per column; a key of one plain column is planned in less than half the time. */
function byKeys(table: ComparedTable, arrays: readonly string[]): string {
  const [first] = table.key;
  if (table.key.length === 1 && first !== undefined && PLAIN_TYPE.test(first.type)) {
    return `only ${relationOf(table)} as compared
      where compared.${ident(first.name)} ${operator('=', first)} any (${arrays[0]}::${first.type}[])`;
  }
  const columns = table.key.map((_, index) => `w${index}`);
  const join = table.key.map(
    (column, index) => `compared.${ident(column.name)} ${operator('=', column)} w.w${index}::${column.type}`,
  );
  return `unnest(${arrays.join(', ')}) as w(${columns.join(', ')})
      join only ${relationOf(table)} as compared on ${join.join(' and ')}`;
}

/** Keys that cut the table into about `parts` equal parts, in order, estimated from a sample of its pages. */
export function sampledBounds(table: ComparedTable, parts: number, samplePercent: number): Statement {
  const keys = keyList(table, 'sampled');
  return {
    text: `select ${table.key.map((column, index) => `${textOf('picked', column)} as k${index}`).join(', ')}
      from (
        select ${keys}, row_number() over (order by ${keys}) as position, count(*) over () as total
        from only ${relationOf(table)} as sampled tablesample system ($1::real) repeatable (1)
      ) as picked
      where picked.position % greatest(picked.total / $2::bigint, 1) = 0 and picked.position < picked.total
      order by ${keyList(table, 'picked')}`,
    values: [samplePercent, parts],
  };
}

/** `format('%s')` runs the type's output function; a cast to text does not for boolean and char(n). */
function textOf(alias: string, column: KeyColumn): string {
  return `format('%s', ${alias}.${ident(column.name)})`;
}

/** The search path is pinned, so that an operator of an extension's type is found by its schema only. */
function operator(symbol: string, column: KeyColumn): string {
  return `operator(${ident(column.operators)}.${symbol})`;
}

/** True when one operator compares keys as a whole; else the table cannot be cut into ranges of keys. */
export function hasOrderedKey(table: ComparedTable): boolean {
  return new Set(table.key.map(({ operators }) => operators)).size === 1;
}

function keyTexts(table: ComparedTable): string {
  return `array[${table.key.map((column) => textOf('compared', column)).join(', ')}]::text[]`;
}

function rangeCondition(table: ComparedTable, range: KeyRange): { text: string; values: string[] } {
  const values: string[] = [];
  const bound = (key: readonly string[]): string =>
    table.key
      .map((column, index) => {
        values.push(key[index] ?? '');
        return `$${values.length}::text::${column.type}`;
      })
      .join(', ');
  const condition = (symbol: string, key: readonly string[] | null): string[] => {
    const [first] = table.key;
    if (key === null || first === undefined) return [];
    return [`(${keyList(table, 'compared')}) ${operator(symbol, first)} (${bound(key)})`];
  };
  const conditions = [...condition('>=', range.from), ...condition('<', range.to)];
  return { text: conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`, values };
}
