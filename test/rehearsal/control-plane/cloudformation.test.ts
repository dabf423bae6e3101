import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetStackPolicyCommand,
  GetTemplateCommand,
  SetStackPolicyCommand,
  type Stack,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { scaledClock } from '../../../lib/rehearsal/clock';
import { localProviders } from '../../../lib/rehearsal/cloudformation/providers/local-providers';
import { createStackEngine, type StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { authorizeByIam } from '../../../lib/rehearsal/control-plane/authorize-by-iam';
import { cloudFormationService } from '../../../lib/rehearsal/control-plane/cloudformation/service';
import {
  controlPlaneProviders,
  mergeProviders,
} from '../../../lib/rehearsal/control-plane/providers/control-plane-providers';
import { createIam, type Iam } from '../../../lib/rehearsal/iam/iam';
import { ACCOUNT, eventually, type LocalAws, REGION, startLocalAws } from './support/local-aws';

let aws: LocalAws;
let iam: Iam;
let engine: StackEngine;
let client: CloudFormationClient;

beforeAll(async () => {
  iam = createIam();
  aws = await startLocalAws({ authorize: authorizeByIam(iam) });
  engine = createStackEngine({
    account: ACCOUNT,
    region: REGION,
    clock: scaledClock(1000),
    providers: mergeProviders(localProviders(iam), controlPlaneProviders(aws.plane)),
  });
  aws.plane.addService(cloudFormationService(engine));
  client = new CloudFormationClient(aws.client());
});

afterAll(async () => {
  await engine?.close();
  await aws?.close();
});

const FOUNDATION = {
  Resources: {
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: { EnableKeyRotation: true, PendingWindowInDays: 7, KeyPolicy: accountKeyPolicy() },
    },
    Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/shop', TargetKeyId: { Ref: 'Key' } } },
    Evidence: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              ServerSideEncryptionByDefault: {
                SSEAlgorithm: 'aws:kms',
                KMSMasterKeyID: { 'Fn::GetAtt': ['Key', 'Arn'] },
              },
            },
          ],
        },
      },
    },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'shop-alarms' } },
    Mail: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'email', Endpoint: 'on-call@example.com' },
    },
    Replication: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] },
        GenerateSecretString: {
          SecretStringTemplate: '{"username":"replica"}',
          GenerateStringKey: 'password',
          PasswordLength: 40,
          ExcludePunctuation: true,
        },
      },
    },
    Parameters: {
      Type: 'AWS::RDS::DBParameterGroup',
      Properties: {
        DBParameterGroupName: 'shop-17',
        Family: 'postgres17',
        Description: 'shop',
        Parameters: { 'rds.logical_replication': 1 },
      },
    },
  },
  Outputs: {
    KeyArn: { Value: { 'Fn::GetAtt': ['Key', 'Arn'] } },
    SecretArn: { Value: { Ref: 'Replication' } },
    Bucket: { Value: { Ref: 'Evidence' } },
  },
};

it('makes the foundation, and its secret, bucket and key are the ones that the services answer with', async () => {
  const stack = await deploy('foundation', FOUNDATION);
  expect(stack.StackStatus).toBe('CREATE_COMPLETE');
  const { KeyArn = '', SecretArn = '', Bucket = '' } = outputs(stack);
  expect(aws.plane.kms.get('alias/shop')).toMatchObject({ arn: KeyArn, rotationEnabled: true });
  const secret = aws.plane.secrets.get(SecretArn);
  expect(secret.kmsKeyId).toBe(KeyArn);
  expect(JSON.parse(aws.plane.secrets.version(secret).value)).toEqual({
    username: 'replica',
    password: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
  });
  expect(aws.plane.s3.get(Bucket)).toMatchObject({ versioned: true, kmsKeyId: KeyArn });
  expect(aws.plane.rds.parameterGroups.get('shop-17').parameters.get('rds.logical_replication')).toBe('1');
  const { StackResources } = await client.send(new DescribeStackResourcesCommand({ StackName: 'foundation' }));
  expect(StackResources).toHaveLength(7);
  const template = await client.send(new GetTemplateCommand({ StackName: 'foundation' }));
  expect(JSON.parse(template.TemplateBody ?? '')).toEqual(FOUNDATION);
});

it('refuses a property that a provider does not know, and rolls back', async () => {
  const stack = await deploy('unknown-property', {
    Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: { WebsiteConfiguration: {} } } },
  });
  expect(stack.StackStatus).toBe('ROLLBACK_COMPLETE');
  const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: 'unknown-property' }));
  expect(StackEvents?.map(({ ResourceStatusReason }) => ResourceStatusReason).join()).toContain('WebsiteConfiguration');
});

it('answers ValidationError for a stack that does not exist', async () => {
  await expect(client.send(new DescribeStacksCommand({ StackName: 'nowhere' }))).rejects.toMatchObject({
    name: 'ValidationError',
  });
});

