import { join } from 'node:path';
import {
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { LocalDatabaseHost } from '../../../lib/rehearsal/control-plane/rds/local-database-host';
import { type ChooseSeedLsn, SEED_CHOICES } from '../../../lib/rehearsal/control-plane/rds/seed-choice';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../lib/rehearsal/servers/certificate-authority';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';
import { eventually, type LocalAws, startLocalAws } from './support/local-aws';

const MASTER = { username: 'master', password: 'a master password' };

let run: RunDirectory;
let authority: CertificateAuthority;
let host: LocalDatabaseHost;
let aws: LocalAws;
let chooseSeedLsn: ChooseSeedLsn = SEED_CHOICES.replay;

beforeAll(async () => {
  run = await RunDirectory.create();
  authority = await createCertificateAuthority();
  host = new LocalDatabaseHost({
    directory: join(run.path, 'servers'),
    certificateAuthority: authority,
    onServer: (server) => run.add(server),
    chooseSeedLsn: (context) => chooseSeedLsn(context),
    settings: { shared_buffers: '16MB', fsync: false },
  });
  aws = await startLocalAws({ directory: run.path, databaseHost: host });
});

afterAll(async () => {
  await aws?.close();
  await host?.close();
  await run?.stopAll();
});

describe('the snapshot road on real servers', () => {
  let rds: RDSClient;

  beforeAll(async () => {
    rds = new RDSClient(aws.client());
    const { instances, parameterGroups } = aws.plane.rds;
    parameterGroups.create('logical', 'postgres17', { parameters: { 'rds.logical_replication': '1' } });
    const source = instances.create({
      instanceId: 'Legacy',
      engineVersion: '17',
      master: MASTER,
      databaseName: 'shop',
      settings: { parameterGroup: 'logical' },
      tags: new Map([['team', 'shop']]),
    });
    expect((await describe1('legacy')).DBInstanceStatus).toBe('creating');
    await source.settled;
  });

  it('gives a new instance an endpoint, a certificate for it, and the databases asked for', async () => {
    const instance = await describe1('LEGACY');
    expect(instance).toMatchObject({
      DBInstanceIdentifier: 'legacy',
      DBInstanceStatus: 'available',
      Engine: 'postgres',
      EngineVersion: expect.stringMatching(/^17\.\d+$/),
      StorageEncrypted: false,
      StorageEncryptionType: 'none',
      DBParameterGroups: [{ DBParameterGroupName: 'logical', ParameterApplyStatus: 'in-sync' }],
      TagList: [{ Key: 'team', Value: 'shop' }],
    });
    expect(instance.KmsKeyId).toBeUndefined();
    expect(instance.Endpoint?.Address).toMatch(/^legacy\.c[0-9a-f]{11}\.eu-central-1\.rds\.localhost$/);
    await query('legacy', 'shop', 'create table item as select generate_series(1, 1000) as id');
    expect(await query('legacy', 'shop', 'show wal_level')).toBe('logical');
  });

  it('carries rows, slots and encryption from snapshot to encrypted copy to restored instance', async () => {
    await query('legacy', 'shop', "select pg_create_logical_replication_slot('before', 'pgoutput')");
    await query('legacy', 'shop', 'insert into item values (1001)');
    const { DBSnapshot: begun } = await rds.send(
      new CreateDBSnapshotCommand({
        DBSnapshotIdentifier: 'plain',
        DBInstanceIdentifier: 'legacy',
        Tags: [{ Key: 'sealift:id', Value: 'shop' }],
      }),
    );
    expect(begun).toMatchObject({ Status: 'creating', Encrypted: false });
    expect((await describe1('legacy')).DBInstanceStatus).toBe('backing-up');
    const plain = await available('plain');
    expect(plain).toMatchObject({
      PercentProgress: 100,
      Encrypted: false,
      TagList: [{ Key: 'sealift:id', Value: 'shop' }],
    });

    const key = aws.plane.kms.create();
    await rds.send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: plain.DBSnapshotArn,
        TargetDBSnapshotIdentifier: 'sealed',
        KmsKeyId: key.arn,
        CopyTags: true,
      }),
    );
    const sealed = await available('sealed');
    expect(sealed).toMatchObject({
      Encrypted: true,
      KmsKeyId: key.arn,
      SourceDBSnapshotIdentifier: plain.DBSnapshotArn,
      TagList: [{ Key: 'sealift:id', Value: 'shop' }],
    });

    await query('legacy', 'shop', 'insert into item values (1002)');
    const { instances, snapshots } = aws.plane.rds;
    const settings = { parameterGroup: 'logical' };
    const target = instances.restore({ instanceId: 'target', snapshot: snapshots.get('sealed'), settings });
    await target.settled;
    expect(target.statusReason).toBeNull();
    expect(await describe1('target')).toMatchObject({
      DBInstanceStatus: 'available',
      StorageEncryptionType: 'sse-kms',
      StorageEncrypted: true,
      KmsKeyId: key.arn,
    });
    expect(target.resourceId).not.toBe(instances.get('legacy').resourceId);
    expect(await query('target', 'shop', 'select max(id) from item')).toBe(1001);
    expect(await query('target', 'postgres', 'select count(*)::int from pg_replication_slots')).toBe(1);
  });

  it('gives a restored instance default groups and no protection unless told otherwise', async () => {
    const { instances, snapshots } = aws.plane.rds;
    const bare = instances.restore({ instanceId: 'bare', snapshot: snapshots.get('sealed') });
    expect(await describe1('bare')).toMatchObject({
      DeletionProtection: false,
      DBParameterGroups: [{ DBParameterGroupName: 'default.postgres17' }],
      VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-default' }],
    });
    await bare.settled;
    // PostgreSQL itself refuses the copied slot under the default group, which has logical replication off.
    expect((await describe1('bare')).DBInstanceStatus).toBe('incompatible-parameters');
    expect(bare.statusReason).toContain('wal_level');
    await instances.delete('bare').settled;
  });

  it('bakes the exact end of replay into the seed function, between the two commits', async () => {
    const seed = await query('target', 'postgres', 'select rds_tools.logical_seed_lsn()::text');
    const slot = "select confirmed_flush_lsn::text from pg_replication_slots where slot_name = 'before'";
    const start = await query('legacy', 'shop', slot);
    const now = await query('legacy', 'shop', 'select pg_current_wal_lsn()::text');
    const ordered = `select $1::pg_lsn < $2::pg_lsn and $2::pg_lsn < $3::pg_lsn`;
    expect(await query('legacy', 'shop', ordered, [start, seed, now])).toBe(true);
  });

  it('bakes a wrong seed when a test wants one', async () => {
    chooseSeedLsn = SEED_CHOICES['redo-done'];
    const { instances, snapshots } = aws.plane.rds;
    const wrong = instances.restore({
      instanceId: 'wrong-seed',
      snapshot: snapshots.get('sealed'),
      settings: { parameterGroup: 'logical' },
    });
    await wrong.settled;
    chooseSeedLsn = SEED_CHOICES.replay;
    const seed = await query('wrong-seed', 'postgres', 'select rds_tools.logical_seed_lsn()::text');
    const right = await query('target', 'postgres', 'select rds_tools.logical_seed_lsn()::text');
    expect(await query('target', 'postgres', 'select $1::pg_lsn < $2::pg_lsn', [seed, right])).toBe(true);
    const { database } = wrong;
    await instances.delete('wrong-seed').settled;
    expect(instances.find('wrong-seed')).toBeUndefined();
    await expect(database?.setPassword(MASTER)).rejects.toThrow();
  });

  it('hands the master password to a secret under the wanted key, and the server takes it', async () => {
    const key = aws.plane.kms.create();
    aws.plane.rds.instances.modify('target', { manageMasterPassword: true, masterSecretKmsKeyId: key.arn });
    expect((await describe1('target')).DBInstanceStatus).toBe('resetting-master-credentials');
    const instance = await eventually(async () => {
      const found = await describe1('target');
      return found.DBInstanceStatus === 'available' && found.MasterUserSecret?.SecretStatus === 'active'
        ? found
        : undefined;
    });
    expect(instance.MasterUserSecret?.KmsKeyId).toBe(key.arn);
    const secrets = new SecretsManagerClient(aws.client());
    const SecretId = instance.MasterUserSecret?.SecretArn;
    expect(SecretId).toMatch(new RegExp(`:secret:rds!${instance.DbiResourceId?.toLowerCase()}-`));
    const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    const credentials = JSON.parse(SecretString) as typeof MASTER;
    expect(await query('target', 'shop', 'select current_user::text', [], credentials)).toBe('master');
    await expect(query('target', 'shop', 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('brings a newly attached parameter group into effect by a reboot only', async () => {
    const { instances } = aws.plane.rds;
    const server = host.server('target');
    await server?.withAdmin('postgres', (session) => session.query("select pg_drop_replication_slot('before')"));
    await instances.modify('target', { settings: { parameterGroup: 'default.postgres17' } }).settled;
    const walLevel = () =>
      server?.withAdmin('postgres', async (session) => (await session.query('show wal_level')).rows[0]);
    expect((await describe1('target')).DBParameterGroups?.[0]?.ParameterApplyStatus).toBe('pending-reboot');
    expect(await walLevel()).toEqual({ wal_level: 'logical' });
    await instances.reboot('target').settled;
    expect((await describe1('target')).DBParameterGroups?.[0]?.ParameterApplyStatus).toBe('in-sync');
    expect(await walLevel()).toEqual({ wal_level: 'replica' });
  });

  async function available(DBSnapshotIdentifier: string): Promise<DBSnapshot> {
    return eventually(async () => {
      const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }));
      return DBSnapshots[0]?.Status === 'available' ? DBSnapshots[0] : undefined;
    });
  }

  async function describe1(DBInstanceIdentifier: string): Promise<DBInstance> {
    const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    const [found] = DBInstances;
    if (!found) throw new Error(`${DBInstanceIdentifier} was not described`);
    return found;
  }
});

/** Runs one statement as an application would: by the endpoint's name, with its certificate verified. */
async function query(
  instanceId: string,
  database: string,
  text: string,
  values: unknown[] = [],
  credentials = MASTER,
): Promise<unknown> {
  const { hostName } = aws.plane.rds.instances.get(instanceId);
  const location = aws.plane.locate(hostName);
  if (!location) throw new Error(`${hostName} leads nowhere`);
  const client = new Client({
    host: location.address,
    port: location.port,
    user: credentials.username,
    password: credentials.password,
    database,
    ssl: { ca: authority.caPem, servername: location.hostName },
  });
  await client.connect();
  try {
    const result = await client.query({ text, values, rowMode: 'array' });
    return result.rows[0]?.[0];
  } finally {
    await client.end();
  }
}
