/** What `assess` reads for engine pglogical; every statement only reads. */
import type { Statement } from '../../platform/postgres';
import { USER_SCHEMA } from './tables';

/** Whether the library is loaded, the version that is offered, and how many processes may run; null for what may not be seen. */
export const pglogicalServer: Statement = {
  text: `select (select setting from pg_settings where name = 'shared_preload_libraries') as loaded,
      (select default_version from pg_available_extensions where name = 'pglogical') as offered,
      current_setting('max_worker_processes')::int as "workerProcesses"`,
};

/** Tables whose rows no index tells apart as their replica identity stands (facts C6), and whether one could. */
export const withoutKey: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name,
      exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
        and i.indpred is null and i.indexprs is null
        and not exists (select from pg_attribute a
          where a.attrelid = c.oid and a.attnum = any (i.indkey::smallint[]) and (not a.attnotnull or a.attgenerated <> ''))
      ) as "couldHave"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and ${USER_SCHEMA}
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid and i.indimmediate
        and ((c.relreplident = 'd' and i.indisprimary) or (c.relreplident = 'i' and i.indisreplident)))
    order by 1, 2`,
};

/** Unique indexes that are checked at the end of a transaction: apply cannot work with them. */
export const deferrableIndexes: Statement = {
  text: `select n.nspname::text as schema, x.relname::text as name
    from pg_index i join pg_class x on x.oid = i.indexrelid
    join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where i.indisunique and not i.indimmediate and c.relkind in ('r', 'p') and ${USER_SCHEMA}
    order by 1, 2`,
};

/** Tables that foreign keys of other tables point to: apply cannot truncate them (facts C18). */
export const referencedTables: Statement = {
  text: `select distinct n.nspname::text as schema, c.relname::text as name
    from pg_constraint k join pg_class c on c.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype = 'f' and k.conrelid <> k.confrelid and ${USER_SCHEMA}
    order by 1, 2`,
};
