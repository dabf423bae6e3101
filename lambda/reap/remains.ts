/** What becomes of a migration whose execution is dead: a pure decision, so that every case can be listed (faults 11, 12). */
import type { Phase } from '../contract';
import type { Remains } from '../contract/reap';
import { isTurned, type LedgerRow } from '../platform/ledger';

/**
 * By the phase of the source's ledger, as the machines' own compensations do (decision 10): what was not proved equal is
 * released, what was is kept, and a fence is asked of the target's ledger.
 */
const BY_PHASE: Readonly<Record<Phase, Remains>> = {
  assessed: 'release',
  pruned: 'release',
  scanned: 'release',
  seeding: 'release',
  replicating: 'release',
  'needs-resync': 'release',
  aborted: 'release',
  verified: 'keep',
  fencing: 'give-back',
  fenced: 'give-back',
  flipped: 'give-back',
  live: 'nothing',
  'rolled-back': 'nothing',
  retired: 'nothing',
};

/**
 * The same for a dead way back, by the phase of the live server's ledger: it plays the source, so it is the one that is fenced
 * and given back (decision 14).
 */
const BACK_BY_PHASE: Readonly<Partial<Record<Phase, Remains>>> = {
  replicating: 'turn-back',
  verified: 'turn-back',
  'needs-resync': 'turn-back',
  fencing: 'give-target-back',
  fenced: 'give-target-back',
  flipped: 'give-target-back',
};

/** Who asks about whom. */
export interface TakeOverRequest {
  /** ARN of the execution that ended. */
  readonly ended: string;
  /** ARN of the execution that cleans up after it. */
  readonly reaper: string;
}

/** What was decided; `taken` tells that the reaper holds it already, from a call of before. */
export interface Decision {
  readonly remains: Remains;
  readonly taken: boolean;
  readonly detail: string;
}

/**
 * Decides what a dead execution leaves behind. Only what the ledger names it for is taken over, so that of two reapers, and of a
 * child's end beside its parent's, one acts.
 */
export function decideRemains(row: LedgerRow, { ended, reaper }: TakeOverRequest): Decision {
  const nothing = (detail: string): Decision => ({ remains: 'nothing', taken: false, detail });
  const taken = row.execution === reaper;
  if (row.side !== 'source') return nothing('the ledger on the source is that of a target');
  if (row.execution === '') return nothing(`nobody holds the migration, it stands in phase ${row.phase}`);
  if (!taken && row.execution !== ended) {
    return nothing(`the migration is held by ${row.execution} in phase ${row.phase}`);
  }
  const remains = BY_PHASE[row.phase];
  if (remains === 'nothing') return nothing(`the migration is over, it stands in phase ${row.phase}`);
  return { remains, taken, detail: `the execution held the migration in phase ${row.phase}` };
}

/**
 * Decides what a dead `Rollback` leaves behind: `live` is the ledger of the encrypted server, which the way back is held in,
 * `old` that of the old source, null when it has none or does not answer. Sides that are turned back on the first alone are
 * turned back on the other too.
 */
export function decideWayBackRemains(
  live: LedgerRow,
  old: LedgerRow | null,
  { ended, reaper }: TakeOverRequest,
): Decision {
  const nothing = (detail: string): Decision => ({ remains: 'nothing', taken: false, detail });
  const taken = live.execution === reaper;
  if (!taken && live.execution !== ended) {
    return nothing(`the target's ledger is held by ${live.execution || 'nobody'} in phase ${live.phase}`);
  }
  const halfTurned = !isTurned(live) && live.phase === 'live' && old !== null && isTurned(old);
  const remains = halfTurned ? 'turn-back' : isTurned(live) ? BACK_BY_PHASE[live.phase] : undefined;
  if (remains === undefined) return nothing(`nobody is on the way back, the target stands in phase ${live.phase}`);
  return { remains, taken, detail: `the execution held the way back in phase ${live.phase}` };
}

/** True when the old source's ledger says that somebody is on the way back: how far, only the live server knows. */
export function isOnWayBack(old: LedgerRow): boolean {
  return isTurned(old) && old.phase !== 'rolled-back';
}
