/**
 * Keeps what a tap lists in the target's ledger while a long comparison runs, so that neither memory nor the WAL that the tap
 * holds back on the source grows with its length. The slot is told only of what is kept: after a kill it lists the rest again,
 * and a key that is kept twice is kept once.
 */
import { NotReady } from '../errors';
import type { Session } from '../platform/postgres';
import { raiseBarrier } from './barrier';
import type { ChangeTap } from './change-tap';
import { compareAgain } from './compare';
import { dropPendingKeys, keepPendingKeys, readPendingBatch } from './pending-keys';
import { type Settling, without } from './settle-keys';

/** Keys in memory at most while they are kept: about 20 MB. */
export const MOST_KEYS = 200_000;

/** How often what was collected is kept. */
const KEEP_EVERY_MS = 1_000;

/** Keys compared between two looks at the time. */
const BATCH_KEYS = 50_000;

/** Keeps what the tap has collected and lets the slot forget it; returns the number of keys. */
export async function keepCollected(tap: ChangeTap, target: Session<'target'>): Promise<number> {
  const { keys, lsn } = tap.takeUpTo();
  await keepPendingKeys(target, keys);
  tap.acknowledge(lsn);
  return keys.size;
}

/**
 * Keeps what the tap collects until `done`; rejects when the stream or the ledger fails first, or `goOn`, which is asked after
 * every turn but the last.
 */
export async function keepUntil(
  tap: ChangeTap,
  target: Session<'target'>,
  done: Promise<unknown>,
  goOn: () => void = () => undefined,
): Promise<void> {
  let over = false;
  const ended = done.finally(() => {
    over = true;
  });
  tap.holdAt(MOST_KEYS);
  try {
    // Ends with `done`, which every caller bounds, or with `goOn`.
    while (!over) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, KEEP_EVERY_MS))]);
      await keepCollected(tap, target);
      if (!over) goOn();
    }
  } finally {
    ended.catch(() => undefined);
    tap.holdAt(null);
  }
}

/** What the work of one call may take. */
export interface Budget {
  /** Throws `NotReady` when too little time is left; what was done until then is kept. */
  assertTimeLeft(doing: string): void;
}

/** A budget that ends `reserveMs` before the function does. */
export function budgetOf(remainingMs: () => number, reserveMs: number): Budget {
  return {
    assertTimeLeft(doing) {
      if (remainingMs() > reserveMs) return;
      throw new NotReady(`the time of this call ended while ${doing}, what was done is kept, the next call goes on`);
    },
  };
}

/** Reads the tap up to now and keeps what it lists; a long backlog takes several calls, none of which begins anew. */
export async function keepBacklog(settling: Settling, budget: Budget): Promise<void> {
  const { tap, pair, marker } = settling;
  const { lsn } = await raiseBarrier(pair.source, marker);
  await keepUntil(tap, pair.target, tap.reached(lsn), () =>
    budget.assertTimeLeft('reading what changed during the comparison'),
  );
}

/**
 * Compares the keys that are kept, batch by batch, and forgets those that are equal. Nothing is kept between the comparison of
 * a key and its removal, so that a change which comes meanwhile is still in the tap and is kept after it.
 */
export async function thinPendingKeys(settling: Settling, budget: Budget): Promise<number> {
  const { tap, pair, tables } = settling;
  let compared = 0;
  let batch = await readPendingBatch(pair.target, null, BATCH_KEYS);
  // One pass over the index: every turn goes on behind the last key.
  while (batch !== null) {
    const different = await compareAgain(pair, tables, batch.keys);
    await dropPendingKeys(pair.target, without(batch.keys, different));
    compared += batch.keys.size;
    await keepCollected(tap, pair.target);
    budget.assertTimeLeft('comparing again what changed during the comparison');
    batch = await readPendingBatch(pair.target, batch.last, BATCH_KEYS);
  }
  return compared;
}
