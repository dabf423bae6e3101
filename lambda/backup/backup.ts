/**
 * The parts of a backup in their order, each of which can be done again:
 *
 *     begin: first reading, kept once -> take: snapshot, asked again until it is there -> conclude: second reading, manifest, map
 *
 * and what a restore is asked: does the manifest belong to this snapshot, and does the instance hold what it says?
 */
import { Blocked, NotReady } from '../errors';
import { backupName } from '../platform/names';
import type { Server } from '../platform/postgres';
import { type DescribedSnapshot, findSnapshot } from '../platform/rds';
import type { World } from '../platform/world';
import { type Comparison, compareWithManifest, type Manifest, type Mismatch } from './manifest';
import { findFirstReading, keepEntry, keepFirstReading, keepManifest, readManifest, wasConcluded } from './map';
import { type Reading, type ReadingOptions, readServer } from './reading';
import { BACKUP_TAGS, type BackupRequest } from './request';
import type { BackedUp } from './take';

/** How much a reading reads. */
export type ReadingBounds = Pick<ReadingOptions, 'sampleBytes' | 'hasTime'>;

/**
 * Makes the first reading, or finds the one that the same request made, and answers the request with its LSN. It must end before the
 * snapshot is asked for; a reading made later than the snapshot is refused by `takeBackup`, by that LSN. Throws `Blocked` for a request
 * whose snapshot was made and removed since.
 */
export async function beginBackup(
  request: Omit<BackupRequest, 'lsn'>,
  server: Server,
  world: World,
  bounds: ReadingBounds = {},
): Promise<BackupRequest> {
  const name = backupName(world.migrationId, request.kind, request.request);
  await assertNotRemoved(name, world);
  const known = await findFirstReading(world, name);
  const { lastLsn } =
    known ?? (await keepFirstReading(world, name, await readServer(server, { ...bounds, flushed: true })));
  return { ...request, lsn: lastLsn };
}

/** Another snapshot under the name of one that is gone would find the manifest of that one. */
async function assertNotRemoved(name: string, world: World): Promise<void> {
  if (!(await wasConcluded(world, name)) || (await findSnapshot(name)) !== null) return;
  throw new Blocked(`snapshot ${name} of this request was made and is not there any more, ask under another id`);
}

/** Makes the second reading when the snapshot is available, and keeps manifest and map. Done again it keeps what is there. */
export async function concludeBackup(
  request: BackupRequest,
  snapshot: DescribedSnapshot,
  source: { readonly instance: BackedUp; readonly server: Server },
  world: World,
  bounds: ReadingBounds = {},
): Promise<Manifest> {
  const before = await findFirstReading(world, snapshot.id);
  if (before === null || before.lastLsn !== request.lsn) {
    throw new Blocked(`the first reading of snapshot ${snapshot.id} is missing or another one, take another backup`);
  }
  const { createdAt: takenAt } = snapshot;
  if (takenAt === null) throw new NotReady(`snapshot ${snapshot.id} has no time yet`);
  const after = await readServer(source.server, { ...bounds, like: before });
  assertSameServer(snapshot, before, after);
  const { instanceId, resourceId: instanceResourceId } = source.instance;
  const { migrationId, environment } = world;
  const told = { migrationId, snapshotId: snapshot.id, instanceResourceId, keyArn: environment.keyArn, takenAt };
  const manifest = await keepManifest(world, { ...told, manifestVersion: '1', before, after });
  await keepEntry(world, {
    ...told,
    ...request,
    mapVersion: '1',
    snapshotArn: snapshot.arn,
    instanceId,
  });
  world.log.fact('backup concluded', { snapshot: snapshot.id, lsn: request.lsn });
  return manifest;
}

/**
 * Compares a restored instance, which nobody writes to yet, with the snapshot's manifest. Throws `Blocked` when the manifest is missing,
 * damaged, or does not belong to the snapshot, and when the instance differs: the first differences are named.
 */
export async function checkRestored(
  snapshot: DescribedSnapshot,
  restored: Server,
  world: World,
  bounds: Pick<ReadingOptions, 'hasTime'> = {},
): Promise<Comparison> {
  const manifest = await readManifest(world, snapshot.id);
  assertBelongs(manifest, snapshot);
  const comparison = compareWithManifest(manifest, await readServer(restored, { ...bounds, like: manifest.before }));
  const { mismatches } = comparison;
  if (mismatches.length === 0) return comparison;
  throw new Blocked(
    `the restore of snapshot ${snapshot.id} differs from its manifest in ${mismatches.length} things, it is not used: ` +
      mismatches.slice(0, MOST_NAMED).map(inWords).join('; '),
  );
}

/** An error's text is read by people; all differences come from `compareWithManifest`. */
const MOST_NAMED = 20;

/** A failover keeps the identifier; another server under the same name has another. */
function assertSameServer(snapshot: DescribedSnapshot, before: Reading, after: Reading): void {
  if (before.systemIdentifier === after.systemIdentifier) return;
  throw new Blocked(
    `the server was replaced while snapshot ${snapshot.id} was made: its system identifier was ${before.systemIdentifier} and ` +
      `is ${after.systemIdentifier}, take another backup`,
  );
}

/** What the snapshot itself says must be what its manifest says. */
function assertBelongs(manifest: Manifest, snapshot: DescribedSnapshot): void {
  const demand = (what: string, wanted: string, found: string | null | undefined) => {
    if (wanted === found) return;
    throw new Blocked(
      `the manifest of snapshot ${snapshot.id} does not belong to it: its ${what} is ${wanted}, that of the snapshot ` +
        `${found ?? 'unknown'}; choose another backup`,
    );
  };
  demand('instance', manifest.instanceResourceId, snapshot.instanceResourceId);
  demand('key', manifest.keyArn, snapshot.encryption.keyArn);
  demand('time', manifest.takenAt, snapshot.createdAt);
  demand('lsn', manifest.before.lastLsn, snapshot.tags[BACKUP_TAGS.lsn]);
}

function inWords({ kind, database, object, detail }: Mismatch): string {
  const where = database === null ? '' : ` in database ${JSON.stringify(database)}`;
  return `${kind} ${object}${where} ${detail}`;
}
