/** Statements that look for rows which a unique index refuses; none of them answers a value. */
import type { Statement } from '../../../platform/postgres';

/** The table's empty likeness, which ends with the transaction. */
export const LIKENESS = 'pg_temp.sealift_likeness';

/** Makes the likeness of `relation`, SQL. */
export function makeLikeness(relation: string): Statement {
  return { text: `create temporary table sealift_likeness (like ${relation}) on commit drop` };
}

/** How an index knows rows, as SQL. */
export interface UniqueKey {
  readonly keys: readonly string[];
  readonly predicate: string | null;
  /** Nulls are equal to each other (from 15 on). */
  readonly nullsEqual: boolean;
}

/** The one index of the likeness; a definition by column has neither operator class nor collation, which GROUP BY takes not. */
export const keyOfLikeness: Statement = {
  text: `select array(select pg_get_indexdef(i.indexrelid, k, false) from generate_series(1, i.indnkeyatts) as k order by k) as keys,
      pg_get_expr(i.indpred, i.indrelid) as predicate,
      coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as "nullsEqual"
    from pg_index i where i.indrelid = '${LIKENESS}'::regclass`,
};

/** Bounds the next statement. */
export function boundLook(ms: number): Statement {
  return { text: `set local statement_timeout = ${Math.trunc(ms)}` };
}

/** Where rows are doubled. */
export interface Doubles {
  /** Keys that more than one row has, decimal. */
  readonly keys: string;
  /** Rows with such a key, decimal. */
  readonly rows: string;
  /** Places of two rows with the same key. */
  readonly first: string | null;
  readonly other: string | null;
}

/** Counts the keys of `relation` that several rows have. Equality is that of the columns' own types and collations. */
export function countDoubles(relation: string, { keys, predicate, nullsEqual }: UniqueKey): Statement {
  const conditions = [
    ...(predicate === null ? [] : [`(${predicate})`]),
    ...(nullsEqual ? [] : keys.map((key) => `(${key}) is not null`)),
  ];
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  return {
    text: `with doubled as (
        select count(*) as rows, min(ctid) as first, max(ctid) as other from only ${relation} ${where}
        group by ${keys.map((key) => `(${key})`).join(', ')} having count(*) > 1)
      select count(*)::text as keys, coalesce(sum(rows), 0)::text as rows,
        (select first from doubled order by first limit 1)::text as first,
        (select other from doubled order by first limit 1)::text as other
      from doubled`,
  };
}
