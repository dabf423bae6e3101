/**
 * Every name that Sealift gives, in PostgreSQL and in AWS, derived from the migration id: look first, then act, and touch
 * only what carries our name (faults 67, 68). Slot names allow `[a-z0-9_]` only (facts K5).
 */
import { createHash } from 'node:crypto';
import type { SnapshotPurpose } from '../contract/replication';

/** The ledger's schema, in the source and in the target. */
export const LEDGER_SCHEMA = 'sealift';

/** The database of a server that holds the authoritative ledger row; it exists on every RDS instance. */
export const HOME_DATABASE = 'postgres';

/** First eight hexadecimal digits of SHA-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** `sealift_<id>`: the prefix of everything in PostgreSQL. */
export function postgresPrefix(migrationId: string): string {
  return `sealift_${migrationId.replaceAll('-', '_')}`;
}

/** The publication, slot and subscription of one database share this name. */
export function streamName(migrationId: string, database: string): string {
  return `${postgresPrefix(migrationId)}_${shortHash(database)}`;
}

/**
 * The pglogical subscription of one database. Sixteen characters: of longer names pglogical makes a hash of its own where it names the
 * slot after them, and the slot could not be told by its name (facts C16).
 */
export function pglogicalSubscription(migrationId: string, database: string): string {
  return `${LEDGER_SCHEMA}_${shortHash(`${migrationId}/${database}`)}`;
}

/** The pglogical node of a migration in the databases of one side. */
export function pglogicalNode(migrationId: string, side: 'source' | 'target'): string {
  return `${postgresPrefix(migrationId)}_${side}`;
}

/** The slot that lists the keys changed since they were compared. */
export function tapName(migrationId: string, database: string): string {
  return `${postgresPrefix(migrationId)}_tap_${shortHash(database)}`;
}

/** Name of a snapshot of the source. */
export function snapshotName(migrationId: string, purpose: SnapshotPurpose): string {
  return `sealift-${migrationId}-${purpose}`;
}

/** Name of the encrypted copy of that snapshot. */
export function encryptedSnapshotName(migrationId: string, purpose: SnapshotPurpose): string {
  return `sealift-${migrationId}-${purpose}-encrypted`;
}

/**
 * Name of the snapshot that one request for a backup makes: the same request finds it again. Sixty-four bits, so that the requests of years
 * do not meet. `kind` is in it for people.
 */
export function backupName(migrationId: string, kind: string, request: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, request]))
    .digest('hex')
    .slice(0, 16);
  return `sealift-${migrationId}-backup-${kind}-${hash}`;
}

/** Name of that snapshot as long as it is not encrypted with the wanted key. */
export function unsealedBackupName(backup: string): string {
  return `${backup}-unsealed`;
}

/** What names of DMS tasks of a database begin with: letters, digits and single hyphens, as DMS wants them. */
export function dmsPrefix(migrationId: string, database: string): string {
  const prefix = `sealift-${shortHash(`${migrationId}/${database}`)}-${migrationId}`;
  return prefix.replace(/-+/g, '-').replace(/-$/, '');
}

/**
 * Names of the DMS task of a database, and of its endpoints. `since` is when its seeding began, as ISO text: the task of an earlier
 * seeding has another name, so that nobody resumes it, and a late call to end it ends no other.
 */
export function dmsNames(
  migrationId: string,
  database: string,
  since: string,
): { readonly task: string; readonly source: string; readonly target: string } {
  const task = `${dmsPrefix(migrationId, database)}-${since.replace(/\D/g, '').slice(0, 17)}`;
  return { task, source: `${task}-source`, target: `${task}-target` };
}

/** The login by which DMS writes to the target. */
export function dmsRole(migrationId: string): string {
  return `${postgresPrefix(migrationId)}_dms`;
}

/** Start of the `application_name` of every session of a step, so that a successor can end its predecessors (facts F11). */
export function applicationPrefix(migrationId: string, step: string): string {
  return `sealift/${migrationId}/${step}/`;
}

/** Start of the `application_name` of every session of a migration. */
export function migrationPrefix(migrationId: string): string {
  return `sealift/${migrationId}/`;
}

/** The login role by which the target's subscriptions reach the source. */
export function replicationRole(migrationId: string): string {
  return `${postgresPrefix(migrationId)}_replication`;
}
