/** What the server is burdened with. */
import type { Statement } from '../../platform/postgres';

/**
 * Position in the WAL as a number, and the bytes that the slowest active slot or standby has not taken yet. Slots that nobody
 * reads are left out: no rest makes them catch up.
 */
export const pressure: Statement = {
  text: `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as wal,
      greatest(0,
        (select max(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(confirmed_flush_lsn, restart_lsn)))
          from pg_replication_slots where active),
        (select max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) from pg_stat_replication))::text as lag`,
};
