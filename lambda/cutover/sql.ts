/** Every statement of the cutover. */
import type { Phase } from '../contract';
import { migrationPrefix } from '../platform/names';
import type { Statement } from '../platform/postgres';
import { qualified } from '../platform/quote';

/** Prepared transactions: they survive every fence and commit later (facts F1). */
export const preparedTransactions: Statement = {
  text: 'select gid, owner, database from pg_prepared_xacts order by gid',
};

/**
 * Sessions that could write: every client backend but ours (the master user's under our application name) and RDS's own,
 * which nobody may touch (facts E8). Walsenders stay: the stream must flow. A backend that has not logged in yet has no
 * user and is listed.
 */
function otherSessions(migrationId: string, columns: string): Statement {
  return {
    text: `select ${columns} from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()
        and not (usename = current_user and starts_with(application_name, $1))
        and usename is distinct from 'rdsadmin'`,
    values: [migrationPrefix(migrationId)],
  };
}

/** Ends every other session; one row each. */
export function terminateOtherSessions(migrationId: string): Statement {
  return otherSessions(migrationId, 'pg_terminate_backend(pid) as ended');
}

/** Users of the other sessions, for a message. */
export function listOtherSessions(migrationId: string): Statement {
  return otherSessions(migrationId, "coalesce(usename::text, 'not logged in yet') as username");
}

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

/** True when the subscription is enabled. */
export function subscriptionEnabled(subscription: string): Statement {
  return {
    text: `select subenabled as enabled from pg_subscription
      where subname = $1 and subdbid = (select oid from pg_database where datname = current_database())`,
    values: [subscription],
  };
}

/** Sequences of every kind: serial, identity, standalone. */
export const sequences: Statement = {
  text: `select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relpersistence = 'p'
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
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

/** The states of all `names` in one statement; `pg_sequences` would hide `is_called`. */
export function sequenceStates(names: readonly SequenceName[]): Statement {
  const reads = names.map(
    ({ schema, name }, index) =>
      `select ${index} as position, last_value::text as value, is_called as called from ${qualified(schema, name)}`,
  );
  return { text: reads.join(' union all ') };
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

/** Fills a materialized view anew from the tables of the target. */
export function refreshView(view: SequenceName): Statement {
  return { text: `refresh materialized view ${qualified(view.schema, view.name)}` };
}

/** Time, byte position and identity of the source, for the evidence. */
export const flushLsn: Statement = { text: 'select pg_current_wal_flush_lsn()::text as lsn' };
