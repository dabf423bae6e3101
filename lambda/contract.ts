/**
 * THE SEAM between what exists in AWS (`lib`) and what happens (`lambda`): steps, their inputs and outputs,
 * environment names, error names. What steps carry stands in `contract/`, one file per idea. Both worlds import them; they
 * import only each other and compute nothing.
 *
 * Everything that crosses is JSON: LSNs, counts and byte sizes are strings or safe integers as typed here, times are ISO
 * strings, secrets are ARNs. A change to an existing field is a change of `SCHEMA_VERSION`, because running executions
 * keep the definition they started with (facts J3).
 */

/** Version of every payload below; a handler refuses an event of another version (fault 17). */
export const SCHEMA_VERSION = '1';

/** Where a step's function runs: `aws` speaks only to AWS, outside the VPC; `database` runs inside it. */
export type Reach = 'aws' | 'database';

/**
 * Every step: its name in states, logs and `application_name`, the handler file below `lambda/`, its reach, and its
 * Lambda timeout in seconds. Timeouts nest: statement < client < Lambda < state (facts F11).
 */
export const STEPS = {
  inspect: { handler: 'assess/inspect', reach: 'aws', timeoutSeconds: 60 },
  assess: { handler: 'assess/assess', reach: 'database', timeoutSeconds: 300 },
  claim: { handler: 'seed/claim', reach: 'database', timeoutSeconds: 60 },
  'plan-scan': { handler: 'scan/plan', reach: 'database', timeoutSeconds: 300 },
  'scan-ranges': { handler: 'scan/work', reach: 'database', timeoutSeconds: 600 },
  'conclude-scan': { handler: 'scan/conclude', reach: 'database', timeoutSeconds: 300 },
  quarantine: { handler: 'scan/quarantine', reach: 'database', timeoutSeconds: 600 },
  prepare: { handler: 'seed/prepare', reach: 'database', timeoutSeconds: 300 },
  snapshot: { handler: 'seed/snapshot', reach: 'aws', timeoutSeconds: 60 },
  encrypt: { handler: 'seed/encrypt', reach: 'aws', timeoutSeconds: 60 },
  restore: { handler: 'seed/restore', reach: 'aws', timeoutSeconds: 60 },
  adopt: { handler: 'seed/adopt', reach: 'database', timeoutSeconds: 300 },
  'make-databases': { handler: 'copy/databases', reach: 'database', timeoutSeconds: 300 },
  'hold-snapshot': { handler: 'copy/hold-snapshot', reach: 'database', timeoutSeconds: 300 },
  'plan-schema': { handler: 'copy/plan-schema', reach: 'database', timeoutSeconds: 900 },
  'make-schema': { handler: 'copy/make-schema', reach: 'database', timeoutSeconds: 600 },
  'plan-rows': { handler: 'copy/plan-rows', reach: 'database', timeoutSeconds: 600 },
  'copy-rows': { handler: 'copy/copy-rows', reach: 'database', timeoutSeconds: 900 },
  'conclude-rows': { handler: 'copy/conclude-rows', reach: 'database', timeoutSeconds: 300 },
  'ready-dms': { handler: 'dms/ready-dms', reach: 'database', timeoutSeconds: 600 },
  'advance-dms': { handler: 'dms/advance-dms', reach: 'aws', timeoutSeconds: 300 },
  'bring-indexes-back': { handler: 'copy/bring-indexes-back', reach: 'database', timeoutSeconds: 600 },
  'end-dms': { handler: 'dms/end-dms', reach: 'aws', timeoutSeconds: 300 },
  subscribe: { handler: 'replicate/subscribe', reach: 'database', timeoutSeconds: 120 },
  watch: { handler: 'replicate/watch', reach: 'database', timeoutSeconds: 60 },
  'plan-verification': { handler: 'verify/plan', reach: 'database', timeoutSeconds: 300 },
  'verify-chunks': { handler: 'verify/chunks', reach: 'database', timeoutSeconds: 600 },
  'conclude-verification': { handler: 'verify/conclude', reach: 'database', timeoutSeconds: 300 },
  'plan-prune': { handler: 'prune/plan', reach: 'database', timeoutSeconds: 600 },
  'prune-rows': { handler: 'prune/rows', reach: 'database', timeoutSeconds: 600 },
  'conclude-prune': { handler: 'prune/conclude', reach: 'database', timeoutSeconds: 900 },
  cutover: { handler: 'cutover/cutover', reach: 'database', timeoutSeconds: 300 },
  settle: { handler: 'cutover/settle', reach: 'database', timeoutSeconds: 300 },
  'give-back': { handler: 'cutover/give-back', reach: 'database', timeoutSeconds: 300 },
  'turn-round': { handler: 'rollback/turn-round', reach: 'database', timeoutSeconds: 120 },
  retire: { handler: 'rollback/retire', reach: 'database', timeoutSeconds: 300 },
  'watch-way-back': { handler: 'rollback/watch-way-back', reach: 'database', timeoutSeconds: 60 },
  'list-leftovers': { handler: 'rollback/list-leftovers', reach: 'aws', timeoutSeconds: 60 },
  release: { handler: 'seed/release', reach: 'database', timeoutSeconds: 300 },
  locate: { handler: 'reap/locate', reach: 'aws', timeoutSeconds: 60 },
  'take-over': { handler: 'reap/take-over', reach: 'database', timeoutSeconds: 60 },
} as const satisfies Record<string, { handler: string; reach: Reach; timeoutSeconds: number }>;

/** The name of a step. */
export type StepName = keyof typeof STEPS;

/** Literal names of errors that a Retry or Catch reacts to (style section 6). */
export const ERRORS = {
  /** Nothing is wrong, ask again. */
  notReady: 'NotReady',
  /** A precondition fails; nothing was changed; names the object and the remedy. */
  blocked: 'Blocked',
  /** Failed before the flip: the source is given back. */
  cutoverAborted: 'CutoverAborted',
  /** Failed after the flip: the target is live; page a human, never undo. */
  pastTheFlip: 'PastTheFlip',
} as const;

/** Name of the error with which an approver refuses a cutover (`send-task-failure --error Refused`); no step raises it. */
export const REFUSED = 'Refused';

/** The ledger's phases, in order; those behind `live` are ends or by-ways (design section 4). */
export const PHASES = [
  'assessed',
  'pruned',
  'scanned',
  'seeding',
  'replicating',
  'verified',
  'fencing',
  'fenced',
  'flipped',
  'live',
  'needs-resync',
  'aborted',
  'rolled-back',
  'retired',
] as const;

/** A phase of the ledger. */
export type Phase = (typeof PHASES)[number];

/** The phases that an operator can stop after, as `stopAfter` names them. */
export const STOP_AFTER = ['assess', 'prune', 'scan', 'replicate', 'cutover'] as const;

/** A value of `stopAfter`. */
export type StopAfter = (typeof STOP_AFTER)[number];
