/**
 * Settles the keys that may differ, in rounds under live writes. A key that differs although it has not changed since before
 * it was read is a mismatch: rows arrive in commit order, and both reads lie behind a barrier.
 */

import { passBarrier, raiseBarrier } from './barrier';
import type { ChangeTap } from './change-tap';
import { ChangedKeys } from './changed-keys';
import { compareAgain, type Pair } from './compare';
import type { ComparedTable } from './tables';

/** What one database is settled with. */
export interface Settling {
  readonly pair: Pair;
  readonly tap: ChangeTap;
  readonly tables: ReadonlyMap<string, ComparedTable>;
  readonly marker: { readonly kind: string; readonly epoch: string; readonly execution: string };
  /** Longest wait of a barrier. */
  readonly barrierMs: number;
}

/** What remains after the rounds. */
export interface Settled {
  /** Keys changed since they were compared: to be compared under the fence. */
  readonly pending: ChangedKeys;
  /** Keys that differ and did not change meanwhile. */
  readonly mismatched: ChangedKeys;
  /** Keys compared in all rounds together. */
  readonly compared: number;
  /** Everything up to here was collected by the tap. */
  readonly lsn: string;
}

/** Compares `first` and whatever changed since, until at most `enough` keys are pending or `rounds` have passed. */
export async function settleKeys(
  settling: Settling,
  first: ChangedKeys,
  limits: { readonly enough: number; readonly rounds: number },
): Promise<Settled> {
  const mismatched = new ChangedKeys();
  let compared = 0;
  let pending = first;
  let lsn = await collectUntilNow(settling, pending);
  for (let round = 0; round < limits.rounds; round += 1) {
    compared += pending.size;
    const different = await compareAgain(settling.pair, settling.tables, pending);
    const changed = new ChangedKeys();
    lsn = await collectUntilNow(settling, changed);
    const unchanged = without(different, changed);
    if (unchanged.size > 0) mismatched.addAll(await confirm(settling, unchanged, changed));
    pending = changed;
    if (pending.size <= limits.enough) break;
  }
  return { pending, mismatched, compared, lsn };
}

/** A disputed key is read once more before it is called different. */
async function confirm(settling: Settling, disputed: ChangedKeys, changed: ChangedKeys): Promise<ChangedKeys> {
  const again = await compareAgain(settling.pair, settling.tables, disputed);
  await collectUntilNow(settling, changed);
  return without(again, changed);
}

/** Passes a barrier and adds to `changed` all that the tap collected before it. */
async function collectUntilNow(settling: Settling, changed: ChangedKeys): Promise<string> {
  const barrier = await raiseBarrier(settling.pair.source, settling.marker);
  await Promise.all([passBarrier(settling.pair, barrier, settling.barrierMs), settling.tap.reached(barrier.lsn)]);
  changed.addAll(settling.tap.take());
  return barrier.lsn;
}

/** The keys of `keys` that `changed` does not hold. */
export function without(keys: ChangedKeys, changed: ChangedKeys): ChangedKeys {
  const rest = new ChangedKeys();
  for (const relation of keys.wholeRelations()) {
    const touched = changed.hasWhole(relation) || changed.entries().some((entry) => entry.relation === relation);
    if (!touched) rest.addWhole(relation);
  }
  for (const { relation, keys: texts } of keys.entries()) {
    for (const key of texts) if (!changed.has(relation, key)) rest.add(relation, key);
  }
  return rest;
}
