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

/** State of a subscription of the target, and its worker. */
export function subscriptionState(name: string): Statement {
  return {
    text: `select s.subenabled as enabled, t.pid is not null as working
      from pg_subscription s
      left join pg_stat_subscription t on t.subid = s.oid and t.relid is null
      where s.subname = $1 and s.subdbid = (select oid from pg_database where datname = current_database())
      order by working desc limit 1`,
    values: [name],
  };
}

/** Errors of a subscription's apply worker since it was made, a connection cut while it streamed included; from 15. */
export function applyErrors(name: string): Statement {
  return {
    text: 'select apply_error_count::integer as errors from pg_stat_subscription_stats where subname = $1',
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
