import { Readable } from 'node:stream';
import { DescribeKeyCommand, GetKeyRotationStatusCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { eventually, type LocalAws, startLocalAws } from './support/local-aws';

let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws();
});

afterAll(() => aws.close());

describe('KMS', () => {
  it('tells a customer key from an AWS key, by id, ARN and alias', async () => {
    const kms = new KMSClient(aws.client());
    const key = aws.plane.kms.create({ rotationEnabled: true, description: 'sealift <&> "key"' });
    aws.plane.kms.setAlias('alias/sealift', key.keyId);
    for (const KeyId of [key.keyId, key.arn, 'alias/sealift']) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata).toMatchObject({
        Arn: key.arn,
        KeyManager: 'CUSTOMER',
        KeyState: 'Enabled',
        Enabled: true,
        KeyUsage: 'ENCRYPT_DECRYPT',
        Description: 'sealift <&> "key"',
      });
      expect(KeyMetadata?.CreationDate).toBeInstanceOf(Date);
    }
    const managed = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/aws/rds' }));
    expect(managed.KeyMetadata?.KeyManager).toBe('AWS');
    const rotation = await kms.send(new GetKeyRotationStatusCommand({ KeyId: key.keyId }));
    expect(rotation.KeyRotationEnabled).toBe(true);
  });

  it('shows disabled keys and keys on their way out', async () => {
    const kms = new KMSClient(aws.client());
    const key = aws.plane.kms.create();
    aws.plane.kms.disable(key.keyId);
    expect((await kms.send(new DescribeKeyCommand({ KeyId: key.keyId }))).KeyMetadata).toMatchObject({
      KeyState: 'Disabled',
      Enabled: false,
    });
    aws.plane.kms.scheduleDeletion(key.keyId);
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: key.keyId }));
    expect(KeyMetadata?.KeyState).toBe('PendingDeletion');
    expect(KeyMetadata?.DeletionDate).toBeInstanceOf(Date);
  });

  it('answers NotFoundException for a key of another region', async () => {
    const kms = new KMSClient(aws.client());
    const KeyId = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';
    await expect(kms.send(new DescribeKeyCommand({ KeyId }))).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  it('refuses an operation that it does not know, loudly', async () => {
    const kms = new KMSClient(aws.client());
    await expect(kms.send(new ListKeysCommand({}))).rejects.toMatchObject({ name: 'NotImplemented' });
    expect(aws.refusals.join()).toContain('ListKeys');
  });
});

