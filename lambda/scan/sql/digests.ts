/**
 * Tables and their indexes in numbers that can be compared: rows, and for each key the exclusive or of its hashes, which no order
 * changes. Two rows that are equal cancel each other out, in the table as in the index; the number of rows tells of them.
 */
import type { Statement } from '../../platform/postgres';
import { ident, qualified } from '../../platform/quote';
import type { KeyColumn, ScannedIndex, ScannedRelation } from '../queue';
import { everyValue } from './values';

/** How a key of other types than those below becomes a number: by the types' own hash (14 and later), or by that of its text. */
export type KeyHash = 'record' | 'text';

/** Hash functions of the types that keys mostly have: a third of the time of the general way. */
const HASHES: Readonly<Record<string, (value: string, seed: string) => string>> = {
  int2: (value, seed) => `hashint2extended(${value}, ${seed})`,
  int4: (value, seed) => `hashint4extended(${value}, ${seed})`,
  int8: (value, seed) => `hashint8extended(${value}, ${seed})`,
  uuid: (value, seed) => `uuid_hash_extended(${value}, ${seed})`,
  text: (value, seed) => `hashtextextended(${value} collate "C", ${seed})`,
  varchar: (value, seed) => `hashtextextended(${value} collate "C", ${seed})`,
  timestamp: (value, seed) => `timestamp_hash_extended(${value}, ${seed})`,
};

/** Rows of a table and, for each index, the number of its key as `h0`, `h1` …: one reading of the table for all its indexes. */
export function tableDigest(relation: ScannedRelation, indexes: readonly ScannedIndex[], hash: KeyHash): Statement {
  return {
    text: `select count(*)::text as rows${numbersOf(indexes, hash)}
      from only ${qualified(relation.schema, relation.name)} t`,
  };
}

/** The same, while every value of every row is read. */
export function readTable(relation: ScannedRelation, indexes: readonly ScannedIndex[], hash: KeyHash): Statement {
  return {
    text: `select count(*)::text as rows, (${everyValue(relation.columns)})::text as read${numbersOf(indexes, hash)}
      from only ${qualified(relation.schema, relation.name)} t`,
  };
}

function numbersOf(indexes: readonly ScannedIndex[], hash: KeyHash): string {
  return indexes.map(({ key }, position) => `, ${numberOf(key, 't', hash)} as h${position}`).join('');
}

/**
 * Entries of indexes as `rows0`, `rows1` … and the numbers of their keys as `h0`, `h1` …: each in the order of its index, so that an
 * index that gives this order is read instead of the table.
 */
export function indexDigests(relation: ScannedRelation, indexes: readonly ScannedIndex[], hash: KeyHash): Statement {
  const parts = indexes.map(({ key }, position) => {
    const order = key.map(
      ({ name, descending, nullsFirst }) =>
        `t.${ident(name)} ${descending ? 'desc' : 'asc'} nulls ${nullsFirst ? 'first' : 'last'}`,
    );
    const names = key.map(({ name }) => `t.${ident(name)}`).join(', ');
    return `(select count(*)::text as rows${position}, ${numberOf(key, 's', hash)} as h${position}
      from (select ${names} from only ${qualified(relation.schema, relation.name)} t
        order by ${order.join(', ')} offset 0) s) i${position}`;
  });
  return { text: `select * from ${parts.join(', ')}` };
}

/** Each column's hash becomes the seed under which the next one's is hashed again; null counts as a value of its own. */
function numberOf(key: readonly KeyColumn[], from: string, hash: KeyHash): string {
  const [first = '0', ...more] = key.map(({ name, type }, position) => {
    const value = `${from}.${ident(name)}`;
    const own = HASHES[type ?? ''] ?? (hash === 'record' ? recordHash : textHash);
    return `coalesce(${own(value, '0')}, ${position})`;
  });
  const hashed = more.reduce((seed, column) => `hashint8extended(${column}, ${seed})`, first);
  return `coalesce(sum(${hashed}), 0)::text`;
}

function recordHash(value: string, seed: string): string {
  return `hash_record_extended(row(${value}), ${seed})`;
}

function textHash(value: string, seed: string): string {
  return `hashtextextended(row(${value})::text, ${seed})`;
}

/** The plan of a statement, as JSON in the column `QUERY PLAN`. */
export function explain(statement: Statement): Statement {
  return { text: `explain (format json) ${statement.text}`, values: statement.values };
}

/** Lets the planner use either nothing but indexes or nothing but the table, until the transaction ends. */
export function readBy(way: 'table' | 'index'): Statement {
  const index = way === 'index' ? 'on' : 'off';
  const table = way === 'index' ? 'off' : 'on';
  return {
    text: `select set_config(name, value, true) from (values ('enable_indexscan', '${index}'),
      ('enable_indexonlyscan', '${index}'), ('enable_bitmapscan', 'off'), ('enable_seqscan', '${table}'),
      ('enable_sort', '${table}'), ('enable_incremental_sort', '${table}'),
      ('max_parallel_workers_per_gather', '0')) as chosen(name, value)
      where exists (select from pg_settings s where s.name = chosen.name)`,
  };
}
