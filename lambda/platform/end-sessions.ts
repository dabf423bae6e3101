/** Ending sessions and waiting until they are gone, so that what they had begun is done or undone. */
import { NotReady } from '../errors';
import type { Session, Statement } from './postgres';

/** How long a session that was told to end may take. */
const END_MS = 10_000;
const ASK_MS = 50;

/**
 * Sends `terminate`, which tells sessions to end and answers one row for each, until it finds none; returns how many there were.
 * Throws `NotReady` when some stay; `who` names them.
 */
export async function endSessions(session: Session, terminate: Statement, who: string): Promise<number> {
  const deadline = Date.now() + END_MS;
  const found = (await session.query(terminate)).length;
  for (let left = found; left > 0; left = (await session.query(terminate)).length) {
    if (Date.now() > deadline) {
      throw new NotReady(`${left} ${who} do not end on the ${session.side}, it is tried again`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  return found;
}
