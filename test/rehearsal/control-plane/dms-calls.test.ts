import {
  CreateReplicationTaskCommand,
  DatabaseMigrationServiceClient,
  DeleteReplicationTaskCommand,
  DescribeApplicableIndividualAssessmentsCommand,
  DescribeEndpointsCommand,
  DescribeReplicationInstancesCommand,
  DescribeReplicationTaskAssessmentRunsCommand,
  DescribeReplicationTaskIndividualAssessmentsCommand,
  DescribeReplicationTasksCommand,
  DescribeTableStatisticsCommand,
  ModifyReplicationTaskCommand,
  ReloadTablesCommand,
  StartReplicationTaskAssessmentRunCommand,
  StartReplicationTaskCommand,
  StopReplicationTaskCommand,
} from '@aws-sdk/client-database-migration-service';
import { scaledClock } from '../../../lib/rehearsal/clock';
import { localProviders } from '../../../lib/rehearsal/cloudformation/providers/local-providers';
import { createStackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import {
  controlPlaneProviders,
  mergeProviders,
} from '../../../lib/rehearsal/control-plane/providers/control-plane-providers';
import { DmsStage, EVERYTHING, type Move, putRole, SECRETS_ROLE } from './support/dms-stage';
import { dmsTemplate } from './support/dms-template';
import { ACCOUNT, eventually, REGION } from './support/local-aws';

let stage: DmsStage;

beforeAll(async () => {
  stage = await DmsStage.start();
}, 60_000);

afterAll(async () => {
  await stage?.close();
});

describe('a stack', () => {
  it('makes and removes all of it, not without the role that the account needs, and only with what is known', async () => {
    const template = dmsTemplate(stage.authority.caPem);
    const engine = createStackEngine({
      account: ACCOUNT,
      region: REGION,
      clock: scaledClock(1000),
      providers: mergeProviders(localProviders(stage.iam), controlPlaneProviders(stage.aws.plane)),
    });
    const deploy = async (stackName: string, body: object) => {
      engine.createStack({ stackName, templateBody: JSON.stringify(body), capabilities: ['CAPABILITY_NAMED_IAM'] });
      return engine.waitForStack(stackName);
    };
    const reasons = (name: string) =>
      engine
        .describeStackEvents(name)
        .map(({ ResourceStatusReason: reason }) => reason)
        .join('\n');
    stage.iam.removeRole(`arn:aws:iam::${ACCOUNT}:role/dms-vpc-role`);
    const { Subnets } = template.Resources;
    const { DependsOn: _, ...lonely } = Subnets;
    expect((await deploy('lonely', { Resources: { Subnets: lonely } })).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(reasons('lonely')).toContain('role/dms-vpc-role is not configured properly');
    const stack = await deploy('dms', template);
    expect(stack.StackStatus).toBe('CREATE_COMPLETE');
    const output = (key: string) => stack.Outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue ?? '';
    const Filters = [{ Name: 'replication-instance-arn', Values: [output('Instance')] }];
    const { ReplicationInstances } = await stage.client.send(new DescribeReplicationInstancesCommand({ Filters }));
    expect(ReplicationInstances).toMatchObject([
      {
        ReplicationInstanceStatus: 'available',
        PubliclyAccessible: false,
        AutoMinorVersionUpgrade: false,
        KmsKeyId: expect.stringContaining(':key/'),
        ReplicationSubnetGroup: { Subnets: [{ SubnetIdentifier: 'subnet-1' }, { SubnetIdentifier: 'subnet-2' }] },
      },
    ]);
    const { ReplicationTasks } = await stage.client.send(new DescribeReplicationTasksCommand({ Filters }));
    expect(ReplicationTasks).toMatchObject([
      { Status: 'ready', MigrationType: 'cdc', ReplicationTaskArn: output('Task') },
    ]);
    const unknown = { ...lonely, Properties: { ...lonely.Properties, Unknown: 1 } };
    expect((await deploy('unknown', { Resources: { Subnets: unknown } })).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(reasons('unknown')).toContain('property Unknown of Subnets is not known');
    engine.deleteStack({ stackName: 'dms' });
    await engine.waitForStack('dms');
    await expect(stage.client.send(new DescribeReplicationTasksCommand({ Filters }))).rejects.toMatchObject({
      name: 'ResourceNotFoundFault',
    });
    putRole(stage.iam, 'dms-vpc-role', 'dms.amazonaws.com', []);
    await engine.close();
  });
});

describe('a task', () => {
  let move: Move;
  let untested: { source: string; target: string };

  beforeAll(async () => {
    const tables = Array.from({ length: 25 }, (_, index) => `create table t${index} (id int primary key);`);
    const databases = await stage.databases(tables.join(''));
    move = await stage.move(databases);
    const [source, target] = [stage.endpoint('source', databases.name), stage.endpoint('target', databases.name)];
    untested = { source: source.arn, target: target.arn };
  });

  const create = (changes: object = {}) =>
    new CreateReplicationTaskCommand({
      ReplicationTaskIdentifier: 'made',
      ReplicationInstanceArn: stage.instance.arn,
      SourceEndpointArn: untested.source,
      TargetEndpointArn: untested.target,
      MigrationType: 'full-load',
      TableMappings: EVERYTHING,
      ...changes,
    });

  it('is made once, though the answer was lost, and starts only when its connections were tested', async () => {
    stage.aws.plane.inject({ service: 'dms', operation: 'CreateReplicationTask', effect: 'lose-response' });
    const client = new DatabaseMigrationServiceClient({ ...stage.aws.client(), maxAttempts: 1 });
    await expect(client.send(create())).rejects.toThrow();
    await expect(client.send(create())).rejects.toMatchObject({ name: 'ResourceAlreadyExistsFault' });
    stage.aws.plane.inject({ service: 'dms', operation: 'DescribeReplicationTasks', effect: 'throttle' });
    await expect(client.send(new DescribeReplicationTasksCommand({}))).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
    const Filters = [{ Name: 'replication-task-id', Values: ['made'] }];
    const task = await eventually(async () => {
      const { ReplicationTasks = [] } = await client.send(new DescribeReplicationTasksCommand({ Filters }));
      return ReplicationTasks.find(({ Status }) => Status === 'ready');
    });
    const start = {
      ReplicationTaskArn: task.ReplicationTaskArn,
      StartReplicationTaskType: 'start-replication' as const,
    };
    await expect(client.send(new StartReplicationTaskCommand(start))).rejects.toMatchObject({
      name: 'InvalidResourceStateFault',
      message: expect.stringContaining('Test connection'),
    });
    client.destroy();
  });

  it.each([
    [
      'a preparation that drops tables',
      settings({ FullLoadSettings: { TargetTablePrepMode: 'DROP_AND_CREATE' } }),
      'TargetTablePrepMode DROP_AND_CREATE',
    ],
    [
      'a setting that is not known',
      settings({ TargetMetadata: { Unheard: 1 } }),
      'member Unheard of DMS task settings TargetMetadata',
    ],
    ['a group that is not known', settings({ Unheard: {} }), 'member Unheard of DMS task settings'],
    [
      'a policy that is not known',
      settings({ ErrorBehavior: { ApplyErrorInsertPolicy: 'INSERT_RECORD' } }),
      'INSERT_RECORD',
    ],
    [
      'another grain of validation',
      settings({ ValidationSettings: { ValidationMode: 'GROUP_LEVEL' } }),
      'ValidationMode "GROUP_LEVEL"',
    ],
    [
      'rules that transform',
      { TableMappings: EVERYTHING.replace('"selection"', '"transformation"') },
      'rule-action include on a',
    ],
  ])('is refused with %s, by name', async (_, changes, reason) => {
    await expect(stage.client.send(create({ ReplicationTaskIdentifier: 'odd', ...changes }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining(reason),
    });
    expect(stage.aws.refusals.join()).toContain(reason);
  });

  it.each([
    ['no JSON', { TableMappings: 'everything' }, 'InvalidParameterValueException'],
    ['a position for a full load', { CdcStartPosition: '0/1' }, 'InvalidParameterCombinationException'],
    [
      'a time for a position',
      { MigrationType: 'cdc', CdcStartPosition: '2026-01-01T00:00:00' },
      'InvalidParameterValueException',
    ],
    ['endpoints the wrong way round', () => ({ SourceEndpointArn: untested.target }), 'InvalidParameterValueException'],
    [
      'an endpoint that is not there',
      { SourceEndpointArn: 'arn:aws:dms:eu-central-1:123456789012:endpoint:GONE' },
      'ResourceNotFoundFault',
    ],
    ['a name that cannot be', { ReplicationTaskIdentifier: 'two--hyphens' }, 'InvalidParameterValueException'],
  ])('is refused with %s', async (_, changes, name) => {
    const given = typeof changes === 'function' ? changes() : changes;
    await expect(stage.client.send(create({ ReplicationTaskIdentifier: 'odd', ...given }))).rejects.toMatchObject({
      name,
    });
  });

  it('knows what it may do in each state', async () => {
    const ReplicationTaskArn = move.arn;
    const wrongState = { name: 'InvalidResourceStateFault' };
    const TablesToReload = [{ SchemaName: 'public', TableName: 't1' }];
    await expect(move.start('resume-processing')).rejects.toMatchObject({
      name: 'InvalidParameterCombinationException',
    });
    await expect(move.stop()).rejects.toMatchObject(wrongState);
    const reload = new ReloadTablesCommand({ ReplicationTaskArn, TablesToReload });
    await expect(stage.client.send(reload)).rejects.toMatchObject(wrongState);
    const { ReplicationTask } = await stage.client.send(
      new ModifyReplicationTaskCommand({ ReplicationTaskArn, ReplicationTaskIdentifier: 'renamed' }),
    );
    expect(ReplicationTask).toMatchObject({ Status: 'modifying', ReplicationTaskIdentifier: 'renamed' });
    await move.until('ready');
    await move.start();
    await expect(move.start()).rejects.toMatchObject(wrongState);
    const modify = new ModifyReplicationTaskCommand({ ReplicationTaskArn, MigrationType: 'cdc' });
    await expect(stage.client.send(modify)).rejects.toMatchObject(wrongState);
    await expect(stage.client.send(new DeleteReplicationTaskCommand({ ReplicationTaskArn }))).rejects.toMatchObject(
      wrongState,
    );
  });

  it('tells its tables in pages', async () => {
    const ReplicationTaskArn = move.arn;
    const look = (rest: object) =>
      stage.client.send(new DescribeTableStatisticsCommand({ ReplicationTaskArn, ...rest }));
    const first = await look({ MaxRecords: 20 });
    const second = await look({ MaxRecords: 20, Marker: first.Marker });
    expect([first.TableStatistics?.length, second.TableStatistics?.length, second.Marker]).toEqual([20, 5, undefined]);
    await expect(look({ MaxRecords: 10 })).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    const Filters = [{ Name: 'table-name', Values: ['t7'] }];
    expect((await look({ Filters })).TableStatistics).toMatchObject([{ SchemaName: 'public', TableName: 't7' }]);
  });

  it('obeys a caller who may, on this task only', async () => {
    const arn = putRole(stage.iam, 'step', 'lambda.amazonaws.com', [
      { actions: ['dms:DescribeReplicationTasks'], resource: '*' },
      { actions: ['dms:StopReplicationTask'], resource: move.arn },
    ]);
    stage.aws.plane.callers.set('ASIA-step', { roleArn: arn });
    const client = new DatabaseMigrationServiceClient(stage.aws.client('ASIA-step'));
    await client.send(new DescribeReplicationTasksCommand({}));
    await expect(client.send(new DescribeEndpointsCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    const other = { ReplicationTaskArn: `${move.arn}X` };
    await expect(client.send(new StopReplicationTaskCommand(other))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    await client.send(new StopReplicationTaskCommand({ ReplicationTaskArn: move.arn }));
    await move.until('stopped');
    client.destroy();
  });

  it('is assessed: real findings, kept in a bucket, in the name of a role that is handed over', async () => {
    stage.aws.plane.s3.create('evidence');
    const writer = putRole(stage.iam, 'writer', 'dms.amazonaws.com', [
      { actions: ['s3:PutObject'], resource: 'arn:aws:s3:::evidence/*' },
    ]);
    const run = (changes: object = {}) =>
      new StartReplicationTaskAssessmentRunCommand({
        ReplicationTaskArn: move.arn,
        ServiceAccessRoleArn: writer,
        ResultLocationBucket: 'evidence',
        AssessmentRunName: 'first',
        ...changes,
      });
    const applicable = new DescribeApplicableIndividualAssessmentsCommand({ ReplicationTaskArn: move.arn });
    expect((await stage.client.send(applicable)).IndividualAssessmentNames).toContain('postgres-check-wallevel');
    const { ReplicationTaskAssessmentRun: begun } = await stage.client.send(run());
    expect(begun).toMatchObject({ Status: 'starting', IsLatestTaskAssessmentRun: true });
    const ended = await eventually(async () => {
      const { ReplicationTaskAssessmentRuns = [] } = await stage.client.send(
        new DescribeReplicationTaskAssessmentRunsCommand({
          Filters: [{ Name: 'replication-task-arn', Values: [move.arn] }],
        }),
      );
      return ReplicationTaskAssessmentRuns.find(({ Status }) => !/ing$/.test(Status ?? '') || Status === 'warning');
    });
    expect(ended.Status).toBe('warning');
    const { ReplicationTaskIndividualAssessments: found = [] } = await stage.client.send(
      new DescribeReplicationTaskIndividualAssessmentsCommand({}),
    );
    const statusOf = (name: string) =>
      found.find(({ IndividualAssessmentName }) => IndividualAssessmentName === name)?.Status;
    expect(statusOf('postgres-check-wallevel')).toBe('passed');
    expect(statusOf('postgres-check-session-replication-role')).toBe('warning');
    expect(stage.aws.plane.s3.get('evidence').objects.size).toBe(1);
    await expect(stage.client.send(run())).rejects.toMatchObject({ name: 'ResourceAlreadyExistsFault' });
    const elsewhere = run({ AssessmentRunName: 'second', ServiceAccessRoleArn: SECRETS_ROLE });
    await expect(stage.client.send(elsewhere)).rejects.toMatchObject({ name: 'AccessDeniedFault' });
    await move.until('stopped');
  });
});

describe('a replication instance', () => {
  it('is creating, then available, under a key that DMS can use', async () => {
    const { keyId } = stage.aws.plane.kms.create({ enabled: false });
    const request = { identifier: 'another', settings: { instanceClass: 'dms.t3.medium' }, tags: new Map() };
    const { instances } = stage.aws.plane.dms;
    expect(() => instances.create({ ...request, kmsKeyId: keyId })).toThrow(
      expect.objectContaining({ code: 'KMSKeyNotAccessibleFault' }),
    );
    stage.aws.plane.kms.enable(keyId);
    const instance = instances.create({ ...request, kmsKeyId: keyId });
    expect(instance.status).toBe('creating');
    await instance.settled;
    expect(instance.status).toBe('available');
    expect(() => instances.create(request)).toThrow(expect.objectContaining({ code: 'ResourceAlreadyExistsFault' }));
  });
});

function settings(value: object): { ReplicationTaskSettings: string } {
  return { ReplicationTaskSettings: JSON.stringify(value) };
}
