/**
 * Large objects, which no stream carries: compared by hash on both servers, what differs is made anew on the target. Once before
 * the fence, so that the outage carries only what changed since, and once behind it (fault 49).
 */
import { Blocked, CutoverAborted } from '../errors';
import { guarded } from '../platform/ledger';
import { joinRoles } from '../platform/memberships';
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import type { Pair } from '../proof/compare';
import type { Bucket, ObjectGrant, ObjectState } from './sql/large-objects';
import * as sql from './sql/large-objects';
import type { Stage } from './stage';

/** Bytes that travel at a time. */
const PIECE_BYTES = 2 ** 20;

/** Objects that one statement takes away: each needs a lock. */
const UNLINKED_AT_ONCE = 500;

/** Most objects that a message names. */
const NAMED = 5;

/** What was done, all databases together. */
export interface SyncedObjects {
  readonly objects: number;
  readonly copied: number;
  readonly removed: number;
  readonly bytes: number;
}

/** Becomes a member of every owner of large objects on both sides, recorded like all memberships; nothing without the policy. */
export async function openLargeObjects(stage: Stage): Promise<void> {
  const expected = stage.world.expect('verified');
  for (const { objects } of stage.databases) {
    if (objects === null) continue;
    const owners = (await objects.source.query<{ owner: string }>(sql.ownersOfClosedObjects)).map(({ owner }) => owner);
    const others = (await objects.target.query<{ owner: string }>(sql.ownersOfClosedObjects)).map(({ owner }) => owner);
    if (owners.length > 0) await guarded(stage.sourceHome, expected, () => joinRoles(stage.sourceHome, owners));
    await assertReadable(objects.source);
    const all = [...new Set([...(await ownersNeeded(objects)), ...others])];
    if (all.length > 0) await guarded(stage.targetHome, expected, () => joinRoles(stage.targetHome, all));
  }
}

async function assertReadable(source: Session<'source'>): Promise<void> {
  const found = await source.query<{ oid: string; owner: string }>(sql.unreadableObjects);
  if (found.length === 0) return;
  const named = found.slice(0, NAMED).map(({ oid, owner }) => `${oid} of ${owner}`);
  throw new Blocked(
    `large objects of database ${JSON.stringify(source.database)} may not be read by their own owner, so that they cannot be copied: ` +
      `${named.join(', ')}; grant select on them to their owner`,
  );
}

/** An object is given to its owner on the target by somebody who may act as that owner. */
async function ownersNeeded({ source }: Pair): Promise<string[]> {
  const rows = await source.query<{ owner: string }>(sql.owners);
  return rows.map(({ owner }) => owner);
}

/**
 * Makes the large objects of the target what those of the source are: content, owner, access list. Throws `CutoverAborted` when
 * one differs although it was copied: somebody writes it, or may write where nobody should.
 */
export async function syncLargeObjects(stage: Stage, options: { readonly atRest: boolean }): Promise<SyncedObjects> {
  const done = await Promise.all(
    stage.databases.flatMap(({ objects, name }) => (objects === null ? [] : [syncDatabase(objects, name, options)])),
  );
  const sum = (pick: (each: SyncedObjects) => number) => done.reduce((total, each) => total + pick(each), 0);
  const synced = {
    objects: sum(({ objects }) => objects),
    copied: sum(({ copied }) => copied),
    removed: sum(({ removed }) => removed),
    bytes: sum(({ bytes }) => bytes),
  };
  if (done.length > 0) stage.world.log.fact('large objects compared', { ...synced, ...options });
  return synced;
}

async function syncDatabase(
  pair: Pair,
  name: string,
  { atRest }: { readonly atRest: boolean },
): Promise<SyncedObjects> {
  const [left, right] = await Promise.all([digests(pair.source), digests(pair.target)]);
  const objects = [...left.values()].reduce((sum, bucket) => sum + bucket.objects, 0);
  const buckets = [...new Set([...left.keys(), ...right.keys()])].filter((bucket) => {
    return left.get(bucket)?.digest !== right.get(bucket)?.digest;
  });
  if (buckets.length === 0) return { objects, copied: 0, removed: 0, bytes: 0 };
  const [wanted, present] = await Promise.all([statesIn(pair.source, buckets), statesIn(pair.target, buckets)]);
  const changed = [...wanted.values()].filter(({ oid, digest }) => present.get(oid)?.digest !== digest);
  const gone = [...present.keys()].filter((oid) => !wanted.has(oid));
  for (let at = 0; at < gone.length; at += UNLINKED_AT_ONCE) {
    await pair.target.query(sql.unlinkObjects(gone.slice(at, at + UNLINKED_AT_ONCE)));
  }
  for (const object of changed) await copyObject(pair, object).catch((error) => leaveIfGone(error, atRest));
  if (atRest) await assertCopied(pair, name, changed);
  const bytes = changed.reduce((sum, object) => sum + Number(object.bytes), 0);
  return { objects, copied: changed.length, removed: gone.length, bytes };
}

async function digests(session: Session): Promise<ReadonlyMap<string, Bucket>> {
  const rows = await session.query<Bucket>(sql.bucketDigests);
  return new Map(rows.map((row) => [row.bucket, row]));
}

async function statesIn(session: Session, buckets: readonly string[]): Promise<ReadonlyMap<string, ObjectState>> {
  const rows = await session.query<ObjectState>(sql.objectsOf(buckets));
  return new Map(rows.map((row) => [row.oid, row]));
}

/** Made anew, so that size and access list carry nothing over; one transaction, so that nobody sees a part. */
async function copyObject({ source, target }: Pair, { oid, owner }: ObjectState): Promise<void> {
  await target.transaction(async () => {
    await target.query(sql.unlinkObjects([oid]));
    await target.query(sql.createObject(oid));
    // Ends at the first piece that is not full.
    for (let at = 0; ; at += PIECE_BYTES) {
      const { piece } = await source.one<{ piece: Buffer }>(sql.readPiece(oid, at, PIECE_BYTES));
      if (piece.length > 0) await target.query(sql.writePiece(oid, at, piece));
      if (piece.length < PIECE_BYTES) break;
    }
    await target.execute(sql.setOwner(oid, owner));
    const grants = await source.query<ObjectGrant>(sql.objectGrants(oid));
    if (grants.length === 0) return;
    await target.execute(sql.revokeFromOwner(oid, owner));
    for (const grant of grants) await target.execute(sql.grantOnObject(oid, grant));
  });
}

/** While writes flow an object may be gone by the time it is read; the next comparison sees that. */
function leaveIfGone(error: unknown, atRest: boolean): void {
  if (atRest || sqlStateOf(error) !== '42704') throw error;
}

async function assertCopied({ target }: Pair, database: string, wanted: readonly ObjectState[]): Promise<void> {
  const rows = await target.query<ObjectState>(sql.theseObjects(wanted.map(({ oid }) => oid)));
  const there = new Map(rows.map(({ oid, digest }) => [oid, digest]));
  const wrong = wanted.filter(({ oid, digest }) => there.get(oid) !== digest).map(({ oid }) => oid);
  if (wrong.length === 0) return;
  throw new CutoverAborted(
    `${wrong.length} large objects of database ${JSON.stringify(database)} differ although they were copied behind the fence: ` +
      `${wrong.slice(0, NAMED).join(', ')}, look for who writes them`,
  );
}
