/** Ending the backends that hold a snapshot: nothing else ends them, and for as long as they live vacuum is held back (facts F13). */
import { NotReady } from '../errors';
import { applicationPrefix } from './names';
import type { Session, Statement } from './postgres';

/** A holder that was told to end does so at once: it sleeps. */
const END_MS = 10_000;
const ASK_MS = 50;

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

/** Ends the holders of a migration in one database, or with null in all, and waits until they are gone; returns how many there were. Throws `NotReady` when one stays. */
export async function endHolders(session: Session, migrationId: string, database: string | null): Promise<number> {
  const deadline = Date.now() + END_MS;
  const statement = terminateHolders(holderName(migrationId), database);
  const found = (await session.query(statement)).length;
  for (let left = found; left > 0; left = (await session.query(statement)).length) {
    if (Date.now() > deadline) {
      throw new NotReady(`${left} holders of a snapshot do not end on the ${session.side}, it is tried again`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  return found;
}
