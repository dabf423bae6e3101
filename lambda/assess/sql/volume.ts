/** What `assess` reads of amounts: bytes, WAL, sessions; every statement only reads. */
import type { Statement } from '../../platform/postgres';

/** The end of WAL in bytes since its beginning, and the server's clock in seconds since the epoch; a standby's is what it replayed. */
export const walPosition: Statement = {
  text: `select ((case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)
      - '0/0'::pg_lsn)::text as bytes,
    extract(epoch from clock_timestamp())::float8 as seconds`,
};

/** WAL written since the statistics were reset, and how long ago that was; the view exists from 14 on. */
export const walStatistics: Statement = {
  text: `select wal_bytes::text as bytes,
      coalesce(extract(epoch from clock_timestamp() - stats_reset), 0)::float8 as seconds
    from pg_stat_wal`,
};

/** Bytes of all databases whose size the current user may know, and whether that is all of them. */
export const allDatabases: Statement = {
  text: `select coalesce(sum(pg_database_size(oid)) filter (where known), 0)::text as bytes, bool_and(known) as complete
    from (select oid, has_database_privilege(oid, 'connect') or pg_has_role('pg_read_all_stats', 'usage') as known
      from pg_database) d`,
};

/** True when the current user may list the WAL directory. */
export const walDirectoryListable: Statement = {
  text: `select has_function_privilege('pg_ls_waldir()', 'execute') as listable`,
};

/** Bytes of the files in the WAL directory. */
export const walDirectory: Statement = {
  text: 'select coalesce(sum(size), 0)::text as bytes from pg_ls_waldir()',
};

/** Client sessions of others than RDS and Sealift, and those of them that run a statement now. */
export function clientSessions(ourPrefix: string): Statement {
  return {
    text: `select count(*)::int as connected, (count(*) filter (where state = 'active'))::int as active
      from pg_stat_activity
      where backend_type = 'client backend' and usename is distinct from 'rdsadmin'
        and not starts_with(coalesce(application_name, ''), $1)`,
    values: [ourPrefix],
  };
}
