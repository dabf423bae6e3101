/** Statements of `subscribe` and `watch`. */
import type { Statement } from '../platform/postgres';
import { ident, literal } from '../platform/quote';

/** The subscription of that name, without the column that holds passwords. */
export function findSubscription(name: string): Statement {
  return {
    text: `select oid::text as oid, subenabled as enabled, subslotname as slot, subpublications as publications
      from pg_subscription
      where subname = $1 and subdbid = (select oid from pg_database where datname = current_database())`,
    values: [name],
  };
}

/** Hands the connection string to `createSubscription` of the same transaction, as a value and not in a statement's text. */
export function offerConnection(connection: string): Statement {
  return { text: `select set_config('sealift.connection', $1, true) is null as offered`, values: [connection] };
}

/**
 * Makes a disabled subscription to a slot that exists. Without `disable_on_error`: it disables on a cut connection as well,
 * so that a restart of the source would end the stream (measured on 15.18; fault 27). Inside a DO block, because statement logs and errors quote the text of
 * a statement, and the connection holds a password (security 39); the error is raised anew for the same reason: its context
 * would quote the inner statement.
 */
export function createSubscription(name: string, major: number): Statement {
  const options = [
    'create_slot = false',
    `slot_name = ${literal(name)}`,
    'copy_data = false',
    'enabled = false',
    ...(major >= 14 ? ['streaming = on', 'binary = false'] : []),
  ].join(', ');
  const inner = `create subscription %I connection %L publication %I with (${options})`;
  return {
    text: `do $block$
      begin
        execute format(${literal(inner)}, ${literal(name)}, current_setting('sealift.connection'), ${literal(name)});
      exception when others then
        raise exception using errcode = sqlstate, message = sqlerrm;
      end $block$`,
  };
}

/** Sets where a subscription begins: transactions whose commit starts before are skipped (experiments 4). */
export function advanceOrigin(subscriptionOid: string, seedLsn: string): Statement {
  return { text: 'select pg_replication_origin_advance($1, $2::pg_lsn)', values: [`pg_${subscriptionOid}`, seedLsn] };
}

/** Lets a subscription run. */
export function enableSubscription(name: string): Statement {
  return { text: `alter subscription ${ident(name)} enable` };
}

/** What the target can run, and what runs already; from 18 origins have a setting of their own. */
export const applyCapacity: Statement = {
  text: `select current_setting('max_logical_replication_workers')::integer as "logicalWorkers",
      current_setting('max_worker_processes')::integer as "workerProcesses",
      coalesce(current_setting('max_active_replication_origins', true),
        current_setting('max_replication_slots'))::integer as origins,
      (select count(*) from pg_subscription where subenabled)::integer as running`,
};

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
