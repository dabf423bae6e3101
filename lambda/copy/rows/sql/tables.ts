/** Catalogue queries of the plan: what there is to copy, and what there is to copy it into. */
import type { Statement } from '../../../platform/postgres';
import { qualified } from '../../../platform/quote';

/** A column as its rows travel. */
export interface ColumnRow {
  readonly name: string;
  /** Names the binary form of its values, where both servers surely mean the same by it; null: only the text will do. */
  readonly wire: string | null;
}

/** A relation that holds rows. */
export interface RelationRow {
  /** Decimal. */
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind`: r, m or f. */
  readonly kind: 'r' | 'm' | 'f';
  readonly unlogged: boolean;
  readonly ofExtension: boolean;
  /** Of the main fork, decimal; it changes when the table is rewritten. Null for a foreign table. */
  readonly filenode: string | null;
  readonly blocks: string;
  /** With TOAST, decimal. */
  readonly bytes: string;
  /** By the last ANALYZE, decimal. */
  readonly rows: string;
  /** Columns that can be written, in their order. */
  readonly columns: readonly ColumnRow[];
}

/**
 * A type of PostgreSQL's own (its oid is below 10000 in every version) has one binary form for all majors; `reg*` is left out
 * because it travels as an oid, which means another object elsewhere, `xml` because its text form drops the encoding that a
 * value declares, vectors of numbers because an empty one is not taken back, and what has no send function. A domain travels as what it is over, an enum as its label. Arrays of
 * anything else carry the oid of their element's type, composites that of every field.
 */
const WIRE = `case
    when x.typtype = 'e' then 'enum'
    when x.oid < 10000 and x.typtype in ('b', 'r', 'm') and x.typsend::oid <> 0
      and x.typname !~ '^_?(reg|xml$|aclitem$|pg_node_tree$|int2vector$|oidvector$)' then x.oid::text
  end`;

/**
 * Every relation of users that holds rows, temporary ones left out; partitioned tables hold none of their own. Generated
 * columns (from 12 on) are computed again where they arrive.
 */
export function relationsWithRows(major: number): Statement {
  return {
    text: `select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
        c.relpersistence = 'u' as unlogged,
        exists (select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as "ofExtension",
        nullif(pg_relation_filenode(c.oid), 0)::text as filenode,
        (pg_relation_size(c.oid) / current_setting('block_size')::bigint)::text as blocks,
        coalesce(pg_table_size(c.oid), 0)::text as bytes, greatest(c.reltuples, 0)::bigint::text as rows,
        coalesce(l.columns, '[]') as columns
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join lateral (
        select jsonb_agg(jsonb_build_object('name', a.attname, 'wire', ${WIRE}) order by a.attnum) as columns
        from pg_attribute a join pg_type t on t.oid = a.atttypid
        join pg_type x on x.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          ${major >= 12 ? "and a.attgenerated = ''" : ''}) l on true
      where c.relkind in ('r', 'm', 'f') and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pglogical')
        and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      order by pg_table_size(c.oid) desc nulls last, n.nspname, c.relname`,
  };
}

/** Tables that a publication carries, leaves under their own names; `columns` is null before 15, where a list is unknown. */
export function publishedTables(publication: string): Statement {
  return {
    text: `select schemaname as schema, tablename as name, to_jsonb(p) -> 'attnames' as columns
      from pg_publication_tables p where pubname = $1`,
    values: [publication],
  };
}

/** Those of the tables that hold a row, in the order given; nothing is locked for longer than the look. */
export function tablesWithARow(tables: readonly { readonly schema: string; readonly name: string }[]): Statement {
  const looks = tables.map(
    ({ schema, name }, index) => `select ${index} as index where exists (select from only ${qualified(schema, name)})`,
  );
  return { text: looks.join(' union all ') };
}

/** Encoding of the current database, such as `UTF8`. */
export const serverEncoding: Statement = { text: `select current_setting('server_encoding') as encoding` };

/** Tables of the current database with triggers that would fire on rows as they arrive, foreign keys among them. */
export const tablesWithTriggers: Statement = {
  text: `select distinct format('%I.%I', n.nspname, c.relname) as "table"
    from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where g.tgenabled <> 'D' and n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pglogical')
    order by 1 limit 10`,
};

/** Empties tables, without their heirs. */
export function truncateTables(tables: readonly { readonly schema: string; readonly name: string }[]): Statement {
  return { text: `truncate ${tables.map(({ schema, name }) => `only ${qualified(schema, name)}`).join(', ')}` };
}
