/** Statements of the way back. */
import type { Statement } from '../platform/postgres';

/** Whether a moment has passed by this server's clock, and what that says; without a moment nothing is waited for. */
export function clockAgainst(moment: string | null): Statement {
  return {
    text: `select coalesce(clock_timestamp() > $1::timestamptz, true) as over,
        to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`,
    values: [moment],
  };
}

/** True when a moment has passed by this server's clock (fault 22). */
export function isOver(moment: string): Statement {
  return { text: 'select clock_timestamp() > $1::timestamptz as over', values: [moment] };
}

/** Whether a window has ended by this server's clock, and whether a day has passed since `told`, which is null before the first time. */
export function windowClock(until: string, told: string | null): Statement {
  return {
    text: `select clock_timestamp() > $1::timestamptz as over,
        coalesce(clock_timestamp() > $2::timestamptz + interval '1 day', false) as "quietForLong"`,
    values: [until, told],
  };
}

/** Slots by name: whether nobody reads from them, and their WAL. What is lost keeps none and has no position any more. */
export function wayBackSlots(names: readonly string[]): Statement {
  return {
    text: `select slot_name::text as name, not active or coalesce(wal_status = 'lost', false) as idle,
        coalesce(greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn), 0), 0)::text as "lagBytes",
        coalesce(greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn), 0), 0)::text as "retainedBytes"
      from pg_replication_slots
      where slot_name = any ($1::text[])`,
    values: [names],
  };
}
