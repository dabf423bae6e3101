/** The encrypted copy of the snapshot: the only act that adds a key (facts E11); asked again until it is available. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { NotReady } from '../errors';
import { encryptedSnapshotName } from '../platform/names';
import { claimedCall, snapshotPurpose } from '../platform/payload';
import { copySnapshot, type DescribedSnapshot, findSnapshot } from '../platform/rds';
import {
  assertCopyOf,
  assertOurs,
  assertSealed,
  snapshotProgress,
  snapshotTags,
} from '../platform/snapshot-provenance';
import type { World } from '../platform/world';

/** Input of the step. */
export const encryptInput = claimedCall.extend({ snapshotArn: z.string().min(1), purpose: snapshotPurpose });

/** Makes the copy, or finds the one that this migration made of this snapshot; it must be encrypted with the wanted key. */
export async function encrypt(input: Input<'encrypt'>, world: World): Promise<Output<'encrypt'>> {
  const snapshotId = encryptedSnapshotName(world.migrationId, input.purpose ?? 'seed');
  const made = (await findSnapshot(snapshotId)) ?? (await make(snapshotId, input.snapshotArn, world));
  assertOurs(world, made);
  assertCopyOf(made, input.snapshotArn);
  const progress = snapshotProgress(made);
  if (progress.status === 'available') assertSealed(made, world.environment.keyArn);
  return progress;
}

async function make(snapshotId: string, sourceArn: string, world: World): Promise<DescribedSnapshot> {
  const { keyArn } = world.environment;
  const request = { snapshotId, sourceArn, keyArn, tags: snapshotTags(world) };
  const made = (await copySnapshot(request)) ?? (await findSnapshot(snapshotId));
  if (made === null) throw new NotReady(`snapshot ${snapshotId} was asked for and is not listed yet`);
  world.log.fact('encrypted copy started', { snapshot: snapshotId, key: keyArn });
  return made;
}
