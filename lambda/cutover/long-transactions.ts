/** Long transactions of applications before the fence, which would end them: the policy says whether it may (fault 51). */
import { Blocked } from '../errors';
import { hasTimeLeft } from './outage-clock';
import type { LongTransaction } from './sql/outlook';
import * as sql from './sql/outlook';
import type { Stage } from './stage';

/** Most transactions that a message names. */
const NAMED = 5;

/** What follows the waiting and precedes the outage: comparing what changed, and a dry run. */
const AFTERWARDS_MS = 60_000;

/** Pause between two looks. */
const LOOK_MS = 250;

/**
 * Lets transactions older than `policy.longTransactions.afterSeconds` end, refuses with `Blocked` naming them, or leaves them to
 * the fence. Waiting ends with them, or as `Blocked` when the function would have too little time left for an outage.
 */
export async function respectLongTransactions(stage: Stage): Promise<void> {
  const { world, sourceHome } = stage;
  const { longTransactions, cutoverBudgetSeconds } = world.environment.policy;
  const { action, afterSeconds } = longTransactions;
  const timeLeft = () => hasTimeLeft(world.remainingMs(), cutoverBudgetSeconds * 1000, AFTERWARDS_MS);
  const look = () => sourceHome.query<LongTransaction>(sql.longTransactions(world.migrationId, afterSeconds));
  let found = await look();
  if (found.length === 0) return;
  world.log.warning('long transactions before the fence', { action, transactions: found.length });
  if (action === 'terminate') return;
  // Ends with the transactions, or when the time that the outage needs begins.
  while (action === 'wait' && found.length > 0 && timeLeft()) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    found = await look();
  }
  if (found.length === 0) return;
  const named = found.slice(0, NAMED).map(({ pid, username, database, seconds }) => {
    return `pid ${pid} of ${username} in ${JSON.stringify(database)}, ${seconds} s old`;
  });
  const waited = action === 'wait' ? ' and did not end while the cutover waited' : '';
  throw new Blocked(
    `${found.length} transactions on the source are older than ${afterSeconds} s${waited}: ${named.join('; ')}; let them end, or ` +
      'allow the fence to end them by policy.longTransactions.action: terminate',
  );
}
