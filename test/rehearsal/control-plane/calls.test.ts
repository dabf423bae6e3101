import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBParametersCommand,
  DescribeDBSnapshotsCommand,
  DescribeOrderableDBInstanceOptionsCommand,
  ListTagsForResourceCommand,
  type Parameter,
  RDSClient,
} from '@aws-sdk/client-rds';
import { ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { AuthorizationRequest } from '../../../lib/rehearsal/control-plane/authorization';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import { ACCOUNT, type LocalAws, REGION, startLocalAws } from './support/local-aws';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/step`;

let aws: LocalAws;
let rds: RDSClient;
/** What the role may do; every question is kept. */
const allowed = new Set<string>();
const asked: AuthorizationRequest[] = [];

beforeAll(async () => {
  aws = await startLocalAws({
    snapshotLimits: { manualSnapshots: 4 },
    authorize: (request) => {
      asked.push(request);
      const ok = allowed.has(request.action);
      return { allowed: ok, reason: ok ? 'allowed' : `no identity-based policy allows the ${request.action} action` };
    },
  });
  aws.plane.callers.set('AKIDSTEP', { roleArn: ROLE });
  rds = new RDSClient(aws.client());
  const { instances } = aws.plane.rds;
  const master = { username: 'master', password: 'p' };
  await instances.create({ instanceId: 'source', engineVersion: '17', master }).settled;
  await aws.plane.rds.snapshots.create('first', 'source', new Map([['a', '1']])).settled;
});

afterAll(() => aws.close());

describe('what the account has and RDS offers', () => {
  it('counts instances, their storage and manual snapshots against the quotas', async () => {
    const { AccountQuotas = [] } = await rds.send(new DescribeAccountAttributesCommand({}));
    const { instances, snapshots } = aws.plane.rds;
    const gib = instances.list().reduce((sum, { settings }) => sum + settings.allocatedStorageGib, 0);
    expect(AccountQuotas).toEqual(
      expect.arrayContaining([
        { AccountQuotaName: 'DBInstances', Used: instances.list().length, Max: 40 },
        { AccountQuotaName: 'AllocatedStorage', Used: gib, Max: 100_000 },
        { AccountQuotaName: 'ManualSnapshots', Used: snapshots.list().length, Max: 4 },
      ]),
    );
  });

  it('offers storage types of a class that exists, nothing of another, and no version that does not exist', async () => {
    const offers = async (DBInstanceClass: string, EngineVersion = '17.10') => {
      const input = { Engine: 'postgres', EngineVersion, DBInstanceClass, Vpc: true };
      const { OrderableDBInstanceOptions = [] } = await rds.send(new DescribeOrderableDBInstanceOptionsCommand(input));
      return OrderableDBInstanceOptions.map(({ StorageType, MinStorageSize }) => [StorageType, MinStorageSize]);
    };
    expect(await offers('db.m7g.large')).toEqual(
      expect.arrayContaining([
        ['gp3', 20],
        ['io2', 100],
      ]),
    );
    expect(await offers('db.m1.small')).toEqual([]);
    await expect(offers('db.m7g.large', '9.6.1')).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  });
});

describe('refusals by their real names', () => {
  it.each([
    ['DBInstanceNotFoundFault', () => rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'no' }))],
    ['DBSnapshotNotFoundFault', () => rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'no' }))],
    ['DBSnapshotAlreadyExistsFault', () => snapshot('first', 'source')],
    ['DBInstanceNotFoundFault', () => snapshot('other', 'no')],
    ['DBSnapshotNotFoundFault', () => copy('no', 'copy')],
    ['KMSKeyNotAccessibleFault', () => copy('first', 'copy', `arn:aws:kms:us-east-1:${ACCOUNT}:key/no`)],
    ['DBParameterGroupNotFoundFault', () => rds.send(new DescribeDBParametersCommand({ DBParameterGroupName: 'no' }))],
  ])('answers %s', async (name, call) => {
    await expect(call()).rejects.toMatchObject({ name, $fault: 'client' });
  });

  it('answers InvalidDBInstanceStateFault while the instance is backing up', async () => {
    const { instances } = aws.plane.rds;
    const instance = instances.get('source');
    const backup = instances.backup(instance, () => new Promise((resolve) => setTimeout(resolve, 50)));
    await expect(snapshot('second', 'source')).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
    await backup;
  });

  it('answers InvalidDBSnapshotStateFault for a copy of a snapshot that is not there yet', async () => {
    const target = aws.plane.rds.snapshots.copy('first', 'early', {});
    await expect(copy('early', 'copy-of-early')).rejects.toMatchObject({ name: 'InvalidDBSnapshotStateFault' });
    await target.settled;
  });

  it('answers KMSKeyNotAccessibleFault for a disabled key, and closes the instance that needs it', async () => {
    const key = aws.plane.kms.create();
    const sealed = aws.plane.rds.snapshots.copy('first', 'sealed', { kmsKeyId: key.arn });
    await sealed.settled;
    const restored = aws.plane.rds.instances.restore({ instanceId: 'restored', snapshot: sealed });
    await restored.settled;
    aws.plane.kms.disable(key.keyId);
    await expect(copy('first', 'again', key.arn)).rejects.toMatchObject({ name: 'KMSKeyNotAccessibleFault' });
    await expect(copy('sealed', 'again')).rejects.toMatchObject({ name: 'KMSKeyNotAccessibleFault' });
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'restored' }));
    expect(DBInstances?.[0]?.DBInstanceStatus).toBe('inaccessible-encryption-credentials-recoverable');
    aws.plane.kms.enable(key.keyId);
  });

  it('answers SnapshotQuotaExceededFault beyond the account limit', async () => {
    await copy('first', 'fourth');
    await expect(copy('first', 'fifth')).rejects.toMatchObject({ name: 'SnapshotQuotaExceededFault' });
  });

  it('refuses to delete a protected instance', () => {
    const { instances } = aws.plane.rds;
    instances.get('source').settings.deletionProtection = true;
    expect(() => instances.delete('source')).toThrow(/protected/);
  });

  it('refuses unknown operations, parameters and services, and tells the run', async () => {
    await expect(rds.send(new DescribeDBClustersCommand({}))).rejects.toMatchObject({ name: 'NotImplemented' });
    const filtered = new DescribeDBInstancesCommand({ Filters: [{ Name: 'engine', Values: ['postgres'] }] });
    await expect(rds.send(filtered)).rejects.toMatchObject({ name: 'NotImplemented' });
    const unsigned = await fetch(aws.plane.endpointUrl, { method: 'POST', body: 'Action=X' });
    expect(unsigned.status).toBe(501);
    expect(aws.refusals.join('\n')).toMatch(/DescribeDBClusters[\s\S]*Filters[\s\S]*unsigned/);
  });

  it('refuses an access key that nobody registered', async () => {
    const stranger = new RDSClient(aws.client('AKIDSTRANGER'));
    await expect(stranger.send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
  });
});

describe('RDS descriptions', () => {
  it('pages through parameters, and shows the values of the group', async () => {
    aws.plane.rds.parameterGroups.create('own', 'postgres17', { parameters: { 'rds.logical_replication': '1' } });
    const parameters: Parameter[] = [];
    let Marker: string | undefined;
    do {
      const page = await rds.send(
        new DescribeDBParametersCommand({ DBParameterGroupName: 'own', MaxRecords: 4, Marker }),
      );
      parameters.push(...(page.Parameters ?? []));
      Marker = page.Marker;
    } while (Marker !== undefined);
    expect(parameters.find(({ ParameterName }) => ParameterName === 'rds.logical_replication')).toMatchObject({
      ParameterValue: '1',
      Source: 'user',
      ApplyType: 'static',
    });
    expect(parameters.find(({ ParameterName }) => ParameterName === 'rds.force_ssl')?.ParameterValue).toBe('1');
    const groups = await rds.send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName: 'own' }));
    expect(groups.DBParameterGroups?.[0]?.DBParameterGroupFamily).toBe('postgres17');
  });

  it('adds tags to what an ARN names', async () => {
    const ResourceName = aws.plane.rds.snapshots.get('first').arn;
    await rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'b', Value: '2 & 3' }] }));
    const { TagList } = await rds.send(new ListTagsForResourceCommand({ ResourceName }));
    expect(TagList).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2 & 3' },
    ]);
  });
});

describe('permissions', () => {
  it.each([
    ['AccessDenied', 'rds:DescribeDBInstances', () => new RDSClient(step()).send(new DescribeDBInstancesCommand({}))],
    ['AccessDenied', 's3:GetObject', () => new S3Client(step()).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))],
    [
      'AccessDenied',
      'route53:ListResourceRecordSets',
      () => new Route53Client(step()).send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z1' })),
    ],
    [
      'AccessDeniedException',
      'secretsmanager:GetSecretValue',
      () => new SecretsManagerClient(step()).send(new GetSecretValueCommand({ SecretId: 's' })),
    ],
    [
      'AuthorizationErrorException',
      'sns:Publish',
      () => new SNSClient(step()).send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-central-1:1:t', Message: 'm' })),
    ],
  ])('answers %s for %s, with action, resource and principal', async (name, action, call) => {
    await expect(call()).rejects.toMatchObject({
      name,
      message: expect.stringMatching(
        new RegExp(`${ROLE} is not authorized to perform: ${action} on resource: arn:aws:`),
      ),
    });
  });

  it('demands a snapshot on the instance and on the snapshot, with the tags of the request', async () => {
    asked.length = 0;
    allowed.add('rds:CreateDBSnapshot');
    const tagged = new CreateDBSnapshotCommand({
      DBSnapshotIdentifier: 'mine',
      DBInstanceIdentifier: 'source',
      Tags: [{ Key: 'sealift:id', Value: 'shop' }],
    });
    await expect(new RDSClient(step()).send(tagged)).rejects.toThrow('rds:AddTagsToResource');
    expect(asked.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `rds:CreateDBSnapshot arn:aws:rds:${REGION}:${ACCOUNT}:db:source`,
      `rds:CreateDBSnapshot arn:aws:rds:${REGION}:${ACCOUNT}:snapshot:mine`,
      `rds:AddTagsToResource arn:aws:rds:${REGION}:${ACCOUNT}:snapshot:mine`,
    ]);
    expect(asked[1]?.context).toMatchObject({ 'aws:RequestTag/sealift:id': 'shop', 'aws:TagKeys': ['sealift:id'] });
  });

  it('demands the key of a secret through Secrets Manager', async () => {
    const key = aws.plane.kms.create();
    aws.plane.secrets.create({ name: 'sealed', value: 'v', kmsKeyId: key.arn, tags: new Map([['owner', 'rds']]) });
    asked.length = 0;
    allowed.add('secretsmanager:GetSecretValue');
    const get = new GetSecretValueCommand({ SecretId: 'sealed' });
    await expect(new SecretsManagerClient(step()).send(get)).rejects.toThrow('kms:Decrypt');
    expect(asked[0]?.context).toMatchObject({ 'secretsmanager:ResourceTag/owner': 'rds' });
    expect(asked[1]).toMatchObject({
      resource: key.arn,
      context: { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com`, 'kms:CallerAccount': ACCOUNT },
    });
  });
});

