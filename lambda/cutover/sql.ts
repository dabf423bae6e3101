/** Every statement of the cutover. */
import type { Phase } from '../contract';
import { migrationPrefix } from '../platform/names';
import type { Statement } from '../platform/postgres';
import { qualified } from '../platform/quote';
import { OF_RDS, RDS_LOGIN_ROLES } from '../platform/rds-roles';

/** Prepared transactions: they survive every fence and commit later (facts F1). */
export const preparedTransactions: Statement = {
  text: 'select gid, owner, database from pg_prepared_xacts order by gid',
};

/** Ours: sessions of the master user under a name of this migration. */
const OURS = 'usename = current_user and starts_with(application_name, $1)';

/** A session that could write. */
export interface OtherSession {
  readonly username: string;
}

/**
 * Ends the sessions that could write, one row each: every client backend but ours and RDS's own, which nobody may touch (facts
 * E8), and whoever else holds a transaction id outside RDS's database, RDS's own and background workers included. Walsenders
 * stay, and so do sessions of `reader` that have written nothing: the stream must flow. A superuser can be listed only; it is waited for. Who has not logged in yet is `enteringSessions`.
 */
export function endOtherSessions(migrationId: string, reader: string | null = null): Statement {
  return {
    text: `select coalesce(a.usename::text, a.backend_type) as username,
        case when r.rolsuper is false or (r.oid is not null and own.rolsuper) and a.usename <> 'rdsadmin'
          then pg_terminate_backend(a.pid) end as ended
      from pg_stat_activity a
      left join pg_roles r on r.oid = a.usesysid
      join pg_roles own on own.rolname = current_user
      where a.pid <> pg_backend_pid() and (${OURS}) is not true
        and ((a.backend_type = 'client backend' and a.usesysid is not null and a.usename not in ${RDS_LOGIN_ROLES} and a.usename is distinct from $2)
          or (a.backend_xid is not null and a.backend_type <> 'autovacuum worker' and a.datname is distinct from 'rdsadmin'))`,
    values: [migrationPrefix(migrationId), reader],
  };
}

/** A login in progress: process and virtual transaction, which no later login shares. */
export interface EnteringSession {
  readonly login: string;
}

/**
 * Logins in progress. Such a process is in a transaction from before it is authenticated until it is ready, and appears among
 * the sessions at the end of that only (from 18 on without a user before): one that found its role allowed to log in before the
 * fence may come up long after it (measured on 17 with `post_auth_delay`, which every client may ask for).
 */
export const enteringSessions: Statement = {
  text: `select l.pid || ' ' || l.virtualxid as login from pg_locks l
    where l.locktype = 'virtualxid' and l.granted and l.pid <> pg_backend_pid()
      and not exists (select from pg_stat_activity a
        where a.pid = l.pid and (a.usesysid is not null or a.backend_type <> 'client backend'))`,
};

/** Sessions of users that NOLOGIN does not reach: the master user's but ours, superusers', unknown ones of RDS. */
export function sessionsBeyondTheFence(migrationId: string): Statement {
  return {
    text: `select a.usename::text as username, a.application_name as application
      from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
      where a.backend_type = 'client backend' and (${OURS}) is not true and a.usename not in ${RDS_LOGIN_ROLES}
        and (a.usename = current_user or r.rolsuper or ${OF_RDS})
      order by a.backend_start`,
    values: [migrationPrefix(migrationId)],
  };
}

/** Identity of the cluster, and whether it is a standby. */
export const cluster: Statement = {
  text: `select system_identifier::text as "systemIdentifier", pg_is_in_recovery() as standby from pg_control_system()`,
};

/**
 * Databases of applications that are not among `known`. `postgres`, where this is asked, counts only when it holds relations of
 * users, as in the assessment.
 */
