/** Statements about the holder of a snapshot and its slot. */
import type { Statement } from '../../../platform/postgres';
import { literal } from '../../../platform/quote';
import type { HeldSnapshot } from '../../../platform/snapshot-holder';

/**
 * True when slot and holder are those that were recorded, and the holder sleeps: before that it ends with its client. JSON hides `wal_status` where a version lacks it. The application
 * name comes from ourselves and process ids return, so the backend's start decides.
 */
export function stillHeld({ slot, pid, backendStart }: HeldSnapshot, applicationName: string): Statement {
  return {
    text: `select exists (select from pg_replication_slots s
        where s.slot_name = $1 and s.plugin in ('pgoutput', 'pglogical_output') and s.database = current_database()
          and coalesce(to_jsonb(s) ->> 'wal_status', '') <> 'lost')
      and exists (select from pg_stat_activity a
        where a.pid = $2 and (extract(epoch from a.backend_start) * 1000000)::bigint::text = $3
          and a.application_name = $4 and a.wait_event = 'PgSleep') as held`,
    values: [slot, pid, backendStart, applicationName],
  };
}

/** Takes over a snapshot that another transaction exported; the first statement of a repeatable-read transaction. */
export function importSnapshot(snapshot: string): Statement {
  return { text: `set transaction snapshot ${literal(snapshot)}` };
}

/** True when the publication exists in the current database. */
export function publicationExists(name: string): Statement {
  return { text: 'select exists (select from pg_publication where pubname = $1) as present', values: [name] };
}
