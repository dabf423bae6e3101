/**
 * A value whose length is damaged can end the whole server when it is read (facts H8). Where amcheck cannot warn of it, the scan
 * must not read the same place again and again: what was being read when the server ended is counted, and left alone soon.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { NotReady } from '../errors';
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { countAttempt } from '../platform/queue';

/** An item during which the server ended so often is not read any more. */
export const MOST_CRASHES = 2;

/** Pause before asking again for a server that recovers, and how often it is asked. */
const RECOVERY_PAUSE_MS = 1_000;
const RECOVERY_LOOKS = 30;

/**
 * True when the connection ended without a word, or with the word that another process has crashed (57P02). A session that was
 * ended on purpose says 57P01: a worker that is killed says nothing about what it read.
 */
export function endedByCrash(error: unknown): boolean {
  if (!(error instanceof NotReady)) return false;
  const state = sqlStateOf(error);
  return state === '57P02' || (state === undefined && error.cause === 'Error');
}

/** Counts a crash against the item that was being read, as soon as the server answers again. */
export async function noteCrash(open: () => Promise<Session>, queue: string, item: string): Promise<void> {
  for (let look = 0; look < RECOVERY_LOOKS; look += 1) {
    try {
      const session = await open();
      await session.execute(countAttempt(queue, item));
      await session.close();
      return;
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await sleep(RECOVERY_PAUSE_MS);
    }
  }
}
