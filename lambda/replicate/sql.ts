/** Statements of `subscribe` and `watch`. */
import type { Statement } from '../platform/postgres';

/** State of a slot of the source; JSON hides what a version lacks. Lag counts from the end of what is flushed (facts B8). */
export function slotState(name: string): Statement {
  return {
    text: `select active, confirmed_flush_lsn::text as "confirmedLsn",
        to_jsonb(s) ->> 'wal_status' as "walStatus", to_jsonb(s) ->> 'safe_wal_size' as "safeWalBytes",
        greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn), 0)::text as "lagBytes",
        greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn), 0)::text as "retainedBytes"
      from pg_replication_slots s where slot_name = $1`,
    values: [name],
  };
}

/** Writes the heartbeat, one row however often, and returns its time and that of the one before. */
export function beat(epoch: string, execution: string): Statement {
  return {
    text: `with before as (select written_at from sealift.marker where id = 'heartbeat')
      insert into sealift.marker (id, kind, epoch, execution) values ('heartbeat', 'heartbeat', $1, $2)
      on conflict (id) do update
        set epoch = excluded.epoch, execution = excluded.execution, written_at = clock_timestamp()
      returning extract(epoch from written_at)::float8 as "beatAt",
        (select extract(epoch from written_at)::float8 from before) as "beforeAt"`,
    values: [epoch, execution],
  };
}

/** Time of the newest heartbeat here, by the clock of the source that wrote it; no row when none arrived. */
export const lastBeat: Statement = {
  text: `select extract(epoch from written_at)::float8 as "beatAt" from sealift.marker where id = 'heartbeat'`,
};

/** Seconds of this server's clock. */
export const clock: Statement = { text: 'select extract(epoch from clock_timestamp())::float8 as now' };

/** Identity of the cluster (fault 29). */
export const clusterIdentity: Statement = {
  text: 'select system_identifier::text as "systemIdentifier" from pg_control_system()',
};

const HOLDER = `a.pid, a.usename::text as "user", a.application_name as application,
        extract(epoch from clock_timestamp() - a.xact_start)::integer as seconds`;

/** Whoever has been writing for the longest; what other roles do shows to members of `pg_read_all_stats` only. */
export const longestWriter: Statement = {
  text: `select ${HOLDER} from pg_stat_activity a
      where a.backend_xid is not null and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
      order by a.xact_start limit 1`,
};

/** Whoever holds a lock that a worker of the subscriptions of this database waits for. */
export const blockerOfApply: Statement = {
  text: `select ${HOLDER} from pg_stat_activity w
      cross join lateral unnest(pg_blocking_pids(w.pid)) as blocking(pid)
      join pg_stat_activity a on a.pid = blocking.pid
      where w.datname = current_database() and w.backend_type ~ '^(logical replication|pglogical apply)'
      order by a.xact_start limit 1`,
};

/** What the role of the replication may do on the source; membership counts on RDS, the attribute elsewhere. */
export function replicationRights(role: string): Statement {
  return {
    text: `select r.rolname as name, r.rolcanlogin as "mayLogIn", r.rolreplication or exists (
          select from pg_auth_members m join pg_roles g on g.oid = m.roleid
          where m.member = r.oid and g.rolname = 'rds_replication') as "mayStream"
      from pg_roles r where r.rolname = $1`,
    values: [role],
  };
}
