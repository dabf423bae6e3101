/** What there is to scan in the current database. */
import type { Statement } from '../../platform/postgres';
import { HOW_TO_READ } from './values';

/**
 * Everything permanent that holds rows of the customer: tables, leaf partitions, materialized views that are filled. The ledger and
 * members of extensions are left out: RDS owns the latter. Sizes come from the files, because statistics may be missing.
 */
const RELATIONS = `pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.relispopulated
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'rds_tools')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;

/** Relations to scan, largest first. JSON hides what a version lacks: virtual columns (18) hold nothing. */
export const relationsToScan: Statement = {
  text: `select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
      nullif(c.reltoastrelid, 0)::text as "toastOid",
      (pg_relation_size(c.oid) / current_setting('block_size')::int)::int as blocks,
      pg_table_size(c.oid)::text as bytes,
      coalesce((select jsonb_agg(jsonb_build_object('name', a.attname, 'number', a.attnum, 'how', ${HOW_TO_READ})
          order by a.attnum)
        from pg_attribute a join pg_type y on y.oid = a.atttypid where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and coalesce(to_jsonb(a)->>'attgenerated', '') <> 'v'), '[]') as columns,
      coalesce((select jsonb_agg(jsonb_build_object('name', x.relname, 'method', m.amname) order by x.relname)
        from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
        where i.indrelid = c.oid and m.amname <> 'btree'), '[]') as "otherIndexes"
    from ${RELATIONS}
    order by pg_table_size(c.oid) desc, n.nspname, c.relname`,
};

/**
 * B-trees of relations that a query could use, with the oid of each one's table. One over expressions or with a predicate is not compared with its table: what it
 * ought to list is for amcheck to say. `indoption` holds bit 1 for descending, bit 2 for nulls first.
 */
export function indexesOf(oids: readonly string[]): Statement {
  return {
    text: `select i.indrelid::text as "tableOid", i.indexrelid::text as oid, n.nspname as schema, c.relname as name,
        case when i.indexprs is not null then 'it is over an expression'
          when i.indpred is not null then 'it is partial' end as obstacle,
        coalesce((select jsonb_agg(jsonb_build_object('name', a.attname,
            'type', case y.typnamespace when 'pg_catalog'::regnamespace then y.typname end,
            'descending', i.indoption[o.position - 1]::int & 1 = 1,
            'nullsFirst', i.indoption[o.position - 1]::int & 2 = 2) order by o.position)
          from unnest(i.indkey::smallint[]) with ordinality as o(attnum, position)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = o.attnum
          join pg_type y on y.oid = a.atttypid
          where o.position <= i.indnkeyatts), '[]') as key
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_am m on m.oid = c.relam
      where i.indrelid = any ($1::oid[]) and m.amname = 'btree' and i.indisvalid and i.indisready
      order by c.relname`,
    values: [oids],
  };
}

/** Owners of what is scanned that the current user cannot act for, and of schemas that it may not enter. */
export const ownersToJoin: Statement = {
  text: `select distinct pg_get_userbyid(c.relowner) as owner from ${RELATIONS}
      and not pg_has_role(current_user, c.relowner, 'usage')
    union
    select case o.rolname when 'pg_database_owner' then pg_get_userbyid(d.datdba) else o.rolname end
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_roles o on o.oid = n.nspowner join pg_database d on d.datname = current_database()
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'rds_tools')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      and not has_schema_privilege(n.oid, 'usage') and not has_schema_privilege(c.relowner, n.oid, 'usage')
    order by 1`,
};

/** Schemas of the extensions' functions that the current user may run here; null where it may not. */
export const availableChecks: Statement = {
  text: `select max(n.nspname) filter (where p.proname = 'verify_heapam') as heap,
      max(n.nspname) filter (where p.proname = 'bt_index_check' and p.pronargs >= 2) as btree,
      max(n.nspname) filter (where p.proname = 'pg_visibility' and p.pronargs = 1) as visibility
    from pg_extension e
    join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
      and d.classid = 'pg_proc'::regclass
    join pg_proc p on p.oid = d.objid
    join pg_namespace n on n.oid = p.pronamespace
    where e.extname in ('amcheck', 'pg_visibility') and has_function_privilege(p.oid, 'execute')
      and has_schema_privilege(n.oid, 'usage')`,
};

/** Pages that failed their checksum since the statistics were reset, and whether the server has checksums at all. */
export const checksumFailures: Statement = {
  text: `select current_setting('data_checksums') = 'on' as enabled, coalesce(checksum_failures, 0)::text as failures,
      checksum_last_failure as "lastFailure"
    from pg_stat_database where datname = current_database()`,
};

/** Lost pages of a relation that the quarantine knows. */
export function recordedPages(relation: string): Statement {
  return { text: `select place from sealift.quarantine where kind = 'page' and relation = $1`, values: [relation] };
}
