/** A local AWS with a source, a key, a record and a Target stack, and the world of a step that speaks to it by the SDK. */

import { SCHEMA_VERSION, type StepName } from '../../../lambda/contract';
import type { ClaimedCall } from '../../../lambda/contract/call';
import type { Endpoint } from '../../../lambda/contract/instance';
import type { Policy, TargetSettings } from '../../../lambda/contract/settings';
import { World } from '../../../lambda/platform/world';
import { scaledClock } from '../../../lib/rehearsal/clock';
import { createStackEngine, type StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import { cloudFormationService } from '../../../lib/rehearsal/control-plane/cloudformation/service';
import type { ControlPlaneProps } from '../../../lib/rehearsal/control-plane/control-plane';
import { controlPlaneProviders } from '../../../lib/rehearsal/control-plane/providers/control-plane-providers';
import { ACCOUNT, type LocalAws, REGION, startLocalAws } from '../../rehearsal/control-plane/support/local-aws';

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

export const EXECUTION = `arn:aws:states:${REGION}:${ACCOUNT}:execution:migrate:one`;
export const targetStack = (migrationId: string) => `Sealift-${migrationId}-Target`;
export const targetInstance = (migrationId: string) => `sealift-${migrationId}-target`;
export const RECORD = 'db.example.test';

const whenEmpty = (value: unknown, otherwise: unknown = { Ref: 'AWS::NoValue' }) => ({
  'Fn::If': ['Empty', value, otherwise],
});

/** The part of the Target template that matters to `restore`. */
const templateOf = (migrationId: string, keyArn: string) => ({
  Parameters: {
    Seed: { Type: 'String', Default: 'none' },
    Protected: { Type: 'String', Default: 'true' },
    Group: { Type: 'String', Default: `${migrationId}-group` },
    Version: { Type: 'String', Default: '17.10' },
    Key: { Type: 'String', Default: keyArn },
  },
  Conditions: {
    Born: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Seed' }, 'none'] }] },
    Empty: { 'Fn::Equals': [{ Ref: 'Seed' }, 'empty'] },
  },
  Resources: {
    Parameters: {
      Type: 'AWS::RDS::DBParameterGroup',
      Properties: { DBParameterGroupName: `${migrationId}-group`, Family: 'postgres17', Description: 'of the target' },
    },
    Database: {
      Type: 'AWS::RDS::DBInstance',
      Condition: 'Born',
      DependsOn: ['Parameters'],
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        DBInstanceIdentifier: targetInstance(migrationId),
        DBSnapshotIdentifier: whenEmpty({ Ref: 'AWS::NoValue' }, { Ref: 'Seed' }),
        MasterUsername: whenEmpty('dbadmin'),
        KmsKeyId: whenEmpty({ Ref: 'Key' }),
        StorageEncrypted: whenEmpty(true),
        Engine: 'postgres',
        EngineVersion: { Ref: 'Version' },
        DBInstanceClass: 'db.t4g.micro',
        DBParameterGroupName: { Ref: 'Group' },
        DeletionProtection: { Ref: 'Protected' },
        PubliclyAccessible: false,
        ManageMasterUserPassword: true,
      },
    },
  },
});

const POLICY: Policy = {
  road: 'snapshot',
  missingReplicaIdentity: 'full',
  largeObjects: 'block',
  unloggedTables: 'warn',
  excludeDatabases: [],
  cutoverBudgetSeconds: 60,
  longTransactions: { action: 'wait', afterSeconds: 60 },
  cutoverMaxLagBytes: 1_000_000,
  slotSafeBytes: 1_000_000,
  verifyWorkers: 1,
  before: { prunedTables: 0, scans: true },
  scan: { repair: 'block', maxBadRows: 100, workers: 1 },
  replicationConnection: { host: null, port: null, sslMode: 'require', rootCertificatePath: null },
  rollback: { windowHours: 0, host: null, port: null },
  recordTtlSeconds: 5,
};

