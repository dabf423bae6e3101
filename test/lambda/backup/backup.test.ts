import { join } from 'node:path';
import type { Client } from 'pg';
import { beginBackup, checkRestored, concludeBackup } from '../../../lambda/backup/backup';
import { findByApplicationId } from '../../../lambda/backup/map';
import { takeBackup } from '../../../lambda/backup/take';
import { deleteSnapshot } from '../../../lambda/platform/backup-snapshots';
import { keepOnce } from '../../../lambda/platform/lasting-objects';
import { Server, type Side } from '../../../lambda/platform/postgres';
import { type DescribedSnapshot, findInstance, findSnapshot } from '../../../lambda/platform/rds';
import { LocalDatabaseHost } from '../../../lib/rehearsal/control-plane/rds/local-database-host';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../lib/rehearsal/servers/certificate-authority';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';
import { AwsStage, untilAvailable } from '../seed/aws-stage';

const MASTER = { username: 'dbadmin', password: 'a master password' };
const REQUEST = { kind: 'application', request: 'nightly-7', applicationId: 'nightly-7' } as const;

let run: RunDirectory;
let authority: CertificateAuthority;
let host: LocalDatabaseHost;
let stage: AwsStage;
const servers: Server[] = [];

beforeAll(async () => {
  run = await RunDirectory.create();
  authority = await createCertificateAuthority();
  host = new LocalDatabaseHost({
    directory: join(run.path, 'servers'),
    certificateAuthority: authority,
    onServer: (server) => run.add(server),
    settings: { shared_buffers: '16MB', fsync: false },
  });
  stage = await AwsStage.start({ directory: run.path, databaseHost: host });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await stage?.close();
  await host?.close();
  await run?.stopAll();
});

function open<S extends Side>(side: S, instanceId: string): Server<S> {
  const port = host.server(instanceId)?.port;
  if (port === undefined) throw new Error(`instance ${instanceId} has no server`);
  const endpoint = { host: '127.0.0.1', port };
  const server = new Server(side, {
    endpoint,
    credentials: MASTER,
    applicationName: 'test',
    trustedCa: authority.caPem,
  });
  servers.push(server);
  return server;
}

const on = <T>(instanceId: string, work: (session: Client) => Promise<T>): Promise<T> => {
  const server = host.server(instanceId);
  if (server === undefined) throw new Error(`instance ${instanceId} has no server`);
  return server.withAdmin('postgres', work);
};

const world = () => stage.world('snapshot', 'shop').world;
const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'nothing was refused',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe('a backup of a database that is written to', () => {
  let snapshot: DescribedSnapshot;
  let restored: Server;

  it('is taken, told and restored with what was committed before it', async () => {
    await on('source', (session) =>
      session.query(`create table account (id bigint generated always as identity primary key, body text);
        insert into account (body) select 'old' from generate_series(1, 500); grant pg_read_all_data to dbadmin`),
    );
    const source = open('source', 'source');
    const found = await findInstance('source');
    if (found === null) throw new Error('the source is missing');
    const instance = found.facts;
    const asked = await beginBackup(REQUEST, source, world());
    await on('source', (session) => session.query(`insert into account (body) values ('since')`));
    // Done again, the reading from before the snapshot is the one that counts.
    expect(await beginBackup(REQUEST, source, world())).toEqual(asked);
    const taken = await untilAvailable(() => takeBackup(asked, instance, world()));
    if (taken.snapshot === null) throw new Error('there is no snapshot');
    snapshot = taken.snapshot;
    await on('source', (session) => session.query(`insert into account (body) values ('later')`));
    const manifest = await concludeBackup(asked, snapshot, { instance, server: source }, world());
    expect(await concludeBackup(asked, snapshot, { instance, server: source }, world())).toEqual(manifest);
    const entry = await findByApplicationId(world(), REQUEST.applicationId);
    expect(entry).toMatchObject({ snapshotId: snapshot.id, snapshotArn: snapshot.arn, keyArn: stage.keyArn, ...asked });

    const { instances, snapshots } = stage.aws.plane.rds;
    const made = instances.restore({ instanceId: 'restored', snapshot: snapshots.get(snapshot.id) });
    await made.settled;
    expect(made.statusReason).toBeNull();
    restored = open('target', 'restored');
    const comparison = await checkRestored(snapshot, restored, world());
    expect(comparison).toMatchObject({ mismatches: [], tablesEqual: 1, tablesWithinBounds: 0 });
    expect(await on('restored', async (session) => (await session.query('select max(id) from account')).rows)).toEqual([
      { max: '501' },
    ]);
  });

  it('refuses a restore that lacks a row, and a manifest that is not of the snapshot', async () => {
    await on('restored', (session) => session.query('delete from account where id = 250'));
    expect(await refusal(checkRestored(snapshot, restored, world()))).toMatch(
      /^Blocked: .*differs .* in 1 things.*table "public"."account" in database "postgres" should hold 500 rows.* found 499/,
    );
    const retagged = { ...snapshot, tags: { ...snapshot.tags, 'sealift:backup-lsn': '0/1' } };
    expect(await refusal(checkRestored(retagged, restored, world()))).toMatch(
      /^Blocked: .*does not belong to it: its lsn/,
    );
    const remade = { ...snapshot, createdAt: '2026-01-01T00:00:00.000Z' };
    expect(await refusal(checkRestored(remade, restored, world()))).toMatch(/^Blocked: .*its time is/);
    const rekeyed = { ...snapshot, encryption: { type: 'sse-kms', keyArn: 'arn:other' } } as const;
    expect(await refusal(checkRestored(rekeyed, restored, world()))).toMatch(/^Blocked: .*its key is/);
    expect(await refusal(checkRestored({ ...snapshot, id: 'other' }, restored, world()))).toMatch(/has no manifest/);
    const { world: foreign } = stage.world('snapshot', 'another');
    expect(await refusal(checkRestored(snapshot, restored, foreign))).toMatch(/has no manifest/);
    expect(await findSnapshot(snapshot.id)).not.toBeNull();
  });

  it('is not made a second time when its snapshot was removed', async () => {
    await deleteSnapshot(snapshot.id);
    const again = beginBackup(REQUEST, open('source', 'source'), world());
    expect(await refusal(again)).toMatch(
      /^Blocked: snapshot .* was made and is not there any more, ask under another id/,
    );
  });

  it('refuses to conclude with a reading that is not the one of the snapshot', async () => {
    const server = open('source', 'source');
    const found = await findInstance('source');
    if (found === null) throw new Error('the source is missing');
    const late = { ...REQUEST, lsn: '0/1' };
    const conclude = concludeBackup(late, snapshot, { instance: found.facts, server }, world());
    expect(await refusal(conclude)).toMatch(/^Blocked: the first reading of snapshot .* is missing or another one/);
    expect(await keepOnce({ bucket: 'evidence', path: `shop/readings/${snapshot.id}.json` }, {})).toBe(false);
  });
});
