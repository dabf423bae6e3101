import { join } from 'node:path';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { scaledClock } from '../../../lib/rehearsal/clock';
import { localProviders } from '../../../lib/rehearsal/cloudformation/providers/local-providers';
import { createStackEngine, type StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { authorizeByIam } from '../../../lib/rehearsal/control-plane/authorize-by-iam';
import {
  controlPlaneProviders,
  mergeProviders,
} from '../../../lib/rehearsal/control-plane/providers/control-plane-providers';
import { LocalDatabaseHost } from '../../../lib/rehearsal/control-plane/rds/local-database-host';
import { createIam, type Iam } from '../../../lib/rehearsal/iam/iam';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../lib/rehearsal/servers/certificate-authority';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';
import { ACCOUNT, type LocalAws, REGION, startLocalAws } from './support/local-aws';

let run: RunDirectory;
let authority: CertificateAuthority;
let host: LocalDatabaseHost;
let iam: Iam;
let aws: LocalAws;
let engine: StackEngine;

beforeAll(async () => {
  run = await RunDirectory.create();
  authority = await createCertificateAuthority();
  host = new LocalDatabaseHost({
    directory: join(run.path, 'servers'),
    certificateAuthority: authority,
    onServer: (server) => run.add(server),
    settings: { shared_buffers: '16MB', fsync: false },
  });
  iam = createIam();
  aws = await startLocalAws({ directory: run.path, databaseHost: host, authorize: authorizeByIam(iam) });
  engine = createStackEngine({
    account: ACCOUNT,
    region: REGION,
    clock: scaledClock(1000),
    providers: mergeProviders(localProviders(iam), controlPlaneProviders(aws.plane)),
  });
  for (const [name, parameters] of [
    ['postgres17', { 'rds.logical_replication': '1' }],
    ['postgres15', {}],
  ] as const) {
    aws.plane.rds.parameterGroups.create(`group-${name}`, name, { parameters });
  }
  aws.plane.kms.setAlias('alias/shop', aws.plane.kms.create().keyId);
});

afterAll(async () => {
  await engine?.close();
  await aws?.close();
  await host?.close();
  await run?.stopAll();
});

describe('an empty target', () => {
  it('is born in a stack that had none, with the shape of RDS, encrypted, its password in a managed secret', async () => {
    expect((await deploy('target', targetTemplate(), 'none')).StackStatus).toBe('CREATE_COMPLETE');
    expect(aws.plane.rds.instances.find('target')).toBeUndefined();
    engine.updateStack({ stackName: 'target', usePreviousTemplate: true, parameters: seed('empty') });
    expect((await engine.waitForStack('target')).StackStatus).toBe('UPDATE_COMPLETE');
    const instance = aws.plane.rds.instances.get('target');
    const key = aws.plane.kms.get('alias/shop').arn;
    expect(instance).toMatchObject({
      status: 'available',
      engineVersion: expect.stringMatching(/^17\.\d+$/),
      restoredFrom: null,
      encryption: { type: 'sse-kms', kmsKeyArn: key },
      masterUserSecret: { kmsKeyArn: key },
    });
    const session = await logIn(instance.masterUserSecret?.secretArn ?? '', 'postgres');
    try {
      const { rows } = await session.query(
        `select current_user as me, rolsuper as superuser, current_setting('wal_level') as wal,
                pg_has_role(current_user, 'rds_superuser', 'member') as rds,
                pg_has_role(current_user, 'pg_create_subscription', 'member') as subscribes,
                (select array_agg(datname::text order by datname) from pg_database where not datistemplate) as databases
           from pg_roles where rolname = current_user`,
      );
      expect(rows).toEqual([
        {
          me: 'dbadmin',
          superuser: false,
          wal: 'logical',
          rds: true,
          subscribes: true,
          databases: ['postgres', 'rdsadmin'],
        },
      ]);
    } finally {
      await session.end();
    }
  });

  it.each([
    ['of a version that does not exist', { EngineVersion: '19.1' }, 'Cannot find version 19.1 for postgres'],
    ['whose group is of another family', { DBParameterGroupName: 'group-postgres15' }, 'family postgres17'],
    ['under a key that is not there', { KmsKeyId: 'alias/gone' }, 'KMS key [alias/gone]'],
    ['whose master user has a reserved name', { MasterUsername: 'rdsadmin' }, 'reserved word'],
  ])('is refused %s, and the stack goes back to none', async (_, properties, reason) => {
    const name = `refused-${Object.keys(properties)[0]?.toLowerCase()}`;
    await deploy(name, targetTemplate({ ...properties, DBInstanceIdentifier: name }), 'none');
    engine.updateStack({ stackName: name, usePreviousTemplate: true, parameters: seed('empty') });
    expect((await engine.waitForStack(name)).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    const reasons = engine.describeStackEvents(name).map(({ ResourceStatusReason }) => ResourceStatusReason);
    expect(reasons.join('\n').toLowerCase()).toContain(reason.toLowerCase());
    expect(aws.plane.rds.instances.find(name)).toBeUndefined();
  });
});

describe('a secret that begins as an empty object', () => {
  const passwords = (description: string) => ({
    Resources: {
      RolePasswords: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: { Description: description, KmsKeyId: 'alias/shop', SecretString: '{}' },
      },
    },
    Outputs: { Arn: { Value: { Ref: 'RolePasswords' } } },
  });

  it('keeps what was put into it when its stack is deployed again, and takes a put by permission only', async () => {
    const stack = await deploy('passwords', passwords('first'));
    const SecretId = stack.Outputs.find(({ OutputKey }) => OutputKey === 'Arn')?.OutputValue ?? '';
    const client = new SecretsManagerClient(aws.client());
    expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({ SecretString: '{}' });
    const put = new PutSecretValueCommand({ SecretId, SecretString: '{"app":"new"}' });
    const reader = role('reader', ['secretsmanager:GetSecretValue'], SecretId);
    await expect(new SecretsManagerClient(aws.client(reader)).send(put)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('secretsmanager:PutSecretValue'),
    });
    const keeper = role('keeper', ['secretsmanager:PutSecretValue'], SecretId);
    await new SecretsManagerClient(aws.client(keeper)).send(put);
    engine.updateStack({ stackName: 'passwords', templateBody: JSON.stringify(passwords('second')) });
    expect((await engine.waitForStack('passwords')).StackStatus).toBe('UPDATE_COMPLETE');
    expect(aws.plane.secrets.get(SecretId).description).toBe('second');
    expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({ SecretString: '{"app":"new"}' });
  });
});

