/** Ending the backends that hold a snapshot: nothing else ends them, and for as long as they live vacuum is held back (facts F13). */
import { endSessions } from './end-sessions';
import { applicationPrefix } from './names';
import type { Session, Statement } from './postgres';

/** `application_name` of a migration's holders. Without an epoch, so that a new claim does not end them as zombies (facts F12). */
export function holderName(migrationId: string): string {
  return `${applicationPrefix(migrationId, 'hold-snapshot')}0`;
}

/** Tells every holder of that name to end, of one database or, with null, of all; one row for each. */
function terminateHolders(applicationName: string, database: string | null): Statement {
  return {
    text: `select pg_terminate_backend(pid) as terminated from pg_stat_activity
      where application_name = $1 and usename = current_user and ($2::text is null or datname = $2)`,
    values: [applicationName, database],
  };
}

/**
 * Ends the holders of a migration in one database, or with null in all, and waits until they are gone; returns how many there
 * were. Throws `NotReady` when one stays.
 */
export async function endHolders(session: Session, migrationId: string, database: string | null): Promise<number> {
  return endSessions(session, terminateHolders(holderName(migrationId), database), 'holders of a snapshot');
}
