/** A snapshot of the source: the seed, taken after the slots exist (facts A2), or the baseline; asked again until it is available. */
import * as z from 'zod';
import type { InstanceFacts } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import { Blocked, NotReady } from '../errors';
import { snapshotName } from '../platform/names';
import { claimedCall, instanceFacts, snapshotPurpose } from '../platform/payload';
import { createSnapshot, type DescribedSnapshot, findSnapshot } from '../platform/rds';
import { assertOfInstance, assertOurs, snapshotProgress, snapshotTags } from '../platform/snapshot-provenance';
import type { World } from '../platform/world';

/** Input of the step. */
export const snapshotInput = claimedCall.extend({
  source: instanceFacts,
  purpose: snapshotPurpose,
  notBefore: z.string().min(1).nullable().optional(),
});

/**
 * Makes the snapshot, or finds the one that this migration made of this source. A seed of an earlier run is refused by `adopt`,
 * which looks for this run's marker in it; a baseline of an earlier one serves when nothing is pruned that is younger than it.
 */
export async function snapshot(input: Input<'snapshot'>, world: World): Promise<Output<'snapshot'>> {
  const snapshotId = snapshotName(world.migrationId, input.purpose ?? 'seed');
  const made = (await findSnapshot(snapshotId)) ?? (await make(snapshotId, input.source, world));
  assertOurs(world, made);
  assertOfInstance(made, input.source);
  if (input.notBefore != null) assertNotBefore(made, input.notBefore);
  return snapshotProgress(made);
}

/** A snapshot in the making has no time yet. */
function assertNotBefore(made: DescribedSnapshot, notBefore: string): void {
  if (made.createdAt === null || Date.parse(made.createdAt) >= Date.parse(notBefore)) return;
  throw new Blocked(
    `snapshot ${made.id} was taken at ${made.createdAt}, and what happened until ${notBefore} must be in it; ` +
      'copy it and its encrypted copy to names of your own, delete both, and start again',
  );
}

async function make(snapshotId: string, source: InstanceFacts, world: World): Promise<DescribedSnapshot> {
  const request = { snapshotId, instanceId: source.instanceId, tags: snapshotTags(world) };
  const made = (await createSnapshot(request)) ?? (await findSnapshot(snapshotId));
  if (made === null) throw new NotReady(`snapshot ${snapshotId} was asked for and is not listed yet`);
  world.log.fact('snapshot started', { snapshot: snapshotId });
  return made;
}
