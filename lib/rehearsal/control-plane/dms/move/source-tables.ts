import type { Client } from 'pg';
import { removes, selects, type TableMappings } from '../table-mappings';

/** A column as DMS sees it. */
export interface SourceColumn {
  readonly name: string;
  /** Name of its type, of the domain's base type for a domain, without a length; `char` is `character`. */
  readonly type: string;
  /** As `format_type` writes it. */
  readonly declared: string;
  readonly kind: 'plain' | 'boolean' | 'fixed-char' | 'lob' | 'timestamp' | 'unsupported';
}

/** A table of the source. */
export interface SourceTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly SourceColumn[];
  /** Names of the primary key's columns; empty without one. */
  readonly key: readonly string[];
  readonly estimatedRows: number;
}

/** Large objects in DMS's sense: types without a bound. */
const LOBS = ['text', 'bytea', 'json', 'jsonb', 'xml', 'hstore'];

/** Types that the type table of the user guide lists as not migrated. */
const NOT_CARRIED = ['inet', 'cidr', 'macaddr', 'macaddr8', 'tsvector', 'tsquery', 'geometry', 'geography', 'raster'];

interface Row {
  readonly schema: string;
  readonly table: string;
  readonly rows: string;
  readonly columns: string;
  readonly key: string;
}

/**
 * Tables that the rules select, without the columns that they remove, partitioned parents and their partitions alike: whoever selects both loads every row twice. Tables
 * that DMS made for itself are left out.
 */
export async function listSourceTables(client: Client, { selections, removed }: TableMappings): Promise<SourceTable[]> {
  const { rows } = await client.query<Row>(
    `select n.nspname as schema, c.relname as table, greatest(c.reltuples, 0)::bigint::text as rows,
            (select coalesce(json_agg(json_build_object('name', a.attname, 'type', coalesce(b.typname, t.typname),
                      'kind', coalesce(b.typtype, t.typtype), 'category', coalesce(b.typcategory, t.typcategory),
                      'bounded', a.atttypmod > 0 or coalesce(t.typtypmod, -1) > 0,
                      'declared', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
               from pg_catalog.pg_attribute a
               join pg_catalog.pg_type t on t.oid = a.atttypid
               left join pg_catalog.pg_type b on b.oid = t.typbasetype and t.typtype = 'd'
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text as columns,
            (select coalesce(json_agg(a.attname order by array_position(i.indkey::int2[], a.attnum)), '[]')
               from pg_catalog.pg_index i
               join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
              where i.indrelid = c.oid and i.indisprimary)::text as key
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and c.relpersistence = 'p'
        and n.nspname not in ('pg_catalog', 'information_schema') and c.relname not like 'awsdms\\_%'
      order by n.nspname, c.relname`,
  );
  return rows
    .filter(({ schema, table }) => selects(selections, schema, table))
    .map(({ schema, table, rows: estimate, columns, key }) => ({
      schema,
      table,
      estimatedRows: Number(estimate),
      columns: (JSON.parse(columns) as readonly CatalogColumn[])
        .filter(({ name }) => !removes(removed, schema, table, name))
        .map(columnOf),
      key: JSON.parse(key) as readonly string[],
    }));
}

interface CatalogColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: string;
  readonly category: string;
  readonly bounded: boolean;
  readonly declared: string;
}

function columnOf({ name, type, kind, category, bounded, declared }: CatalogColumn): SourceColumn {
  return { name, type, declared, kind: kindOf(type, kind, category, bounded) };
}

function kindOf(type: string, kind: string, category: string, bounded: boolean): SourceColumn['kind'] {
  // Enumerations, ranges and multiranges, composites; and what the type table names.
  if (['e', 'r', 'm', 'c'].includes(kind) || NOT_CARRIED.includes(type)) return 'unsupported';
  if (type === 'bool') return 'boolean';
  if (type === 'bpchar') return 'fixed-char';
  if (type === 'timestamp' || type === 'timestamptz') return 'timestamp';
  if (LOBS.includes(type) || category === 'A' || (type === 'varchar' && !bounded)) return 'lob';
  return 'plain';
}
