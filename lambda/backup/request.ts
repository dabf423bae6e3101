/** What asks for a backup, and how a snapshot tells it again. */
import * as z from 'zod';
import type { DescribedSnapshot, Tags } from '../platform/rds';
import { classifySnapshotStatus } from '../platform/rds-status';
import { isSealed } from '../platform/snapshot-provenance';
import { BACKUP_KINDS, type BackupKind, type BackupState, type KeptBackup } from './retention';

/** Tags of a backup, beside that of the migration. */
export const BACKUP_TAGS = {
  kind: 'sealift:backup',
  request: 'sealift:backup-request',
  /** The application's own id of the backup. */
  applicationId: 'sealift:backup-application-id',
  /** End of the WAL that the first reading saw; the snapshot stands at it or later. */
  lsn: 'sealift:backup-lsn',
  key: 'sealift:backup-key',
  /** Set by people: why it must stay. */
  legalHold: 'sealift:legal-hold',
  /** Set when a restore of it matched its manifest: the time. */
  proven: 'sealift:backup-proven',
} as const;

/** What a tag of AWS can hold: letters, digits, space and `_.:/=+-@`, at most 256 of them. */
const tagValue = z
  .string()
  .max(256)
  .regex(/^[\p{L}\p{N}_.:/=+\-@](?:[\p{L}\p{N} _.:/=+\-@]*[\p{L}\p{N}_.:/=+\-@])?$/u);

/** Shape of a request. */
export const backupRequest = z
  .strictObject({
    kind: z.enum(BACKUP_KINDS),
    /** Asked for twice under one value, one snapshot is made: the hour of a schedule, an execution, or the application's id. */
    request: tagValue,
    /** The application's own id of the backup; null when it has none. */
    applicationId: tagValue.nullable(),
    /** End of the WAL of the first reading. */
    lsn: z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i),
  })
  .refine(({ kind, applicationId }) => kind !== 'application' || applicationId !== null, {
    error: 'a backup of kind application has the id that the application knows it by',
    path: ['applicationId'],
  });

/** See `backupRequest`. */
export type BackupRequest = z.infer<typeof backupRequest>;

/** The tags that tell a request. */
export function tagsOfRequest({ kind, request, applicationId, lsn }: BackupRequest, keyArn: string): Tags {
  const told = {
    [BACKUP_TAGS.kind]: kind,
    [BACKUP_TAGS.request]: request,
    [BACKUP_TAGS.lsn]: lsn,
    [BACKUP_TAGS.key]: keyArn,
  };
  return applicationId === null ? told : { ...told, [BACKUP_TAGS.applicationId]: applicationId };
}

/** A snapshot as retention sees it; null for one that is no backup of ours. `neededBy` names the executions that need it, by snapshot. */
export function keptBackup(
  snapshot: DescribedSnapshot,
  keyArns: ReadonlySet<string>,
  neededBy: ReadonlyMap<string, string>,
): KeptBackup | null {
  const { tags } = snapshot;
  const kind = tags[BACKUP_TAGS.kind];
  if (kind === undefined) return null;
  return {
    snapshotId: snapshot.id,
    instanceResourceId: snapshot.instanceResourceId ?? snapshot.instanceId,
    kind: BACKUP_KINDS.find((known): known is BackupKind => known === kind) ?? null,
    state: stateOf(snapshot, keyArns),
    takenAt: snapshot.createdAt,
    legalHold: tags[BACKUP_TAGS.legalHold] ?? null,
    neededBy: neededBy.get(snapshot.id) ?? null,
    proven: tags[BACKUP_TAGS.proven] !== undefined,
  };
}

/** One that is available under no known key is neither: it may be in the making, or a key of ours that was replaced. */
function stateOf({ status, encryption }: DescribedSnapshot, keyArns: ReadonlySet<string>): BackupState {
  const kind = classifySnapshotStatus(status);
  if (kind === 'good') return [...keyArns].some((keyArn) => isSealed(encryption, keyArn)) ? 'good' : 'unknown';
  return status === 'failed' || status === 'incompatible-restore' ? 'damaged' : 'unknown';
}