/** A caller that may do `actions` with a secret, and use every key; its access key id. */
function role(roleName: string, actions: readonly string[], secretArn: string): string {
  const arn = `arn:aws:iam::${ACCOUNT}:role/${roleName}`;
  iam.putRole({
    roleName,
    arn,
    trustPolicy: {
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    inlinePolicies: [
      {
        name: 'own',
        document: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: [...actions], Resource: secretArn },
            { Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: '*' },
          ],
        },
      },
    ],
    managedPolicyArns: [],
    permissionsBoundary: null,
    tags: {},
  });
  const accessKeyId = `ASIA-${roleName}`;
  aws.plane.callers.set(accessKeyId, { roleArn: arn });
  return accessKeyId;
}

function seed(value: string) {
  return [{ ParameterKey: 'Seed', ParameterValue: value }];
}

async function deploy(stackName: string, template: object, seeded?: string) {
  engine.createStack({
    stackName,
    templateBody: JSON.stringify(template),
    ...(seeded !== undefined && { parameters: seed(seeded) }),
  });
  return engine.waitForStack(stackName);
}

async function logIn(secretArn: string, database: string): Promise<Client> {
  const { SecretString = '{}' } = await new SecretsManagerClient(aws.client()).send(
    new GetSecretValueCommand({ SecretId: secretArn }),
  );
  const { username: user, password } = JSON.parse(SecretString) as { username: string; password: string };
  const { database: hosted } = aws.plane.rds.instances.get('target');
  const client = new Client({
    host: 'localhost',
    port: hosted?.port ?? 0,
    user,
    password,
    database,
    ssl: { ca: authority.caPem },
  });
  await client.connect();
  return client;
}

function targetTemplate(properties: object = {}): object {
  return {
    Parameters: { Seed: { Type: 'String', Default: 'none' } },
    Conditions: { HasInstance: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Seed' }, 'none'] }] } },
    Resources: {
      Topic: { Type: 'AWS::SNS::Topic' },
      Database: {
        Type: 'AWS::RDS::DBInstance',
        Condition: 'HasInstance',
        DeletionPolicy: 'Retain',
        Properties: {
          DBInstanceIdentifier: 'target',
          MasterUsername: 'dbadmin',
          StorageEncrypted: true,
          KmsKeyId: 'alias/shop',
          Engine: 'postgres',
          EngineVersion: '17.10',
          DBInstanceClass: 'db.m7g.large',
          AllocatedStorage: '100',
          DBParameterGroupName: 'group-postgres17',
          ManageMasterUserPassword: true,
          MasterUserSecret: { KmsKeyId: 'alias/shop' },
          ...properties,
        },
      },
    },
  };
}
