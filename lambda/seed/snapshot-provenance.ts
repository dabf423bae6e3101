/** Which snapshots are ours: look first, adopt what this migration made of this source, refuse what is foreign (fault 76). */
import { Blocked } from '../errors';
import { type DescribedSnapshot, MIGRATION_TAG, type Tags } from '../platform/rds';
import { classifySnapshotStatus } from '../platform/rds-status';
import type { World } from '../platform/world';

/** Tag with the epoch of the run that asked for a snapshot; for people, the proof is the marker that `adopt` looks for. */
export const EPOCH_TAG = 'sealift:epoch';

/** Tags of a snapshot of this run: the customer's own, then ours, which they cannot replace. */
export function snapshotTags(world: World): Tags {
  return { ...world.environment.tags, [MIGRATION_TAG]: world.migrationId, [EPOCH_TAG]: world.epoch };
}

/** Throws `Blocked` unless the snapshot carries this migration's tag. */
export function assertOurs(world: World, snapshot: DescribedSnapshot): void {
  const owner = snapshot.tags[MIGRATION_TAG];
  if (owner === world.migrationId) return;
  const found = owner === undefined ? 'no such tag' : JSON.stringify(owner);
  throw new Blocked(
    `snapshot ${snapshot.id} exists and is foreign: its tag ${MIGRATION_TAG} should be ` +
      `${JSON.stringify(world.migrationId)}, found ${found}; rename or delete that snapshot, or use another migration id`,
  );
}

/** The step's answer; throws `Blocked` when the snapshot has a status that only a person can help. */
export function snapshotProgress(snapshot: DescribedSnapshot) {
  const kind = classifySnapshotStatus(snapshot.status);
  if (kind === 'human') {
    throw new Blocked(
      `snapshot ${snapshot.id} is ${snapshot.status}, delete it and start the migration again after its cause is removed`,
    );
  }
  return {
    status: kind === 'good' ? ('available' as const) : ('pending' as const),
    snapshotId: snapshot.id,
    snapshotArn: snapshot.arn,
    progressPercent: kind === 'good' ? 100 : snapshot.progressPercent,
  };
}
