/** Tells damage from every other reason why a statement fails. */
import { NotReady } from '../errors';
import { sqlStateOf } from '../platform/postgres-error';

/**
 * Classes of what reading a damaged value or page raises: data exception, program limit, system error, internal error. A right that
 * lacks (42501) or a time that is over (57014) says nothing of the data.
 */
const DAMAGE = ['22', '54', '58', 'XX'];

/** The SQLSTATE when `error` tells of damage; null for any other failure. */
export function damageIn(error: unknown): string | null {
  const state = sqlStateOf(error);
  if (state === undefined || error instanceof NotReady) return null;
  return DAMAGE.some((prefix) => state.startsWith(prefix)) ? state : null;
}

/** Runs `work` and answers the SQLSTATE of the damage that it meets, null when it meets none; other failures pass through. */
export async function meetsDamage(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const state = damageIn(error);
    if (state === null) throw error;
    return state;
  }
}
