/** Whether the sides of a migration may be turned round: a pure decision, so that every case can be listed. */
import { isTurned, type LedgerRow } from '../platform/ledger';
import { readWayBack, type WayBackFacts } from '../platform/way-back';

/** Who asks, and what was found beside the row that decides. */
export interface TurnRequest {
  readonly execution: string;
  /** Execution that is taken over; null when none. */
  readonly takeOver: string | null;
  /** The source's row; null when it has none. */
  readonly source: LedgerRow | null;
  /** The window has ended by the target's clock. */
  readonly over: boolean;
}

/**
 * `turn`: the sides are turned with this epoch; `keep`: they are turned, and this epoch goes on; `refuse`: nothing may be changed.
 */
export type TurnDecision =
  | { readonly verdict: 'turn' | 'keep'; readonly epoch: string; readonly wayBack: WayBackFacts }
  | { readonly verdict: 'refuse'; readonly reason: string };

/**
 * Decides by the target's row, which says who is live. A dead execution's way back is taken over with the next epoch, unless it
 * has flipped: then its own epoch is answered, with which the way can be completed only.
 */
export function decideTurn(row: LedgerRow | null, request: TurnRequest): TurnDecision {
  if (row === null) return refuse('is not known to the target, there is nothing to go back from');
  if (row.phase === 'rolled-back') return refuse('was rolled back before, the applications are on the source');
  const wayBack = readWayBack(row);
  if (isTurned(row) && wayBack !== null) return decideTurned(row, wayBack, request);
  if (row.phase !== 'live' || row.side !== 'target') return refuse(notLive(row));
  if (wayBack === null) {
    return refuse(
      'has no way back: none was prepared before the cutover (rollback.windowHours), or it was closed since; what was ' +
        'written after the cutover is on the target alone',
    );
  }
  if (request.over) {
    return refuse(
      `could be rolled back until ${wayBack.until}, which is over by the target's clock: close the way back with ` +
        'Retire, what was written after the cutover stays on the target',
    );
  }
  const epochs = [row.epoch, request.source?.epoch ?? '0'].map(BigInt);
  const latest = epochs.reduce((a, b) => (a > b ? a : b));
  return { verdict: 'turn', epoch: (latest + 1n).toString(), wayBack };
}

function decideTurned(row: LedgerRow, wayBack: WayBackFacts, request: TurnRequest): TurnDecision {
  const own = row.execution === request.execution;
  if (!own && row.execution !== '' && row.execution !== request.takeOver) {
    return refuse(
      `is being rolled back by execution ${row.execution} in phase ${row.phase}, wait for it, or start again with takeOver set ` +
        'to that ARN when it is dead',
    );
  }
  const { source } = request;
  if (source !== null && hasFlippedBack(source)) {
    return { verdict: 'keep', epoch: (BigInt(source.epoch) - 1n).toString(), wayBack };
  }
  if (own) return { verdict: 'keep', epoch: row.epoch, wayBack };
  return { verdict: 'turn', epoch: (BigInt(row.epoch) + 1n).toString(), wayBack };
}

/** True when the applications have returned: the source's row says who is live then. */
export function hasFlippedBack(source: LedgerRow | null): boolean {
  return source?.side === 'target' && (source.phase === 'flipped' || source.phase === 'rolled-back');
}

function notLive({ phase, side, execution }: LedgerRow): string {
  if (phase === 'flipped') {
    return `is not settled yet (execution ${execution}): let its cutover end, or start Cutover again`;
  }
  return `stands in phase ${phase} as the ${side}, only a live target can be gone back from`;
}

function refuse(reason: string): TurnDecision {
  return { verdict: 'refuse', reason };
}
