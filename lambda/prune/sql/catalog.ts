/** What the catalogue says of tables, foreign keys and retention columns. */
import type { Statement } from '../../platform/postgres';

/**
 * Every permanent table with the oids of the tables that hold its rows; partitions stand for themselves too, because a
 * foreign key may be theirs alone. The ledger is left out. Triggers on DELETE have bit 3 of `tgtype`, rules `ev_type` 4.
 */
export const prunableRelations: Statement = {
  text: `select c.oid::text as oid, n.nspname as schema, c.relname as name, pg_get_userbyid(c.relowner) as owner,
      c.relkind = 'p' as partitioned,
      case when c.relkind = 'p' then
        coalesce((select array_agg(t.relid::oid::text) from pg_partition_tree(c.oid) t where t.isleaf), '{}')
      else array[c.oid::text] end as leaves,
      current_setting('track_counts')::boolean
        and not exists (select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgtype & 8 <> 0)
        and not exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type = '4') as obeys
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
    order by n.nspname, c.relname`,
};

/**
 * Every foreign key as it was declared: those that PostgreSQL cloned for partitions have a parent and are left out, the root
 * stands for them. The operator is the one that the constraint itself compares with (`conpfeqop`: referenced, referencing). A constraint that is not enforced has no triggers (18).
 */
export const foreignKeys: Statement = {
  text: `select f.conrelid::text as child, f.confrelid::text as parent, f.confdeltype = 'c' as takes,
      exists (select from pg_trigger g where g.tgconstraint = f.oid)
        and not exists (select from pg_trigger g where g.tgconstraint = f.oid and g.tgenabled not in ('O', 'A')) as declared,
      exists (select from pg_index i where i.indrelid = f.conrelid and i.indisvalid and i.indpred is null
        and f.conkey <@ (i.indkey::smallint[])[0:array_length(f.conkey, 1) - 1]) as indexed,
      (select array_agg(a.attname::text order by k.position) from unnest(f.conkey) with ordinality as k(attnum, position)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum) as columns,
      (select array_agg(a.attname::text order by k.position) from unnest(f.confkey) with ordinality as k(attnum, position)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.attnum) as references,
      (select array_agg(format('operator(%I.%s)', n.nspname, o.oprname) order by k.position)
        from unnest(f.conpfeqop) with ordinality as k(operator, position)
        join pg_operator o on o.oid = k.operator join pg_namespace n on n.oid = o.oprnamespace) as operators
    from pg_constraint f where f.contype = 'f' and f.conparentid = 0
    order by f.oid`,
};

/** Columns of a table with their types, the column of its primary key when that has one, and whether an index begins with them. */
export function columnsOf(oid: string): Statement {
  return {
    text: `select a.attname as name, t.typname as type,
        exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary and i.indnkeyatts = 1
          and i.indkey[0] = a.attnum) as key,
        exists (select from pg_index i where i.indrelid = a.attrelid and i.indisvalid and i.indpred is null
          and i.indkey[0] = a.attnum) as indexed
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped`,
    values: [oid],
  };
}

/** Owners of the schemas of tables that the current user could not use, not even by the owners of those tables. */
export function ownersOfClosedSchemas(oids: readonly string[]): Statement {
  return {
    text: `select distinct case o.rolname when 'pg_database_owner' then pg_get_userbyid(d.datdba) else o.rolname end as owner
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles o on o.oid = n.nspowner
        join pg_database d on d.datname = current_database()
      where c.oid = any($1::oid[]) and not has_schema_privilege(n.oid, 'usage')
        and not has_schema_privilege(c.relowner, n.oid, 'usage')
      order by 1`,
    values: [oids],
  };
}

/** Range partitions directly below a table that is partitioned by `column` alone, with their bounds as PostgreSQL prints them in UTC. */
export function rangePartitions(oid: string, column: string): Statement {
  return {
    text: `select c.oid::text as oid, pg_get_expr(c.relpartbound, c.oid) as bound
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
        join pg_partitioned_table p on p.partrelid = i.inhparent and p.partstrat = 'r' and p.partnatts = 1
        join pg_attribute a on a.attrelid = i.inhparent and a.attnum = p.partattrs[0] and a.attname = $2
      where i.inhparent = $1::oid and c.relkind = 'r'
      order by c.oid`,
    values: [oid, column],
  };
}
