/** Statements of `prepare`. */
import type { Statement } from '../../platform/postgres';

/**
 * Every table whose changes can be published, with what decides its replica identity. Traps dodged: a deferrable or invalid
 * primary key is no identity; a candidate index must be unique, valid, immediate, complete, without expressions and over
 * NOT NULL columns that are not generated; FULL compares whole rows, so every type needs equality (json and point have
 * none). Tables of extensions count only when the master user may publish them as it is. `p` are partitioned roots: listed
 * beside their leaves, so that a partition made later stops apply aloud instead of being left out in silence (fault 39).
 */
export const publishableTables: Statement = {
  text: `select n.nspname as schema, c.relname as name, pg_get_userbyid(c.relowner) as owner, c.relkind = 'p' as root,
      c.relkind = 'p' or case c.relreplident
        when 'f' then true
        when 'n' then false
        when 'd' then exists (select from pg_index i
          where i.indrelid = c.oid and i.indisprimary and i.indisvalid and i.indimmediate)
        else exists (select from pg_index i
          where i.indrelid = c.oid and i.indisreplident and i.indisvalid and i.indimmediate)
        end as "canReplicate",
      c.relreplident as identity,
      exists (select from pg_index i
        where i.indrelid = c.oid and i.indisprimary and i.indisvalid and i.indimmediate) as "hasPrimaryKey",
      (select x.relname from pg_index i join pg_class x on x.oid = i.indexrelid
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
          and i.indpred is null and i.indexprs is null
          and not exists (select from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any (i.indkey::smallint[])
              and (not a.attnotnull or a.attgenerated <> ''))
        order by i.indnkeyatts, x.relname limit 1) as "candidateIndex",
      (select a.attname from pg_attribute a join pg_type t on t.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
          and t.typtype = 'b' and t.typcategory <> 'A'
          and not exists (select from pg_opclass o join pg_am m on m.oid = o.opcmethod
            where m.amname in ('btree', 'hash') and o.opcdefault
              and (o.opcintype = t.oid or exists (select from pg_cast k
                where k.castsource = t.oid and k.casttarget = o.opcintype
                  and k.castmethod = 'b' and k.castcontext = 'i')))
        order by a.attnum limit 1) as "columnWithoutEquality"
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence = 'p'
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pglogical')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      and (pg_has_role(current_user, c.relowner, 'usage') or not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
    order by n.nspname, c.relname`,
};

/**
 * Owners of the schemas that the current user may not use, not even as an owner of a table in them: to name a table is to use its
 * schema. `pg_database_owner` (from 14) stands for the owner of the database.
 */
export const ownersOfClosedSchemas: Statement = {
  text: `select distinct case o.rolname when 'pg_database_owner' then pg_get_userbyid(d.datdba) else o.rolname end as owner
    from pg_namespace n
    join pg_roles o on o.oid = n.nspowner
    join pg_database d on d.datname = current_database()
    where n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      and not has_schema_privilege(n.oid, 'usage')
      and exists (select from pg_class c
        where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'S', 'm') and c.relpersistence = 'p'
          and not exists (select from pg_depend x
            where x.classid = 'pg_class'::regclass and x.objid = c.oid and x.deptype = 'e'))
      and not exists (select from pg_class c
        where c.relnamespace = n.oid and c.relkind in ('r', 'p') and c.relpersistence = 'p'
          and has_schema_privilege(c.relowner, n.oid, 'usage'))
    order by 1`,
};

/** The logical slot of that name, wherever it is. */
export function findSlot(name: string): Statement {
  return {
    text: `select plugin, database, temporary, active, confirmed_flush_lsn::text as "startLsn"
      from pg_replication_slots where slot_name = $1`,
    values: [name],
  };
}
