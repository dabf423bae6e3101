/** The snapshot of the source, taken after the slots exist (facts A2); asked again until it is available. */
import type { Input, InstanceFacts, Output } from '../contract';
import { Blocked, NotReady } from '../errors';
import { snapshotName } from '../platform/names';
import { claimedCall, instanceFacts } from '../platform/payload';
import { createSnapshot, type DescribedSnapshot, findSnapshot } from '../platform/rds';
import type { World } from '../platform/world';
import { assertOurs, snapshotProgress, snapshotTags } from './snapshot-provenance';

/** Input of the step. */
export const snapshotInput = claimedCall.extend({ source: instanceFacts });

/**
 * Makes the snapshot, or finds the one that this migration made of this source. A snapshot of an earlier run is refused by
 * `adopt`, which looks for this run's marker in it.
 */
export async function snapshot(input: Input<'snapshot'>, world: World): Promise<Output<'snapshot'>> {
  const snapshotId = snapshotName(world.migrationId);
  const made = (await findSnapshot(snapshotId)) ?? (await make(snapshotId, input.source, world));
  assertOurs(world, made);
  assertOfSource(made, input.source);
  return snapshotProgress(made);
}

async function make(snapshotId: string, source: InstanceFacts, world: World): Promise<DescribedSnapshot> {
  const request = { snapshotId, instanceId: source.instanceId, tags: snapshotTags(world) };
  const made = (await createSnapshot(request)) ?? (await findSnapshot(snapshotId));
  if (made === null) throw new NotReady(`snapshot ${snapshotId} was asked for and is not listed yet`);
  world.log.fact('snapshot started', { snapshot: snapshotId });
  return made;
}

/** The name of an instance can be given to another one; its resource id cannot (facts E20). */
function assertOfSource(made: DescribedSnapshot, source: InstanceFacts): void {
  const sameResource = made.instanceResourceId === null || made.instanceResourceId === source.resourceId;
  if (made.instanceId === source.instanceId && sameResource) return;
  throw new Blocked(
    `snapshot ${made.id} was taken of instance ${made.instanceId} (${made.instanceResourceId ?? 'unknown'}), ` +
      `${source.instanceId} (${source.resourceId}) was expected; delete that snapshot or use another migration id`,
  );
}
