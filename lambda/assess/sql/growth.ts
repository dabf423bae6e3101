/** What `assess` reads of sizes and limits in a database; estimates, so that no lock of anybody is waited for. */
import type { Statement } from '../../platform/postgres';
import { USER_SCHEMA } from './tables';

/** Pages as of the last VACUUM or ANALYZE; `pg_table_size` would wait for a lock against readers. */
const BYTES = `(greatest(c.relpages, 0)::bigint + coalesce(greatest(t.relpages, 0), 0)) * current_setting('block_size')::int`;

/**
 * `feeds`: which column a sequence fills, by ownership (serial, identity) or by a default; `numbers`: every sequence with its
 * last value. The value is null where a privilege is missing, because the function would fail, and before the first use. All
 * are materialized: joined by name, as `pg_sequences` would have it, 2,000 sequences took 15 s instead of 0.1 s.
 */
const SEQUENCES = `with feeds as materialized (
      select d.objid as seqid, d.refobjid as relid, d.refobjsubid as attnum from pg_depend d
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
        and d.refobjsubid > 0 and d.deptype in ('a', 'i')
      union
      select d.refobjid, a.adrelid, a.adnum from pg_attrdef a
      join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid and d.refclassid = 'pg_class'::regclass
      where d.deptype = 'n'),
    numbers as materialized (
      select q.*, n.nspname::text as schema, c.relname::text as name,
        case when has_sequence_privilege(c.oid, 'usage, select') then pg_sequence_last_value(c.oid) end as last_value
      from pg_sequence q
      join pg_class c on c.oid = q.seqrelid
      join pg_namespace n on n.oid = c.relnamespace
      where ${USER_SCHEMA}),
    keys as materialized (
      select f.seqid, f.relid, a.attname, a.atttypid,
        case a.atttypid when 'int2'::regtype then 32767 else 2147483647 end as most
      from feeds f
      join pg_attribute a on a.attrelid = f.relid and a.attnum = f.attnum
      where a.atttypid in ('int2'::regtype, 'int4'::regtype)
        and exists (select from pg_index i
          where i.indrelid = f.relid and i.indisprimary and a.attnum = any (i.indkey::smallint[])))`;

/** Primary key columns of type smallint or integer whose sequence has used more than `share` of the type's range. */
export function integerKeysNearEnd(share: number): Statement {
  return {
    text: `${SEQUENCES}
      select n.nspname::text as schema, c.relname::text as name, k.attname::text as column,
        format_type(k.atttypid, null) as type, s.schema as "sequenceSchema", s.name as sequence,
        round(100 * s.last_value::numeric / k.most)::int as percent
      from keys k
      join numbers s on s.seqrelid = k.seqid
      join pg_class c on c.oid = k.relid
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and ${USER_SCHEMA} and s.last_value > $1::numeric * k.most
      order by percent desc, 1, 2, 3 limit 1000`,
    values: [share],
  };
}

/** Sequences that do not cycle, feed no narrower key, and have used more than `share` of their own range, up or down. */
export function sequencesNearEnd(share: number): Statement {
  return {
    text: `${SEQUENCES}
      select s.schema, s.name, format_type(s.seqtypid, null) as type, round(100 * u.used)::int as percent,
        s.seqmax = 9223372036854775807 or s.seqincrement < 0 as widest
      from numbers s
      cross join lateral (select
        case when s.seqincrement > 0 then s.last_value::numeric - s.seqmin else s.seqmax::numeric - s.last_value end
          / greatest(s.seqmax::numeric - s.seqmin, 1) as used) u
      where not s.seqcycle and s.last_value is not null and u.used > $1::numeric
        and not exists (select from keys k where k.seqid = s.seqrelid)
      order by u.used desc, 1, 2 limit 1000`,
    values: [share],
  };
}

/** Number of sequences whose value the current user may not see; the function fails on other relations, hence the CASE. */
export const hiddenSequences: Statement = {
  text: `select count(*)::int as count from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${USER_SCHEMA}
      and case when c.relkind = 'S' then not has_sequence_privilege(c.oid, 'usage, select') else false end`,
};

/** The largest tables with their TOAST, as of the last VACUUM or ANALYZE. */
export function largestTables(limit: number): Statement {
  return {
    text: `select n.nspname::text as schema, c.relname::text as name, (${BYTES})::text as bytes,
        greatest(c.reltuples, 0)::bigint::text as rows
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_class t on t.oid = c.reltoastrelid
      where c.relkind in ('r', 'm') and ${USER_SCHEMA}
      order by ${BYTES} desc, 1, 2 limit $1`,
    values: [limit],
  };
}

/**
 * Tables that nothing identifies row by row, neither now nor after the migration has set replica identities, and that are
 * written to: the last comparison reads each of them whole, under the fence.
 */
export const busyKeylessTables: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name, (${BYTES})::text as bytes,
      (s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::text as writes
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_stat_user_tables s on s.relid = c.oid
    left join pg_class t on t.oid = c.reltoastrelid
    where c.relkind = 'r' and c.relpersistence = 'p' and ${USER_SCHEMA}
      and s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid and i.indimmediate
        and (i.indisprimary or (i.indisreplident and c.relreplident = 'i')))
      and (c.relreplident = 'f' or not exists (select from pg_index i
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null
          and i.indexprs is null and not exists (select from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any (i.indkey::smallint[])
              and (not a.attnotnull or a.attgenerated <> ''))))
    order by ${BYTES} desc, 1, 2 limit 1000`,
};
