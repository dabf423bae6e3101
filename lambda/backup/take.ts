/**
 * Takes a backup: one request, one snapshot, encrypted with the wanted key.
 *
 *     instance under the wanted key:   CreateDBSnapshot ------------------------------> asserted
 *     any other instance:              CreateDBSnapshot -> CopyDBSnapshot with the key -> asserted -> the first one deleted
 *
 * Asked again until it is available; nothing waits in here.
 */
import type { InstanceFacts } from '../contract/instance';
import { Blocked, NotReady } from '../errors';
import { deleteSnapshot } from '../platform/backup-snapshots';
import { backupName, unsealedBackupName } from '../platform/names';
import { copySnapshot, createSnapshot, type DescribedSnapshot, findSnapshot, type Tags } from '../platform/rds';
import {
  assertCopyOf,
  assertOfInstance,
  assertOurs,
  assertSealed,
  isSealed,
  snapshotProgress,
  snapshotTags,
} from '../platform/snapshot-provenance';
import type { World } from '../platform/world';
import { BACKUP_TAGS, type BackupRequest, tagsOfRequest } from './request';

/** The instance that is backed up. */
export type BackedUp = Pick<InstanceFacts, 'instanceId' | 'resourceId' | 'encryption'>;

/** How far a backup is; `snapshot` is null until the one that stays was begun. */
export interface BackupProgress {
  readonly status: 'pending' | 'available';
  readonly detail: string;
  readonly snapshot: DescribedSnapshot | null;
}

/**
 * Begins the backup, or finds what the same request began, and says how far it is. Throws `Blocked` for a snapshot under its name that is
 * another migration's, another request's, another instance's or not encrypted as wanted, and for one that cannot become available.
 */
export async function takeBackup(request: BackupRequest, instance: BackedUp, world: World): Promise<BackupProgress> {
  const { keyArn } = world.environment;
  const name = backupName(world.migrationId, request.kind, request.request);
  const tags = { ...snapshotTags(world), ...tagsOfRequest(request, keyArn) };
  const sealed = isSealed(instance.encryption, keyArn);
  const found = await findSnapshot(name);
  const made =
    found ?? (sealed ? await create(name, instance, tags, world) : await seal(name, request, instance, tags, world));
  if (made === null)
    return { status: 'pending', detail: `snapshot ${unsealedBackupName(name)} is being made`, snapshot: null };
  assertOurs(world, made);
  assertRequest(made, request);
  assertOfInstance(made, instance);
  const { status, progressPercent } = snapshotProgress(made);
  if (status === 'pending') return { status, detail: `snapshot ${name} is at ${progressPercent} %`, snapshot: made };
  assertSealed(made, keyArn);
  if (!sealed) await removeUnsealed(name, made, world);
  return { status, detail: `snapshot ${name} is available and encrypted with ${keyArn}`, snapshot: made };
}

async function create(name: string, instance: BackedUp, tags: Tags, world: World): Promise<DescribedSnapshot> {
  const { instanceId } = instance;
  const made = (await createSnapshot({ snapshotId: name, instanceId, tags })) ?? (await findSnapshot(name));
  if (made === null) throw new NotReady(`snapshot ${name} was asked for and is not listed yet`);
  world.log.fact('backup started', { snapshot: name, instance: instanceId });
  return made;
}

/** Null until there is something to copy. */
async function seal(
  name: string,
  request: BackupRequest,
  instance: BackedUp,
  tags: Tags,
  world: World,
): Promise<DescribedSnapshot | null> {
  const unsealed = unsealedBackupName(name);
  // Without the tag of a backup: retention neither counts nor removes it.
  const { [BACKUP_TAGS.kind]: _, ...passing } = tags;
  const first = (await findSnapshot(unsealed)) ?? (await create(unsealed, instance, passing, world));
  assertOurs(world, first);
  assertSameRequest(first, request);
  assertOfInstance(first, instance);
  if (snapshotProgress(first).status === 'pending') return null;
  const { keyArn } = world.environment;
  const copy = { snapshotId: name, sourceArn: first.arn, keyArn, tags };
  const made = (await copySnapshot(copy).catch(madeMeanwhile(name))) ?? (await findSnapshot(name));
  if (made === null) throw new NotReady(`snapshot ${name} was asked for and is not listed yet`);
  assertCopyOf(made, first.arn);
  world.log.fact('backup copied', { snapshot: name, key: keyArn });
  return made;
}

/** A sibling that was quicker has removed what was to be copied: then its copy is there. */
function madeMeanwhile(name: string) {
  return async (error: unknown): Promise<DescribedSnapshot> => {
    const made = await findSnapshot(name);
    if (made === null) throw error;
    return made;
  };
}

/** What is not encrypted as wanted does not stay a moment longer than it is needed; only what we made and copied is removed. */
async function removeUnsealed(name: string, made: DescribedSnapshot, world: World): Promise<void> {
  const unsealed = await findSnapshot(unsealedBackupName(name));
  if (unsealed === null || made.copiedFrom !== unsealed.arn) return;
  assertOurs(world, unsealed);
  if (await deleteSnapshot(unsealed.id)) world.log.fact('unsealed snapshot deleted', { snapshot: unsealed.id });
}

function assertRequest(made: DescribedSnapshot, request: BackupRequest): void {
  if (made.tags[BACKUP_TAGS.kind] !== request.kind) throw otherTag(made, BACKUP_TAGS.kind, request.kind);
  assertSameRequest(made, request);
}

/** A first reading that was made after the snapshot says nothing about it: its LSN must be the one that the snapshot was made with. */
function assertSameRequest(made: DescribedSnapshot, { request, applicationId, lsn }: BackupRequest): void {
  const { tags } = made;
  if (tags[BACKUP_TAGS.request] !== request) throw otherTag(made, BACKUP_TAGS.request, request);
  if ((tags[BACKUP_TAGS.applicationId] ?? null) !== applicationId) {
    throw otherTag(made, BACKUP_TAGS.applicationId, applicationId ?? 'none');
  }
  if (tags[BACKUP_TAGS.lsn] !== lsn) throw otherTag(made, BACKUP_TAGS.lsn, lsn);
}

function otherTag(made: DescribedSnapshot, tag: string, wanted: string): Blocked {
  return new Blocked(
    `snapshot ${made.id} has tag ${tag} ${JSON.stringify(made.tags[tag] ?? 'none')}, ${JSON.stringify(wanted)} was expected: ` +
      'it was made by another request, ask under another id',
  );
}
