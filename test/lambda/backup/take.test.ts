import { chooseBackup } from '../../../lambda/backup/choose';
import type { Manifest } from '../../../lambda/backup/manifest';
import {
  findByApplicationId,
  findFirstReading,
  keepEntry,
  keepFirstReading,
  keepManifest,
  type MapEntry,
  readManifest,
} from '../../../lambda/backup/map';
import type { Reading } from '../../../lambda/backup/reading';
import { type BackupRequest, backupRequest } from '../../../lambda/backup/request';
import { retainBackups } from '../../../lambda/backup/retain';
import type { Retention } from '../../../lambda/backup/retention';
import { type BackedUp, takeBackup } from '../../../lambda/backup/take';
import { Blocked } from '../../../lambda/errors';
import { deleteSnapshot, listManualSnapshots } from '../../../lambda/platform/backup-snapshots';
import { keepOnce } from '../../../lambda/platform/lasting-objects';
import { backupName, unsealedBackupName } from '../../../lambda/platform/names';
import { findInstance } from '../../../lambda/platform/rds';
import { AwsStage, untilAvailable } from '../seed/aws-stage';

let stage: AwsStage;
/** Encrypted with the wanted key, and not. */
let sealed: BackedUp;
let plain: BackedUp;
let tests = 0;
/** Each test is a migration of its own, so that nothing has to be removed after it. */
let id: string;

beforeAll(async () => {
  stage = await AwsStage.start();
  const master = { username: 'dbadmin', password: 'a master password' };
  const made = stage.aws.plane.rds.instances.create({
    instanceId: 'sealed',
    engineVersion: '17.10',
    master,
    storageEncrypted: true,
    kmsKeyId: stage.keyArn,
  });
  await made.settled;
  [sealed, plain] = [await instance('sealed'), await instance('source')];
});
beforeEach(() => {
  tests += 1;
  id = `backup-${tests}`;
});
afterAll(() => stage?.close());

async function instance(name: string): Promise<BackedUp> {
  const found = await findInstance(name);
  if (found === null) throw new Error(`instance ${name} is missing`);
  return found.facts;
}

const request = (more: Partial<BackupRequest> = {}): BackupRequest =>
  backupRequest.parse({ kind: 'on-demand', request: 'run-1', applicationId: null, lsn: '0/1B73058', ...more });
const world = () => stage.world('snapshot', id).world;
const snapshots = () => stage.aws.plane.rds.snapshots;
const ask = (of = sealed, more: Partial<BackupRequest> = {}) => takeBackup(request(more), of, world());
const take = async (of = sealed, more: Partial<BackupRequest> = {}) => {
  const { snapshot } = await untilAvailable(() => ask(of, more));
  if (snapshot === null) throw new Error('a backup that is available has no snapshot');
  return snapshot;
};
const ours = async () => (await listManualSnapshots()).filter(({ tags }) => tags['sealift:id'] === id);
const refusal = (call: Promise<unknown>): Promise<Error | undefined> =>
  call.then(
    () => undefined,
    (error: Error) => error,
  );