describe('Secrets Manager', () => {
  it('moves AWSCURRENT to a new value and leaves AWSPREVIOUS behind', async () => {
    const client = new SecretsManagerClient(aws.client());
    const { arn } = aws.plane.secrets.create({ name: 'master', value: 'first' });
    const put = await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: 'second' }));
    expect(put.VersionStages).toEqual(['AWSCURRENT']);
    const current = await client.send(new GetSecretValueCommand({ SecretId: 'master' }));
    expect(current).toMatchObject({ ARN: arn, Name: 'master', SecretString: 'second', VersionId: put.VersionId });
    const previous = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSPREVIOUS' }));
    expect(previous.SecretString).toBe('first');
    const described = await client.send(new DescribeSecretCommand({ SecretId: arn }));
    expect(
      Object.values(described.VersionIdsToStages ?? {})
        .flat()
        .sort(),
    ).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  it('keeps a pending value away from readers of the current one', async () => {
    const client = new SecretsManagerClient(aws.client());
    aws.plane.secrets.create({ name: 'rotating', value: 'old' });
    await client.send(
      new PutSecretValueCommand({ SecretId: 'rotating', SecretString: 'new', VersionStages: ['AWSPENDING'] }),
    );
    expect((await client.send(new GetSecretValueCommand({ SecretId: 'rotating' }))).SecretString).toBe('old');
    const pending = await client.send(new GetSecretValueCommand({ SecretId: 'rotating', VersionStage: 'AWSPENDING' }));
    expect(pending.SecretString).toBe('new');
  });

  it('tells an absent secret from one marked for deletion', async () => {
    const client = new SecretsManagerClient(aws.client());
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'nowhere' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    aws.plane.secrets.create({ name: 'leaving', value: 'x' });
    aws.plane.secrets.delete('leaving');
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'leaving' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  it('never writes a secret value into the journal', () => {
    expect(JSON.stringify(aws.plane.journal())).not.toMatch(/second|"old"|"new"/);
    expect(aws.plane.journal().map(({ operation }) => operation)).toContain('GetSecretValue');
  });
});

describe('Route 53', () => {
  it('answers the old value until the change is INSYNC', async () => {
    const client = new Route53Client(aws.client());
    const { zoneId } = aws.plane.route53.create('example.internal');
    aws.plane.route53.setRecord(zoneId, cname('db.example.internal', 'old.rds.localhost'));
    const { ChangeInfo } = await client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        ChangeBatch: {
          Changes: [{ Action: 'UPSERT', ResourceRecordSet: cname('db.example.internal', 'new.rds.localhost') }],
        },
      }),
    );
    expect(ChangeInfo?.Status).toBe('PENDING');
    expect(aws.plane.resolve('db.example.internal')).toBe('old.rds.localhost');
    const listed = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: 'db.example.internal',
        StartRecordType: 'CNAME',
        MaxItems: 1,
      }),
    );
    expect(listed.ResourceRecordSets).toEqual([
      {
        Name: 'db.example.internal.',
        Type: 'CNAME',
        TTL: 5,
        ResourceRecords: [{ Value: 'new.rds.localhost' }],
      },
    ]);
    await eventually(async () => {
      const { ChangeInfo: now } = await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }));
      return now?.Status === 'INSYNC' ? true : undefined;
    });
    expect(aws.plane.resolve('DB.example.internal.')).toBe('new.rds.localhost');
  });

  it('refuses a batch as a whole, with every reason', async () => {
    const client = new Route53Client(aws.client());
    const { zoneId } = aws.plane.route53.create('batch.internal');
    aws.plane.route53.setRecord(zoneId, cname('a.batch.internal', 'x'));
    const change = client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        ChangeBatch: {
          Changes: [
            { Action: 'CREATE', ResourceRecordSet: cname('b.batch.internal', 'y') },
            { Action: 'CREATE', ResourceRecordSet: cname('a.batch.internal', 'y') },
            { Action: 'DELETE', ResourceRecordSet: cname('a.batch.internal', 'another') },
            { Action: 'UPSERT', ResourceRecordSet: cname('elsewhere.internal', 'y') },
          ],
        },
      }),
    );
    await expect(change).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringMatching(/already exists.*do not match.*not permitted in zone/),
    });
    const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
    expect(ResourceRecordSets?.map(({ Name }) => Name)).toEqual(['a.batch.internal.']);
  });

  it('finds zones by name and answers NoSuchHostedZone and NoSuchChange', async () => {
    const client = new Route53Client(aws.client());
    const { HostedZones } = await client.send(new ListHostedZonesByNameCommand({ DNSName: 'example.internal' }));
    expect(HostedZones?.[0]?.Name).toBe('example.internal.');
    await expect(client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z0' }))).rejects.toMatchObject({
      name: 'NoSuchHostedZone',
    });
    await expect(client.send(new GetChangeCommand({ Id: 'C0' }))).rejects.toMatchObject({ name: 'NoSuchChange' });
  });
});

