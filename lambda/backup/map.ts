/**
 * The map between applications' backups and snapshots, its side in the evidence bucket; the other side is the tags. Below
 * `backups/<migration>/`:
 *
 *     snapshots/<snapshot>.json       what the snapshot is
 *     applications/<hash>.json        which snapshot an application's id names
 *     readings/<snapshot>.json        the first reading, from before the snapshot
 *     manifests/<snapshot>.json       both readings
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Blocked } from '../errors';
import { keepOnce, keyOf, readLasting } from '../platform/lasting-objects';
import type { World } from '../platform/world';
import { type Manifest, manifestSchema } from './manifest';
import { type Reading, readingSchema } from './reading';
import { BACKUP_KINDS } from './retention';

const entrySchema = z.strictObject({
  mapVersion: z.literal('1'),
  migrationId: z.string(),
  snapshotId: z.string(),
  snapshotArn: z.string(),
  kind: z.enum(BACKUP_KINDS),
  request: z.string(),
  applicationId: z.string().nullable(),
  instanceId: z.string(),
  /** Immutable: tells the instance from before a migration from the one after it. */
  instanceResourceId: z.string(),
  keyArn: z.string(),
  /** ISO. */
  takenAt: z.string(),
  /** End of the WAL of the first reading. */
  lsn: z.string(),
});

/** What the map says of one backup. */
export type MapEntry = z.infer<typeof entrySchema>;

/** Whose map, and where. */
export type MapOwner = Pick<World, 'migrationId'> & {
  readonly environment: Pick<World['environment'], 'evidenceBucket'>;
};

/** Keeps both objects of an entry; writing it again changes nothing. Throws `Blocked` when the map says something else already. */
export async function keepEntry(owner: MapOwner, entry: MapEntry): Promise<void> {
  const paths = [`snapshots/${entry.snapshotId}`];
  if (entry.applicationId !== null) paths.push(applicationPath(entry.applicationId));
  for (const path of paths) {
    const kept = entrySchema.parse(await keepOrRead(owner, path, entry));
    if (kept.snapshotArn === entry.snapshotArn && kept.applicationId === entry.applicationId) continue;
    throw new Blocked(
      `${keyOf(placeOf(owner, path))} names snapshot ${kept.snapshotId} already, ${entry.snapshotId} was to be kept there; ` +
        'ask for the backup under another id',
    );
  }
}

/** What an application's id names; null when the map does not know it. */
export async function findByApplicationId(owner: MapOwner, applicationId: string): Promise<MapEntry | null> {
  const found = await readLasting(placeOf(owner, applicationPath(applicationId)));
  return found === null ? null : entrySchema.parse(found);
}

/** Keeps the first reading of a backup, and answers the one that counts: of two, the one that was kept first. */
export async function keepFirstReading(owner: MapOwner, snapshotId: string, reading: Reading): Promise<Reading> {
  return readingSchema.parse(await keepOrRead(owner, `readings/${snapshotId}`, reading));
}

/** The first reading of a backup; null while there is none. */
export async function findFirstReading(owner: MapOwner, snapshotId: string): Promise<Reading | null> {
  const found = await readLasting(placeOf(owner, `readings/${snapshotId}`));
  return found === null ? null : readingSchema.parse(found);
}

/** Keeps a manifest, and answers the one that counts: of two, the one that was kept first. */
export async function keepManifest(owner: MapOwner, manifest: Manifest): Promise<Manifest> {
  return manifestSchema.parse(await keepOrRead(owner, `manifests/${manifest.snapshotId}`, manifest));
}

/** Whether a snapshot of that name was ever concluded; it may be gone since. */
export async function wasConcluded(owner: MapOwner, snapshotId: string): Promise<boolean> {
  return (await readLasting(placeOf(owner, `manifests/${snapshotId}`))) !== null;
}

/** The manifest of a snapshot; throws `Blocked` when there is none, or one that another migration or snapshot has. */
export async function readManifest(owner: MapOwner, snapshotId: string): Promise<Manifest> {
  const place = placeOf(owner, `manifests/${snapshotId}`);
  const found = await readLasting(place);
  if (found === null) {
    throw new Blocked(
      `snapshot ${snapshotId} has no manifest ${keyOf(place)}: what is in it cannot be checked, choose another backup`,
    );
  }
  const parsed = manifestSchema.safeParse(found);
  if (!parsed.success) {
    throw new Blocked(`manifest ${keyOf(place)} is damaged or of another version, choose another backup`, {
      cause: parsed.error,
    });
  }
  const { migrationId, snapshotId: named } = parsed.data;
  if (migrationId === owner.migrationId && named === snapshotId) return parsed.data;
  throw new Blocked(
    `manifest ${keyOf(place)} is of snapshot ${named} of migration ${migrationId}, ${snapshotId} of ${owner.migrationId} was expected`,
  );
}

async function keepOrRead(owner: MapOwner, path: string, content: object): Promise<unknown> {
  const place = placeOf(owner, path);
  return (await keepOnce(place, content)) ? content : readLasting(place);
}

function placeOf({ migrationId, environment }: MapOwner, path: string) {
  return { bucket: environment.evidenceBucket, path: `${migrationId}/${path}.json` };
}

/** An id may hold what a key should not. */
function applicationPath(applicationId: string): string {
  return `applications/${createHash('sha256').update(applicationId).digest('hex')}`;
}
