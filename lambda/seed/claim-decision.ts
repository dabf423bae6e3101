/** Who may hold a migration: a pure decision, so that every case can be listed (faults 9, 14, 29). */
import type { Phase } from '../contract';
import { isTurned, type LedgerRow } from '../platform/ledger';
import { isInUse } from '../platform/phases';

/** Who asks, and of which cluster. */
export interface ClaimRequest {
  readonly migrationId: string;
  readonly execution: string;
  /** Execution that is taken over; null when none. */
  readonly takeOver: string | null;
  readonly systemIdentifier: string;
  /** Epoch of a migration that has no row yet. */
  readonly firstEpoch: string;
}

/** `hold`: the claim stands with this epoch and phase; `refuse`: nothing may be changed. */
export type ClaimDecision =
  | { readonly verdict: 'hold'; readonly epoch: string; readonly phase: Phase }
  | { readonly verdict: 'refuse'; readonly reason: string };

/**
 * Decides on a claim. The same execution keeps what it holds; another one takes a released, aborted or explicitly taken-over
 * migration with the next epoch, so that everything of the older one is refused from then on (I6).
 */
export function decideClaim(row: LedgerRow | null, request: ClaimRequest): ClaimDecision {
  if (row === null) return { verdict: 'hold', epoch: request.firstEpoch, phase: 'assessed' };
  const reason = refusal(row, request);
  if (reason !== null) {
    return { verdict: 'refuse', reason: `migration ${JSON.stringify(request.migrationId)} ${reason}` };
  }
  if (row.execution === request.execution) return { verdict: 'hold', epoch: row.epoch, phase: row.phase };
  const phase = row.phase === 'aborted' ? 'assessed' : row.phase;
  return { verdict: 'hold', epoch: (BigInt(row.epoch) + 1n).toString(), phase };
}

function refusal(row: LedgerRow, request: ClaimRequest): string | null {
  if (isTurned(row) && row.phase === 'rolled-back') {
    return 'was rolled back, and its ledger still names its target: start over as the runbook says';
  }
  if (isTurned(row)) return `is on its way back (execution ${row.execution}), there is nothing to claim`;
  if (row.side !== 'source') {
    return 'finds the ledger of a target on this server, the source and the target are mixed up, correct the configuration';
  }
  if (row.systemIdentifier !== request.systemIdentifier) {
    return (
      `began on the cluster with system identifier ${row.systemIdentifier}, this server has ${request.systemIdentifier}; ` +
      'it is another database, release the migration and start again'
    );
  }
  if (isInUse(row.phase)) {
    return `stands in phase ${row.phase}, its target is in use (execution ${row.execution}), there is nothing to claim`;
  }
  const own = row.execution === request.execution;
  if (own && row.phase === 'aborted') return 'was aborted by this execution, start a new execution';
  const free = own || row.execution === '' || row.phase === 'aborted' || row.execution === request.takeOver;
  if (free) return null;
  return (
    `is held by execution ${row.execution} in phase ${row.phase}, wait for it, or start again with takeOver set to that ` +
    'ARN when it is dead'
  );
}
