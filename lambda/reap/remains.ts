/** What becomes of a migration whose execution is dead: a pure decision, so that every case can be listed (faults 11, 12). */
import type { Phase } from '../contract';
import type { Remains } from '../contract/reap';
import type { LedgerRow } from '../platform/ledger';

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
