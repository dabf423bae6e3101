/** Which tables are compared, and by which key their rows are found again. */

import type { Session, Statement } from '../platform/postgres';
import { ident, qualified } from '../platform/quote';

/** A column of a key. */
export interface KeyColumn {
  readonly name: string;
  /** `format_type`, for a cast. */
  readonly type: string;
  /** Schema of the operators that compare it: that of an extension for a type of its own (ltree, citext). */
  readonly operators: string;
}

/** A table whose rows are compared. */
export interface ComparedTable {
  readonly schema: string;
  readonly name: string;
  /** The replica identity index, else the primary key; empty: rows have no name and the table is compared as a whole. */
  readonly key: readonly KeyColumn[];
  /** A partitioned table: it holds no row of its own, but a stream names it when it is truncated. */
  readonly root: boolean;
  readonly bytes: number;
  readonly estimatedRows: number;
}

/** `"schema"."name"`: one unambiguous text for a table, in SQL and in the ledger. */
export function relationOf(table: { readonly schema: string; readonly name: string }): string {
  return qualified(table.schema, table.name);
}

/** The key columns as a SQL list, each prefixed by `alias`. */
export function keyList(table: ComparedTable, alias: string): string {
  return table.key.map((column) => `${alias}.${ident(column.name)}`).join(', ');
}

/**
 * Every permanent table: ordinary tables, leaf partitions and partitioned tables, the ledger left out. A key is the replica
 * identity index, whose columns alone a DELETE names in the stream, or a primary key; PostgreSQL keeps both unique,
 * immediate, complete and NOT NULL; `indnkeyatts` leaves out INCLUDE columns. Unlogged and temporary tables are not
 * replicated and not listed, nor are tables of extensions that no stream of ours carries (RDS owns them, or `prepare` left them).
 */
const comparedTables: Statement = {
  text: `select n.nspname as schema, c.relname as name, c.relkind = 'p' as root, pg_table_size(c.oid)::text as bytes,
      greatest(c.reltuples, 0)::bigint::text as rows, coalesce(k.key, '[]') as key
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join lateral (
      select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'operators', coalesce(e.schema, 'pg_catalog')) order by o.position) as key
      from pg_index i
      cross join lateral unnest(i.indkey::smallint[]) with ordinality as o(attnum, position)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = o.attnum
      left join lateral (
        select s.nspname as schema
        from pg_opclass y
        join pg_amop m on m.amopfamily = y.opcfamily and m.amopstrategy = 3
          and m.amoplefttype = y.opcintype and m.amoprighttype = y.opcintype
        join pg_operator p on p.oid = m.amopopr join pg_namespace s on s.oid = p.oprnamespace
        where y.oid = i.indclass[o.position - 1]) e on true
      where i.indexrelid = (
          select p.indexrelid from pg_index p
          where p.indrelid = c.oid and p.indisvalid and p.indimmediate
            and (p.indisprimary or (p.indisreplident and c.relreplident = 'i'))
          order by (p.indisreplident and c.relreplident = 'i') desc limit 1)
        and o.position <= i.indnkeyatts) k on true
    where c.relkind in ('r', 'p') and c.relpersistence = 'p'
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pglogical')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      and (not exists (select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        or exists (select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
          where r.prrelid = c.oid and starts_with(p.pubname, 'sealift_')))
    order by pg_table_size(c.oid) desc, n.nspname, c.relname`,
};

/** Lists the tables to compare, largest first. */
export async function listTables(session: Session): Promise<ComparedTable[]> {
  const rows = await session.query<Omit<ComparedTable, 'bytes'> & { bytes: string; rows: string }>(comparedTables);
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    key: row.key,
    root: row.root,
    bytes: Number(row.bytes),
    estimatedRows: Number(row.rows),
  }));
}
