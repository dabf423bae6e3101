/** What every call of a step carries. */
import type { SCHEMA_VERSION } from '../contract';
import type { ServerFacts } from './instance';

/** Sent to every step: who calls. */
export interface Call {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** ARN of the root execution: `Migrate`'s when it runs the phases, else the phase's own. */
  readonly execution: string;
}

/** A call of a step that changes something: it must hold the claim. */
export interface ClaimedCall extends Call {
  /** The epoch that `claim` answered, decimal; another epoch in the ledger refuses the call (I6). */
  readonly epoch: string;
}

/** The two servers of a migration. */
export interface BothSides {
  readonly source: ServerFacts;
  readonly target: ServerFacts;
}
