/** Changing a table that applications work with: they go first. */
import { NotReady } from '../errors';
import type { Session } from './postgres';
import { sqlStateOf } from './postgres-error';

/** How often a lock that is not got in time is tried for. */
const LOCK_ATTEMPTS = 6;
const LOCK_WAIT_MS = 1_000;
const LOCK_PAUSE_MS = 300;

/**
 * Runs `work`, which locks `table`, in a transaction that waits shortly, because whoever queues behind our request waits as well; ends
 * by success or after the last attempt. `purpose` ends the sentence of the `NotReady` of a table that stays locked.
 */
export async function withTableLock(
  session: Session,
  table: string,
  purpose: string,
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.transaction(async () => {
        await session.query({ text: `select set_config('lock_timeout', $1, true)`, values: [`${LOCK_WAIT_MS}ms`] });
        await work();
      });
    } catch (error) {
      if (sqlStateOf(error) !== '55P03') throw error;
      if (attempt === LOCK_ATTEMPTS) {
        throw new NotReady(`table ${table} stayed locked while ${purpose}, it is tried again`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS * attempt));
    }
  }
}
