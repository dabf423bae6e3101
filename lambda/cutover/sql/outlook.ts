/** Statements that look at what the fence will meet, before it. */
import { migrationPrefix } from '../../platform/names';
import type { Statement } from '../../platform/postgres';
import { OF_RDS, RDS_LOGIN_ROLES } from '../../platform/rds-roles';

/** Sessions that the fence will end: client backends but ours and RDS's own. */
const TO_BE_ENDED = `a.backend_type = 'client backend' and a.usesysid is not null and a.usename not in ${RDS_LOGIN_ROLES}
  and (a.usename = current_user and starts_with(a.application_name, $1)) is not true`;

/** How many sessions the fence will end, and how many roles it will close. */
export function fenceLoad(migrationId: string): Statement {
  return {
    text: `select (select count(*)::int from pg_stat_activity a where ${TO_BE_ENDED}) as sessions,
        (select count(*)::int from pg_roles where rolcanlogin and rolname !~ '^pg_') as roles`,
    values: [migrationPrefix(migrationId)],
  };
}

/** A transaction of an application; what it runs is never read, because it may hold anything. */
export interface LongTransaction {
  readonly pid: number;
  readonly username: string;
  readonly database: string;
  readonly seconds: number;
}

/** Transactions of sessions that the fence will end and that are older than `seconds`, oldest first. */
export function longTransactions(migrationId: string, seconds: number): Statement {
  return {
    text: `select a.pid, a.usename::text as username, a.datname::text as database,
        extract(epoch from clock_timestamp() - a.xact_start)::int as seconds
      from pg_stat_activity a
      where ${TO_BE_ENDED} and a.xact_start < clock_timestamp() - make_interval(secs => $2)
      order by a.xact_start`,
    values: [migrationPrefix(migrationId), seconds],
  };
}

/** One way to the server and back, for the sake of its time. */
export const roundTrip: Statement = { text: 'select 1 as answered' };

/** True when pg_cron's table of jobs exists in this database and can be read. */
export const jobsReadable: Statement = {
  text: `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'cron' and c.relname = 'job' and c.relkind = 'r'
        and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')) as readable`,
};

/** A job of pg_cron. */
export interface Job {
  readonly id: string;
  readonly role: string;
  readonly database: string;
}

/**
 * Active jobs of roles that NOLOGIN does not stop: the master user's, superusers', RDS's. A job of another role is refused like
 * any login of it, also when a background worker runs it. Columns came and went with pg_cron's versions; commands are not read.
 */
export const unstoppableJobs: Statement = {
  text: `select j.job->>'jobid' as id, j.job->>'username' as role, coalesce(j.job->>'database', '') as database
    from (select to_jsonb(job) as job from cron.job) j
    left join pg_roles r on r.rolname = j.job->>'username'
    where coalesce((j.job->>'active')::boolean, true)
      and (r.rolname is null or r.rolname = current_user or r.rolsuper or ${OF_RDS})
    order by (j.job->>'jobid')::bigint limit 100`,
};

/** A foreign server of this database by which a session of a role beyond the fence could be opened. */
export interface Loophole {
  readonly server: string;
  readonly username: string;
}

/**
 * Servers of postgres_fdw and dblink that are mapped to the master user or a superuser. Whether they lead back to this server is
 * not known, and a mapping whose options the master user may not see is not listed.
 */
export const mappedBeyondTheFence: Statement = {
  text: `select distinct m.srvname::text as server, o.option_value as username
    from pg_user_mappings m
    join pg_foreign_server s on s.oid = m.srvid join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    cross join lateral pg_options_to_table(m.umoptions) o
    join pg_roles r on r.rolname = o.option_value
    where w.fdwname in ('postgres_fdw', 'dblink_fdw') and o.option_name = 'user'
      and (r.rolname = current_user or r.rolsuper)
    order by 1, 2`,
};