export function otherDatabases(known: readonly string[]): Statement {
  return {
    text: `select d.datname as name from pg_database d
      where not d.datistemplate and d.datallowconn and d.datconnlimit <> -2 and d.datname <> 'rdsadmin'
        and d.datname <> all ($1)
        and (d.datname <> current_database() or exists (
          select from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p', 'm', 'S', 'v', 'f')
            and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
            and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
            and not exists (select from pg_depend x
              where x.classid = 'pg_class'::regclass and x.objid = c.oid and x.deptype = 'e')))
      order by d.datname`,
    values: [known],
  };
}

/** True for a server out of recovery whose sessions may write. */
export const openToWrites: Statement = {
  text: `select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as open`,
};

/** Sets phase and epoch of a migration together. */
export function setPhaseAndEpoch(migrationId: string, phase: Phase, epoch: string): Statement {
  return {
    text: `update sealift.migration set phase = $2, epoch = $3, updated_at = clock_timestamp() where migration_id = $1`,
    values: [migrationId, phase, epoch],
  };
}

/** Health of the stream's slot as the guardrails need it. */
export function slotHealth(slot: string): Statement {
  return {
    text: `select active, coalesce(wal_status, 'reserved') as "walStatus",
        pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn)::text as "lagBytes"
      from pg_replication_slots where slot_name = $1`,
    values: [slot],
  };
}

/** True when the slot has confirmed `lsn`: the target has flushed everything before it. */
export function slotConfirmed(slot: string, lsn: string): Statement {
  return {
    text: 'select confirmed_flush_lsn >= $2::pg_lsn as confirmed from pg_replication_slots where slot_name = $1',
    values: [slot, lsn],
  };
}

/** Sequences of every kind: serial, identity, standalone; those of extensions only when the current user may set them. */
export const sequences: Statement = {
  text: `select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
      and (case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'select') and has_sequence_privilege(c.oid, 'update') end
        or not exists (select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
    order by 1, 2`,
};

/** A sequence by name. */
export interface SequenceName {
  readonly schema: string;
  readonly name: string;
}

/** State of a sequence; `called` tells whether `value` was handed out. */
export interface SequenceState {
  readonly position: number;
  readonly value: string;
  readonly called: boolean;
}

/**
 * The states of all `names` in one statement; `pg_sequences` would hide `is_called`. Planning it costs three times as much as
 * running it, so the plan is kept under `name`: the dry run before the fence has made it.
 */
export function sequenceStates(names: readonly SequenceName[], name: string): Statement {
  const reads = names.map(
    ({ schema, name }, index) =>
      `select ${index} as position, last_value::text as value, is_called as called from ${qualified(schema, name)}`,
  );
  return { name, text: reads.join(' union all ') };
}

/** Sets every sequence to its state, in one statement. */
export function setSequences(names: readonly SequenceName[], states: readonly SequenceState[]): Statement {
  return {
    text: `select setval(sequence::regclass, value, called)
      from unnest($1::text[], $2::bigint[], $3::boolean[]) as wanted(sequence, value, called)`,
    values: [
      states.map((state) => {
        const name = names[state.position];
        if (name === undefined) throw new Error(`sequence state ${state.position} belongs to no sequence`);
        return qualified(name.schema, name.name);
      }),
      states.map((state) => state.value),
      states.map((state) => state.called),
    ],
  };
}

/** Populated materialized views in the order of their dependencies: a view may read another made before it. */
export const materializedViews: Statement = {
  text: `select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and n.nspname not in ('pg_catalog', 'information_schema')
    order by c.oid`,
};

/** Owners of the materialized views of the current database that the current user may not act as. */
export const ownersOfClosedViews: Statement = {
  text: `select distinct pg_get_userbyid(c.relowner) as owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and n.nspname not in ('pg_catalog', 'information_schema')
      and not pg_has_role(current_user, c.relowner, 'usage')
    order by owner`,
};

/** Fills a materialized view anew from the tables of the target. */
export function refreshView(view: SequenceName): Statement {
  return { text: `refresh materialized view ${qualified(view.schema, view.name)}` };
}

/** Time, byte position and identity of the source, for the evidence. */
export const flushLsn: Statement = { text: 'select pg_current_wal_flush_lsn()::text as lsn' };