describe('the target', () => {
  const template = targetTemplate();

  it('has no instance while its seed is none', async () => {
    const stack = await deploy('target', template, { Seed: 'none' });
    expect(stack.StackStatus).toBe('CREATE_COMPLETE');
    expect(stack.Parameters).toEqual([{ ParameterKey: 'Seed', ParameterValue: 'none' }]);
    expect(aws.plane.rds.instances.find('shop-target')).toBeUndefined();
  });

  it('is refused to a service role that may not restore, with action and resource in the event', async () => {
    const seed = await encryptedSnapshot();
    putRole('narrow', ['rds:DescribeDBInstances']);
    await update(seed, { RoleARN: `arn:aws:iam::${ACCOUNT}:role/narrow` });
    const stack = await finished('target');
    expect(stack.StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: 'target' }));
    expect(StackEvents?.map(({ ResourceStatusReason }) => ResourceStatusReason).join()).toMatch(
      /not authorized to perform: rds:RestoreDBInstanceFromDBSnapshot on resource: arn:aws:rds:.*:db:shop-target/,
    );
    expect(aws.plane.rds.instances.find('shop-target')).toBeUndefined();
  });

  it('is born from the snapshot with what was passed, encrypted, its password in a managed secret', async () => {
    putRole('wide', ['rds:*', 'kms:*', 'secretsmanager:*']);
    await update('arn:aws:rds:eu-central-1:123456789012:snapshot:sealed', {
      RoleARN: `arn:aws:iam::${ACCOUNT}:role/wide`,
    });
    const stack = await finished('target');
    expect(stack.StackStatus).toBe('UPDATE_COMPLETE');
    const instance = aws.plane.rds.instances.get('shop-target');
    expect(instance).toMatchObject({
      status: 'available',
      encryption: { type: 'sse-kms', kmsKeyArn: aws.plane.kms.get('alias/shop').arn },
      settings: { parameterGroup: 'shop-17', deletionProtection: true, multiAz: true, securityGroupIds: ['sg-1'] },
      masterUserSecret: { kmsKeyArn: aws.plane.kms.get('alias/shop').arn },
    });
    expect(Object.fromEntries(instance.tags)).toMatchObject({
      'aws:cloudformation:stack-name': 'target',
      team: 'shop',
    });
    expect(outputs(stack)).toEqual({
      Address: instance.hostName,
      Port: '5432',
      Secret: instance.masterUserSecret?.secretArn,
    });
  });

  it('keeps a stack policy and never replaces the instance against it', async () => {
    const StackPolicyBody = JSON.stringify({
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 'Update:*', Resource: '*' },
        { Effect: 'Deny', Principal: '*', Action: 'Update:Replace', Resource: 'LogicalResourceId/Database' },
      ],
    });
    await client.send(new SetStackPolicyCommand({ StackName: 'target', StackPolicyBody }));
    const policy = await client.send(new GetStackPolicyCommand({ StackName: 'target' }));
    expect(policy.StackPolicyBody).toBe(StackPolicyBody);
    const { resourceId } = aws.plane.rds.instances.get('shop-target');
    await update('arn:aws:rds:eu-central-1:123456789012:snapshot:plain', {});
    expect((await finished('target')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(aws.plane.rds.instances.get('shop-target').resourceId).toBe(resourceId);
  });

  it('answers ValidationError when nothing would change', async () => {
    await expect(update('arn:aws:rds:eu-central-1:123456789012:snapshot:sealed', {})).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('No updates'),
    });
  });
});

async function encryptedSnapshot(): Promise<string> {
  const { instances, snapshots } = aws.plane.rds;
  const source = instances.create({
    instanceId: 'source',
    engineVersion: '17',
    master: { username: 'master', password: 'p' },
  });
  await source.settled;
  await snapshots.create('plain', 'source', new Map()).settled;
  const sealed = snapshots.copy('plain', 'sealed', { kmsKeyId: 'alias/shop' });
  await sealed.settled;
  return sealed.arn;
}

function putRole(roleName: string, actions: string[]): void {
  iam.putRole({
    roleName,
    arn: `arn:aws:iam::${ACCOUNT}:role/${roleName}`,
    trustPolicy: {
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'cloudformation.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    },
    inlinePolicies: [
      {
        name: 'own',
        document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] },
      },
    ],
    managedPolicyArns: [],
    permissionsBoundary: null,
    tags: {},
  });
}

async function deploy(StackName: string, template: object, parameters: Record<string, string> = {}): Promise<Stack> {
  await client.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(template),
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      Tags: [{ Key: 'team', Value: 'shop' }],
    }),
  );
  return finished(StackName);
}

async function update(seed: string, options: { RoleARN?: string }): Promise<void> {
  const Parameters = [{ ParameterKey: 'Seed', ParameterValue: seed }];
  await client.send(new UpdateStackCommand({ StackName: 'target', UsePreviousTemplate: true, Parameters, ...options }));
}

async function finished(StackName: string): Promise<Stack> {
  return eventually(async () => {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return stack?.StackStatus?.endsWith('_IN_PROGRESS') ? undefined : stack;
  });
}

function outputs(stack: Stack): Record<string, string> {
  return Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

function accountKeyPolicy(): object {
  const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' }] };
}

function targetTemplate(): object {
  const attribute = (name: string) => ({ 'Fn::GetAtt': ['Database', name] });
  const output = (name: string) => ({ Condition: 'HasInstance', Value: attribute(name) });
  return {
    Parameters: { Seed: { Type: 'String', Default: 'none' } },
    Conditions: { HasInstance: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Seed' }, 'none'] }] } },
    Resources: {
      Topic: { Type: 'AWS::SNS::Topic' },
      Database: {
        Type: 'AWS::RDS::DBInstance',
        Condition: 'HasInstance',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          DBInstanceIdentifier: 'shop-target',
          DBSnapshotIdentifier: { Ref: 'Seed' },
          Engine: 'postgres',
          EngineVersion: '17.10',
          DBInstanceClass: 'db.m7g.large',
          AllocatedStorage: '100',
          MultiAZ: true,
          Port: '5432',
          DeletionProtection: true,
          DBParameterGroupName: 'shop-17',
          VPCSecurityGroups: ['sg-1'],
          ManageMasterUserPassword: true,
          MasterUserSecret: { KmsKeyId: 'alias/shop' },
        },
      },
    },
    Outputs: {
      Address: output('Endpoint.Address'),
      Port: output('Endpoint.Port'),
      Secret: output('MasterUserSecret.SecretArn'),
    },
  };
}
