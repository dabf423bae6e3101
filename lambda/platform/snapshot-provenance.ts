/** Which snapshots are ours: look first, adopt what this migration made of this source, refuse what is foreign (fault 76). */
import type { Encryption, InstanceFacts } from '../contract/instance';
import { Blocked } from '../errors';
import { type DescribedSnapshot, MIGRATION_TAG, type Tags } from './rds';
import { classifySnapshotStatus } from './rds-status';
import type { World } from './world';

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
      `snapshot ${snapshot.id} is ${snapshot.status}, delete it and start again after its cause is removed`,
    );
  }
  return {
    status: kind === 'good' ? ('available' as const) : ('pending' as const),
    snapshotId: snapshot.id,
    snapshotArn: snapshot.arn,
    progressPercent: kind === 'good' ? 100 : snapshot.progressPercent,
  };
}

/** Throws `Blocked` unless `made` is a copy of the snapshot `sourceArn`. */
export function assertCopyOf(made: DescribedSnapshot, sourceArn: string): void {
  if (made.copiedFrom === sourceArn) return;
  throw new Blocked(
    `snapshot ${made.id} is a copy of ${made.copiedFrom ?? 'nothing'}, a copy of ${sourceArn} was expected; delete ` +
      'that snapshot or use another migration id',
  );
}

/** Throws `Blocked` unless an available snapshot is encrypted with the wanted key: type and key decide (facts E10). */
export function assertSealed(made: DescribedSnapshot, keyArn: string): void {
  if (isSealed(made.encryption, keyArn)) return;
  const { type, keyArn: found } = made.encryption;
  throw new Blocked(
    `snapshot ${made.id} should be encrypted as sse-kms under ${keyArn}, found ${type} under ${found ?? 'no key'}; ` +
      'delete that snapshot and start again',
  );
}

/** True when storage is encrypted with the wanted key. */
export function isSealed({ type, keyArn: found }: Encryption, keyArn: string): boolean {
  return type === 'sse-kms' && found === keyArn;
}

/** Throws `Blocked` unless it was taken of that very instance: a name can be given to another one, a resource id cannot (facts E20). */
export function assertOfInstance(
  made: DescribedSnapshot,
  instance: Pick<InstanceFacts, 'instanceId' | 'resourceId'>,
): void {
  const sameResource = made.instanceResourceId === null || made.instanceResourceId === instance.resourceId;
  if (made.instanceId === instance.instanceId && sameResource) return;
  throw new Blocked(
    `snapshot ${made.id} was taken of instance ${made.instanceId} (${made.instanceResourceId ?? 'unknown'}), ` +
      `${instance.instanceId} (${instance.resourceId}) was expected; delete that snapshot or use another migration id`,
  );
}
