/** What an execution that did not end well still holds, and what becomes of it. */
import type { Phase } from '../contract';

/** Statuses of an execution, as Step Functions names them. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

/**
 * What is to be done with a migration whose execution is dead: `nothing`, it holds nothing; `release`, take everything off the
 * source; `keep`, replication goes on and the claim is freed; `give-back`, lift the fence, or finish forward behind the flip.
 * Of a way back: `turn-back`, the sides are what they were again; `give-target-back`, the same as `give-back` with the sides
 * turned round, and `turn-back` after a fence.
 */
export type Remains = 'nothing' | 'release' | 'keep' | 'give-back' | 'turn-back' | 'give-target-back';

/** What was found in the ledger, and taken over unless `remains` is `nothing`. */
export interface Holding {
  readonly remains: Remains;
  /** Epoch under which the remains are dealt with; null when nothing was taken over. */
  readonly epoch: string | null;
  /** Null without a ledger. */
  readonly phase: Phase | null;
  /** Databases of the migration; empty when nothing was taken over. */
  readonly databases: readonly string[];
  /** What was found, in words. */
  readonly detail: string;
}