describe('a backup', () => {
  it('is one snapshot for one request, encrypted as wanted, and tells what asked for it', async () => {
    stage.aws.plane.inject({ service: 'rds', operation: 'CreateDBSnapshot', effect: 'lose-response' });
    const made = await take(sealed, { kind: 'application', applicationId: 'nightly/2026-06-01' });
    const name = backupName(id, 'application', 'run-1');
    expect(await ours()).toHaveLength(1);
    expect(made).toMatchObject({ id: name, encryption: { type: 'sse-kms', keyArn: stage.keyArn } });
    expect(made.tags).toEqual({
      team: 'storage',
      'sealift:id': id,
      'sealift:epoch': '1',
      'sealift:backup': 'application',
      'sealift:backup-request': 'run-1',
      'sealift:backup-application-id': 'nightly/2026-06-01',
      'sealift:backup-lsn': '0/1B73058',
      'sealift:backup-key': stage.keyArn,
    });
    expect(await take(sealed, { kind: 'application', applicationId: 'nightly/2026-06-01' })).toEqual(made);
    await take(sealed, { request: 'run-2' });
    expect(await ours()).toHaveLength(2);
  });

  it('of an instance without the wanted key is a copy under it, and the first snapshot is gone', async () => {
    const made = await take(plain);
    const name = backupName(id, 'on-demand', 'run-1');
    expect(made).toMatchObject({ id: name, encryption: { type: 'sse-kms', keyArn: stage.keyArn } });
    expect((await ours()).map((one) => one.id)).toEqual([name]);
    expect(await deleteSnapshot(unsealedBackupName(name))).toBe(false);
    expect(await take(plain)).toEqual(made);
  });

  it('refuses under its name what another migration, request or reading made, and what is broken or open', async () => {
    const name = backupName(id, 'on-demand', 'run-1');
    const foreign = snapshots().create(name, 'sealed', new Map([['sealift:id', 'another']]));
    await foreign.settled;
    expect((await refusal(ask()))?.message).toMatch(/is foreign: its tag sealift:id/);
    await deleteSnapshot(name);
    const made = await take();
    expect((await refusal(ask(sealed, { lsn: '0/1B73059' })))?.message).toMatch(/tag sealift:backup-lsn "0\/1B73058"/);
    expect((await refusal(ask(sealed, { applicationId: 'x' })))?.message).toMatch(/made by another request/);
    expect((await refusal(ask({ ...sealed, resourceId: 'db-NEW' })))?.message).toMatch(/was taken of instance sealed/);
    snapshots().get(made.id).status = 'failed';
    const failed = await refusal(ask());
    expect([failed?.name, failed?.message]).toEqual(['Blocked', expect.stringMatching(/is failed, delete it/)]);
    snapshots().get(made.id).status = 'available';
    const wrongKey = takeBackup(request(), sealed, stage.world('snapshot', id, { keyArn: 'arn:another' }).world);
    expect((await refusal(wrongKey))?.message).toMatch(/should be encrypted as sse-kms under arn:another/);
  });

  it.each(['CreateDBSnapshot', 'CopyDBSnapshot', 'DeleteDBSnapshot', 'DescribeDBSnapshots'])(
    'is made once when the answer to %s is lost and everything is asked twice at once',
    async (operation) => {
      stage.aws.plane.inject({ service: 'rds', operation, effect: 'lose-response' });
      const made = await Promise.all([take(plain), take(plain)]);
      expect(made[0]).toEqual(made[1]);
      expect((await ours()).map((one) => one.id)).toEqual([backupName(id, 'on-demand', 'run-1')]);
    },
  );

  it('refuses a request that no tag can hold, or of an application without its id', () => {
    const parse = (more: object) => backupRequest.safeParse({ ...request(), ...more }).success;
    expect([parse({}), parse({ request: 'a?b' }), parse({ request: '' }), parse({ kind: 'application' })]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

const NONE: Retention = {
  scheduled: { keepLatest: 1, keepDays: 0 },
  'on-demand': { keepLatest: 1, keepDays: 0 },
  baseline: { keepLatest: 1, keepDays: 0 },
  application: { keepLatest: 1, keepDays: 0 },
};

describe('retention in the account', () => {
  it('removes what goes and nothing that is held, needed, the last, or not ours', async () => {
    const made = [];
    for (const run of ['1', '2', '3', '4']) made.push(await take(sealed, { request: run }));
    const [first, held, needed, last] = made.map((one) => one.id);
    snapshots()
      .get(held ?? '')
      .tags.set('sealift:legal-hold', 'case 12');
    const other = snapshots().create(`foreign-${id}`, 'sealed', new Map([['sealift:backup', 'on-demand']]));
    await other.settled;
    const later = Date.parse(made[3]?.createdAt ?? '') + 1_000_000_000;
    const neededBy = new Map([[needed ?? '', 'restore-1']]);
    const plan = await retainBackups({ retention: NONE, neededBy, dryRun: true }, world(), later);
    expect(await ours()).toHaveLength(4);
    const done = await retainBackups({ retention: NONE, neededBy }, world(), later);
    expect(done).toEqual(plan.map((one) => ({ ...one, removed: !one.stays })));
    expect(done.filter(({ removed }) => removed).map(({ snapshotId }) => snapshotId)).toEqual([first]);
    expect((await ours()).map((one) => one.id).sort()).toEqual([held, needed, last].sort());
    // Under a key that is not the wanted one, nothing is known to be good, and nothing goes.
    const world2 = stage.world('snapshot', id, { keyArn: 'arn:new' }).world;
    const unknown = await retainBackups({ retention: NONE, neededBy: new Map() }, world2, later);
    expect(unknown.filter(({ removed }) => removed)).toEqual([]);
    expect(await deleteSnapshot(`foreign-${id}`)).toBe(true);
  });

  it('leaves for the next time what cannot be deleted now', async () => {
    for (const run of ['1', '2']) await take(sealed, { request: run });
    const later = Date.now() + 1_000_000_000_000;
    const effect = { error: { code: 'InvalidDBSnapshotStateFault', status: 400 } };
    stage.aws.plane.inject({ service: 'rds', operation: 'DeleteDBSnapshot', effect });
    const first = await retainBackups({ retention: NONE, neededBy: new Map() }, world(), later);
    expect(first.map(({ stays, removed }) => [stays, removed]).sort()).toEqual([
      [false, false],
      [true, false],
    ]);
    expect(await ours()).toHaveLength(2);
    await retainBackups({ retention: NONE, neededBy: new Map() }, world(), later);
    expect(await ours()).toHaveLength(1);
  });
});

const READING: Reading = {
  engineVersion: '17.10',
  systemIdentifier: '1',
  readAt: '2026-06-01T00:00:00.000Z',
  firstLsn: '0/1',
  lastLsn: '0/2',
  databases: {},
  unread: [],
};

describe('the map', () => {
  const entryOf = (snapshotId: string, applicationId: string | null): MapEntry => ({
    mapVersion: '1',
    migrationId: id,
    snapshotId,
    snapshotArn: `arn:${snapshotId}`,
    kind: 'application',
    request: 'run-1',
    applicationId,
    instanceId: 'sealed',
    instanceResourceId: sealed.resourceId,
    keyArn: stage.keyArn,
    takenAt: '2026-06-01T00:00:00.000Z',
    lsn: '0/2',
  });
  const manifestOf = (snapshotId: string): Manifest => ({
    manifestVersion: '1',
    migrationId: id,
    snapshotId,
    instanceResourceId: sealed.resourceId,
    keyArn: stage.keyArn,
    takenAt: '2026-06-01T00:00:00.000Z',
    before: READING,
    after: READING,
  });

  it('finds a snapshot by the id of the application, and never gives that id to another one', async () => {
    await keepEntry(world(), entryOf('one', 'nightly/../1'));
    await keepEntry(world(), entryOf('one', 'nightly/../1'));
    expect(await findByApplicationId(world(), 'nightly/../1')).toEqual(entryOf('one', 'nightly/../1'));
    expect(await findByApplicationId(world(), 'nightly/../2')).toBeNull();
    const second = await refusal(keepEntry(world(), entryOf('two', 'nightly/../1')));
    expect([second?.name, second?.message]).toEqual(['Blocked', expect.stringMatching(/names snapshot one already/)]);
  });

  it('keeps the first of two readings, and refuses a manifest that is missing, damaged or of another snapshot', async () => {
    expect(await findFirstReading(world(), 'one')).toBeNull();
    expect(await keepFirstReading(world(), 'one', READING)).toEqual(READING);
    expect(await keepFirstReading(world(), 'one', { ...READING, lastLsn: '0/3' })).toEqual(READING);
    expect(await findFirstReading(world(), 'one')).toEqual(READING);
    await keepManifest(world(), manifestOf('one'));
    expect(await readManifest(world(), 'one')).toEqual(manifestOf('one'));
    const put = (name: string, content: object) =>
      keepOnce({ bucket: 'evidence', path: `${id}/manifests/${name}.json` }, content);
    await put('two', manifestOf('one'));
    await put('three', { manifestVersion: '1' });
    for (const [name, words] of [
      ['two', /is of snapshot one/],
      ['three', /is damaged/],
      ['four', /has no manifest/],
    ] as const) {
      expect((await refusal(readManifest(world(), name)))?.message).toMatch(words);
    }
  });
});

describe('choosing a backup', () => {
  const base = () => ({
    migrationId: id,
    keyArns: new Set([stage.keyArn]),
    mapped: null,
    liveResourceId: sealed.resourceId,
  });

  it('goes by snapshot, application, time and latest, and says what a restore from before a migration means', async () => {
    const early = await take(plain, { kind: 'application', request: 'a', applicationId: 'app 1' });
    const late = await take(sealed, { request: 'b' });
    const broken = await take(sealed, { request: 'c' });
    snapshots().get(broken.id).status = 'failed';
    const choice = { ...base(), snapshots: await listManualSnapshots() };
    const latest = chooseBackup({ by: 'latest' }, choice);
    expect(latest.snapshot.id).toBe(late.id);
    expect(latest.notes.join('; ')).toMatch(/passed over: snapshot .* is failed.*what was written after/);
    expect(chooseBackup({ by: 'time', at: early.createdAt ?? '' }, choice).snapshot.id).toBe(early.id);
    expect(chooseBackup({ by: 'snapshot', snapshotId: late.id }, choice).notes).toHaveLength(1);
    const before = chooseBackup({ by: 'application', applicationId: 'app 1' }, choice);
    expect(before.snapshot.id).toBe(early.id);
    expect(before.notes.join('; ')).toMatch(/taken before a migration.*beside the live one/);
  });

  it('refuses what is foreign, broken, under a missing key, gone, ambiguous or not there at all', async () => {
    const one = await take(sealed, { kind: 'application', request: 'a', applicationId: 'app 1' });
    const choice = { ...base(), snapshots: await listManualSnapshots() };
    const like = (more: object) => ({ ...choice, snapshots: choice.snapshots.map((each) => ({ ...each, ...more })) });
    const said = (...asked: Parameters<typeof chooseBackup>): string => {
      try {
        return `chose ${chooseBackup(...asked).snapshot.id}`;
      } catch (error) {
        return error instanceof Blocked ? error.message : `threw ${String(error)}`;
      }
    };
    const byName = { by: 'snapshot', snapshotId: one.id } as const;
    const byApp = { by: 'application', applicationId: 'app 1' } as const;
    const mapped = { takenAt: 'then', snapshotId: 'other' } as MapEntry;
    expect(said(byName, choice)).toBe(`chose ${one.id}`);
    expect(said(byName, { ...choice, migrationId: 'shop' })).toMatch(
      /belongs to migration backup-\d+, shop was expected/,
    );
    expect(said(byName, like({ status: 'failed' }))).toMatch(/is failed and cannot be restored/);
    expect(said(byName, like({ status: 'creating' }))).toMatch(/is creating, ask again/);
    expect(said(byName, like({ encryption: { type: 'none', keyArn: null } }))).toMatch(
      /is encrypted as none under no key/,
    );
    expect(said(byName, like({ tags: { 'sealift:id': id } }))).toMatch(/is no backup/);
    expect(said({ ...byName, snapshotId: 'gone' }, choice)).toMatch(/is not there/);
    expect(said({ by: 'time', at: 'yesterday' }, choice)).toMatch(/is no time/);
    expect(said({ by: 'time', at: '2000-01-01T00:00:00Z' }, choice)).toMatch(/no good backup up to 2000/);
    expect(said({ ...byApp, applicationId: 'app 2' }, choice)).toMatch(/neither tags nor map/);
    expect(said(byApp, { ...choice, mapped })).toMatch(/names other and .*, restore one of them/);
    expect(said({ ...byApp, applicationId: 'app 2' }, { ...choice, mapped })).toMatch(
      /names snapshot other of then, which is not/,
    );
    expect(said(byApp, { ...choice, mapped: { ...mapped, snapshotId: one.id } })).toBe(`chose ${one.id}`);
  });
});