describe('faults on purpose', () => {
  it('throttles as AWS does: the SDK tries again and gets through', async () => {
    aws.plane.inject({ service: 'rds', operation: 'DescribeDBSnapshots', effect: 'throttle', times: 2 });
    const { DBSnapshots } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'first' }));
    expect(DBSnapshots).toHaveLength(1);
    const outcomes = aws.plane
      .journal()
      .slice(-3)
      .map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['ThrottlingException', 'ThrottlingException', 'ok']);
  });

  it('loses a response after the call took effect', async () => {
    aws.plane.s3.create('lossy');
    aws.plane.inject({ service: 's3', operation: 'PutObject', effect: 'lose-response' });
    const once = new S3Client({ ...aws.client(), maxAttempts: 1 });
    await expect(once.send(new PutObjectCommand({ Bucket: 'lossy', Key: 'k', Body: 'v' }))).rejects.toThrow();
    const got = await once.send(new GetObjectCommand({ Bucket: 'lossy', Key: 'k' }));
    expect(await got.Body?.transformToString()).toBe('v');
    expect(aws.plane.journal().find(({ operation }) => operation === 'PutObject')?.outcome).toBe('lost');
  });

  it('answers the error that a test wants', async () => {
    const error = { code: 'SnapshotQuotaExceededFault' };
    aws.plane.inject({ service: 'rds', operation: 'DescribeDBSnapshots', effect: { error } });
    await expect(rds.send(new DescribeDBSnapshotsCommand({}))).rejects.toMatchObject({
      name: 'SnapshotQuotaExceededFault',
    });
  });

  it('keeps a journal of who called what on which resource', () => {
    const entry = aws.plane
      .journal()
      .find(({ caller, operation }) => caller === ROLE && operation === 'CreateDBSnapshot');
    expect(entry).toMatchObject({
      service: 'rds',
      outcome: 'AccessDenied',
      resources: [expect.stringContaining(':db:source'), expect.stringContaining(':snapshot:mine')],
    });
  });
});

describe('STS', () => {
  it.each([
    ['AKIDSTEP', `arn:aws:sts::${ACCOUNT}:assumed-role/step/rehearsal`],
    [OPERATOR_ACCESS_KEY_ID, `arn:aws:iam::${ACCOUNT}:user/operator`],
  ])('tells %s who it is', async (accessKeyId, arn) => {
    const scope = `${accessKeyId}/20260101/${REGION}/sts/aws4_request`;
    const response = await fetch(aws.plane.endpointUrl, {
      method: 'POST',
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect(await response.text()).toContain(`<Arn>${arn}</Arn>`);
  });
});

function step() {
  return aws.client('AKIDSTEP');
}

function snapshot(DBSnapshotIdentifier: string, DBInstanceIdentifier: string) {
  return rds.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier, DBInstanceIdentifier }));
}

function copy(SourceDBSnapshotIdentifier: string, TargetDBSnapshotIdentifier: string, KmsKeyId?: string) {
  return rds.send(new CopyDBSnapshotCommand({ SourceDBSnapshotIdentifier, TargetDBSnapshotIdentifier, KmsKeyId }));
}
