/** Which tables are compared, and by which key their rows are found again. */

import type { Session, Statement } from '../platform/postgres';
import { ident, qualified } from '../platform/quote';

/** A column of a key. */
export interface KeyColumn {
  readonly name: string;
  /** `format_type`, for a cast. */
  readonly type: string;
}

/** A table whose rows are compared. */
export interface ComparedTable {
  readonly schema: string;
  readonly name: string;
  /** The primary key, else the replica identity index; empty: rows have no name and the table is compared as a whole. */
  readonly key: readonly KeyColumn[];
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
 * Every permanent table that holds rows: ordinary tables and leaf partitions, the ledger left out. A key is a primary key or
 * the replica identity index, which PostgreSQL keeps unique, immediate, complete and NOT NULL; `indnkeyatts` leaves out
 * INCLUDE columns. Unlogged and temporary tables are not replicated and not listed.
 */
const comparedTables: Statement = {
  text: `select n.nspname as schema, c.relname as name, pg_table_size(c.oid)::text as bytes,
      greatest(c.reltuples, 0)::bigint::text as rows, coalesce(k.key, '[]') as key
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join lateral (
      select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
          order by o.position) as key
      from pg_index i
      cross join lateral unnest(i.indkey::smallint[]) with ordinality as o(attnum, position)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = o.attnum
      where i.indexrelid = (
          select p.indexrelid from pg_index p
          where p.indrelid = c.oid and p.indisvalid and p.indimmediate
            and (p.indisprimary or (p.indisreplident and c.relreplident = 'i'))
          order by p.indisprimary desc limit 1)
        and o.position <= i.indnkeyatts) k on true
    where c.relkind = 'r' and c.relpersistence = 'p'
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
    order by pg_table_size(c.oid) desc, n.nspname, c.relname`,
};

/** Lists the tables to compare, largest first. */
export async function listTables(session: Session): Promise<ComparedTable[]> {
  const rows = await session.query<{ schema: string; name: string; bytes: string; rows: string; key: KeyColumn[] }>(
    comparedTables,
  );
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    key: row.key,
    bytes: Number(row.bytes),
    estimatedRows: Number(row.rows),
  }));
}
