/** One call at a time where a transaction cannot guard: a session's advisory lock, gone with its session (facts A13). */
import { NotReady } from '../errors';
import type { Session } from './postgres';
import { sqlStateOf } from './postgres-error';

/**
 * Runs `work` while `session` holds the advisory lock `name` of its database; throws `NotReady` when another session keeps it
 * for longer than the session's lock timeout.
 */
export async function withAdvisoryLock<T>(session: Session, name: string, work: () => Promise<T>): Promise<T> {
  try {
    await session.query({ text: 'select pg_advisory_lock(hashtextextended($1, 0))', values: [name] });
  } catch (error) {
    if (sqlStateOf(error) !== '55P03') throw error;
    throw new NotReady(`another call of ${name} is in progress, this one is tried again`, { cause: error });
  }
  try {
    return await work();
  } finally {
    // A session that broke has lost the lock with everything else.
    await session
      .query({ text: 'select pg_advisory_unlock(hashtextextended($1, 0))', values: [name] })
      .catch(() => undefined);
  }
}