describe('S3', () => {
  it.each([
    ['text', () => 'naïve {"a": 1}'],
    ['bytes', () => Buffer.from([0, 255, 10, 13])],
    ['nothing', () => ''],
  ])('gives back %s as it was put', async (_kind, body) => {
    const client = new S3Client(aws.client());
    if (!aws.plane.s3.find('evidence')) aws.plane.s3.create('evidence', { versioned: true });
    const Key = `run/${_kind} with spaces+and %signs/a.json`;
    await client.send(new PutObjectCommand({ Bucket: 'evidence', Key, Body: body(), Metadata: { run: 'one' } }));
    const got = await client.send(new GetObjectCommand({ Bucket: 'evidence', Key }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(Buffer.from(body()));
    expect(got.Metadata).toEqual({ run: 'one' });
    const head = await client.send(new HeadObjectCommand({ Bucket: 'evidence', Key }));
    expect(head.ContentLength).toBe(Buffer.byteLength(body()));
  });

  it('takes a stream out of its aws-chunked framing and checks its trailing checksum', async () => {
    const client = new S3Client(aws.client());
    const body = Buffer.alloc(200_000, 'stream ');
    const parts = [body.subarray(0, 70_000), body.subarray(70_000)];
    await client.send(
      new PutObjectCommand({
        Bucket: 'evidence',
        Key: 'stream',
        Body: Readable.from(parts),
        ContentLength: body.length,
      }),
    );
    const got = await client.send(new GetObjectCommand({ Bucket: 'evidence', Key: 'stream' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  it('refuses a body that does not match its checksum', async () => {
    const client = new S3Client(aws.client());
    const put = new PutObjectCommand({ Bucket: 'evidence', Key: 'bad', Body: 'x', ChecksumCRC32: 'AAAAAA==' });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
  });

  it('lists by prefix in pages', async () => {
    const client = new S3Client(aws.client());
    aws.plane.s3.create('pages');
    for (const Key of ['a/1', 'a/2', 'a/3', 'b/1']) {
      await client.send(new PutObjectCommand({ Bucket: 'pages', Key, Body: Key }));
    }
    const first = await client.send(new ListObjectsV2Command({ Bucket: 'pages', Prefix: 'a/', MaxKeys: 2 }));
    expect(first.Contents?.map(({ Key }) => Key)).toEqual(['a/1', 'a/2']);
    const second = await client.send(
      new ListObjectsV2Command({ Bucket: 'pages', Prefix: 'a/', ContinuationToken: first.NextContinuationToken }),
    );
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['a/3']);
    expect(second.IsTruncated).toBe(false);
  });

  it('overwrites nothing under If-None-Match, and names what is missing', async () => {
    const client = new S3Client(aws.client());
    const put = (): Promise<unknown> =>
      client.send(new PutObjectCommand({ Bucket: 'evidence', Key: 'once', Body: '1', IfNoneMatch: '*' }));
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(client.send(new GetObjectCommand({ Bucket: 'evidence', Key: 'no' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(client.send(new GetObjectCommand({ Bucket: 'nowhere', Key: 'no' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
    await expect(client.send(new HeadObjectCommand({ Bucket: 'evidence', Key: 'no' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('refuses a parameter that it would not honour', async () => {
    const client = new S3Client(aws.client());
    const put = new PutObjectCommand({ Bucket: 'evidence', Key: 'acl', Body: 'x', ACL: 'public-read' });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'NotImplemented' });
    expect(aws.refusals.join()).toContain('ACL');
  });
});

describe('SNS', () => {
  it('keeps what was published', async () => {
    const client = new SNSClient(aws.client());
    const { arn } = aws.plane.sns.create('alarms');
    const { MessageId } = await client.send(
      new PublishCommand({ TopicArn: arn, Subject: 'page', Message: 'a & b <c>' }),
    );
    expect(aws.plane.sns.messages()).toEqual([
      { messageId: MessageId, topicArn: arn, subject: 'page', message: 'a & b <c>' },
    ]);
    await expect(client.send(new PublishCommand({ TopicArn: `${arn}x`, Message: 'm' }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });
});

function cname(Name: string, value: string) {
  return { Name, Type: 'CNAME' as const, TTL: 5, ResourceRecords: [{ Value: value }] };
}