/** A configuration of the target that suits the source. */
export const TARGET_SETTINGS: TargetSettings = {
  instanceClass: 'db.t4g.medium',
  engineVersion: '17.10',
  allocatedStorageGib: 20,
  maxAllocatedStorageGib: null,
  storageType: 'gp3',
  multiAz: false,
  parameterGroup: 'none',
};

/** One local AWS for one test file: the SDK's clients read its address once. */
export class AwsStage {
  private constructor(
    readonly aws: LocalAws,
    readonly engine: StackEngine,
    readonly keyArn: string,
    readonly zoneId: string,
  ) {}

  /** Without real databases, unless a host is given. */
  static async start(props: Pick<Partial<ControlPlaneProps>, 'directory' | 'databaseHost'> = {}): Promise<AwsStage> {
    const aws = await startLocalAws({ clock: scaledClock(20_000), ...props });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws.plane.endpointUrl,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: OPERATOR_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: 'unused',
    });
    const { rds, dms, kms, secrets, s3, sns, route53 } = aws.plane;
    const authorize = () => ({ allowed: true, reason: 'everybody may do anything here' });
    const place = { account: ACCOUNT, region: REGION };
    const engine = createStackEngine({
      ...place,
      clock: scaledClock(20_000),
      providers: controlPlaneProviders({ place, authorize, rds, dms, kms, secrets, s3, sns }),
    });
    aws.plane.addService(cloudFormationService(engine));
    const source = rds.instances.create({
      instanceId: 'source',
      engineVersion: '17.10',
      master: { username: 'dbadmin', password: 'a master password' },
    });
    await source.settled;
    s3.create('evidence');
    const zone = route53.create('example.test');
    const records = [{ Value: source.hostName }];
    route53.setRecord(zone.zoneId, { Name: RECORD, Type: 'CNAME', TTL: 5, ResourceRecords: records });
    return new AwsStage(aws, engine, kms.create().arn, zone.zoneId);
  }

  /** Makes the Target stack with a seed; parameters as the pipeline gives them. */
  async deployTarget(migrationId: string, parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    this.engine.createStack({
      stackName: targetStack(migrationId),
      templateBody: JSON.stringify(templateOf(migrationId, this.keyArn)),
      parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    });
    await this.engine.waitForStack(targetStack(migrationId));
  }

  /** Fields of a call, and the step's world; the environment as its template would give it. */
  world(
    step: StepName,
    migrationId: string,
    {
      epoch = '1',
      keyArn = this.keyArn,
      targetSettings = {},
      sourceEndpoint,
    }: {
      readonly epoch?: string;
      readonly keyArn?: string;
      readonly targetSettings?: Partial<TargetSettings>;
      /** Of a source that AWS does not manage. */
      readonly sourceEndpoint?: Endpoint;
    } = {},
  ): { readonly call: ClaimedCall; readonly world: World } {
    const call: ClaimedCall = { schemaVersion: SCHEMA_VERSION, execution: EXECUTION, epoch };
    const world = new World(step, call, () => 60_000, {
      migrationId,
      sourceInstance: sourceEndpoint === undefined ? 'source' : 'shop-onprem',
      ...(sourceEndpoint && { sourceEndpoint }),
      masterSecretArn: 'arn:master',
      replicationSecretArn: 'arn:replication',
      targetStack: targetStack(migrationId),
      targetInstance: targetInstance(migrationId),
      keyArn,
      evidenceBucket: 'evidence',
      switch: { kind: 'route53', hostedZoneId: this.zoneId, recordName: RECORD, ttlSeconds: 5 },
      policy: POLICY,
      trustedCa: '',
      targetSettings: { ...TARGET_SETTINGS, parameterGroup: `${migrationId}-group`, ...targetSettings },
      tags: { team: 'storage', 'sealift:id': 'of nobody' },
    });
    return { call, world };
  }

  async close(): Promise<void> {
    this.engine.close();
    await this.aws.close();
  }
}

/** Repeats a step until it answers `available`, as its state machine would; at most ten seconds long. */
export async function untilAvailable<T extends { readonly status: string }>(step: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await step();
    if (answer.status === 'available') return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)} after ten seconds`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
