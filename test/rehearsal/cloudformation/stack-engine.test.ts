import type { ParameterInput } from '../../../lib/rehearsal/cloudformation/parameters';
import type { StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { DATABASE, databaseProvider, engineOf, type FakeProvider, fakeProvider } from './fake-provider';

const GROUP = 'AWS::Fake::Group';
const POLICY = JSON.stringify({
  Statement: [
    { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
    {
      Effect: 'Deny',
      Action: ['Update:Replace', 'Update:Delete'],
      Principal: '*',
      Resource: '*',
      Condition: { StringEquals: { ResourceType: [DATABASE] } },
    },
  ],
});
const SNAPSHOT = 'arn:aws:rds:eu-central-1:111122223333:snapshot:one';

/** The shape of the Target stack: no instance, an empty one, or one from a snapshot, by one parameter. */
const TARGET = {
  Parameters: { Seed: { Type: 'String', Default: 'none' }, Class: { Type: 'String', Default: 'db.m7g.large' } },
  Conditions: {
    Born: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Seed' }, 'none'] }] },
    FromSnapshot: {
      'Fn::And': [{ Condition: 'Born' }, { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Seed' }, 'empty'] }] }],
    },
  },
  Resources: {
    Group: { Type: GROUP, Properties: { Text: 'subnets' } },
    Db: {
      Type: DATABASE,
      Condition: 'Born',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        DBInstanceClass: { Ref: 'Class' },
        DBSubnetGroupName: { Ref: 'Group' },
        DBSnapshotIdentifier: { 'Fn::If': ['FromSnapshot', { Ref: 'Seed' }, { Ref: 'AWS::NoValue' }] },
      },
    },
  },
  Outputs: { Instance: { Condition: 'Born', Value: { Ref: 'Db' } } },
};

let database: FakeProvider;
let group: FakeProvider;
let engine: StackEngine;

beforeEach(() => {
  database = databaseProvider();
  group = fakeProvider(GROUP);
  engine = engineOf([database, group]);
});
afterEach(() => engine.close());

const seed = (value: string): ParameterInput => ({ ParameterKey: 'Seed', ParameterValue: value });
const keep = (name: string): ParameterInput => ({ ParameterKey: name, UsePreviousValue: true });

async function createTarget(value = 'none') {
  engine.createStack({
    stackName: 'target',
    templateBody: JSON.stringify(TARGET),
    parameters: [seed(value)],
    stackPolicyBody: POLICY,
  });
  return engine.waitForStack('target');
}

async function updateTarget(...parameters: ParameterInput[]) {
  engine.updateStack({ stackName: 'target', usePreviousTemplate: true, parameters });
  return engine.waitForStack('target');
}

const stackStatuses = () =>
  engine
    .describeStackEvents('target')
    .filter((event) => event.ResourceType === 'AWS::CloudFormation::Stack')
    .map((event) => event.ResourceStatus)
    .reverse();

describe('the Target stack', () => {
  test('is created without an instance, and the snapshot switches it on', async () => {
    expect((await createTarget()).StackStatus).toBe('CREATE_COMPLETE');
    expect(database.calls).toEqual([]);

    const after = await updateTarget(seed(SNAPSHOT), keep('Class'));

    expect(after.StackStatus).toBe('UPDATE_COMPLETE');
    expect(database.calls).toEqual(['create Db']);
    expect(database.contexts[0]?.properties.DBSnapshotIdentifier).toBe(SNAPSHOT);
    expect(after.Outputs).toEqual([
      { OutputKey: 'Instance', OutputValue: expect.stringMatching(/^target-Db-[0-9A-F]{13}$/) },
    ]);
    expect(stackStatuses()).toEqual([
      'CREATE_IN_PROGRESS',
      'CREATE_COMPLETE',
      'UPDATE_IN_PROGRESS',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_COMPLETE',
    ]);
  });

  test('is born empty without a snapshot property', async () => {
    await createTarget('empty');
    expect(Object.keys(database.contexts[0]?.properties ?? {})).toEqual(['DBInstanceClass', 'DBSubnetGroupName']);
  });

  test.each([
    ['another snapshot', `${SNAPSHOT}-other`, 'Update:Replace'],
    ['an empty database', 'empty', 'Update:Replace'],
    ['no instance', 'none', 'Update:Delete'],
  ])('keeps its instance when the seed is changed to %s: the stack policy denies it', async (_what, value, action) => {
    await createTarget(SNAPSHOT);
    const instance = engine.describeStack('target').Outputs[0]?.OutputValue;

    const after = await updateTarget(seed(value), keep('Class'));

    expect(after.StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(database.calls).toEqual(['create Db']);
    expect(after.Outputs[0]?.OutputValue).toBe(instance);
    expect(after.Parameters).toContainEqual({ ParameterKey: 'Seed', ParameterValue: SNAPSHOT });
    const denied = engine.describeStackEvents('target').find((event) => event.ResourceStatus === 'UPDATE_FAILED');
    expect(denied).toMatchObject({
      LogicalResourceId: 'Db',
      ResourceStatusReason: `Action denied by stack policy: Statement [#2] does not allow [${action}] for resource [Db]`,
    });
  });

  test('may be changed in other ways under the same policy', async () => {
    await createTarget(SNAPSHOT);
    const after = await updateTarget(keep('Seed'), { ParameterKey: 'Class', ParameterValue: 'db.m7g.xlarge' });
    expect(after.StackStatus).toBe('UPDATE_COMPLETE');
    expect(database.calls).toEqual(['create Db', 'update Db']);
  });

  test('forgets the seed of a caller that does not keep it: only the policy saves the instance', async () => {
    await createTarget(SNAPSHOT);
    const after = await updateTarget({ ParameterKey: 'Class', ParameterValue: 'db.m7g.xlarge' });
    expect(after.StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(database.calls).toEqual(['create Db']);
  });

  test('goes back to no instance when the restore fails, and can be tried again', async () => {
    await createTarget();
    database.failing.add('create Db');

    const failed = await updateTarget(seed(SNAPSHOT));
    expect(failed.StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(failed.StackStatusReason ?? '').toBe('');
    expect(failed.Parameters).toContainEqual({ ParameterKey: 'Seed', ParameterValue: 'none' });

    expect((await updateTarget(seed(SNAPSHOT))).StackStatus).toBe('UPDATE_COMPLETE');
  });
});
