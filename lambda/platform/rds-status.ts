/**
 * Our own table of RDS statuses. The SDK's waiter fails on five of them and waits for ever on the rest (facts E, fault 77);
 * an unknown status counts as transient, and the loop that asks has a bound (facts E18).
 */

/** `good`: goes on; `transient`: ask again; `human`: nothing moves without one. */
export type StatusClass = 'good' | 'transient' | 'human';

/** Statuses of an instance that end in nothing, or in something that a person must look at. */
const INSTANCE_HUMAN = new Set([
  'failed',
  'deleted',
  'deleting',
  'incompatible-create',
  'incompatible-restore',
  'incompatible-parameters',
  'incompatible-network',
  'incompatible-option-group',
  'incompatible-credentials',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'storage-full',
  'restore-error',
  'insufficient-capacity',
  'stopped',
  'stopping',
]);

/** Statuses of a snapshot that end in nothing. */
const SNAPSHOT_HUMAN = new Set(['failed', 'deleted', 'deleting', 'incompatible-restore', 'incompatible-parameters']);

/** Classifies `DBInstanceStatus`. */
export function classifyInstanceStatus(status: string): StatusClass {
  if (status === 'available') return 'good';
  return INSTANCE_HUMAN.has(status) ? 'human' : 'transient';
}

/** Classifies the `Status` of a snapshot. */
export function classifySnapshotStatus(status: string): StatusClass {
  if (status === 'available') return 'good';
  return SNAPSHOT_HUMAN.has(status) ? 'human' : 'transient';
}
