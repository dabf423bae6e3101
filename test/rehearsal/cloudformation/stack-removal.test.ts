import { realClock } from '../../../lib/rehearsal/clock';
import type { CreateStackInput } from '../../../lib/rehearsal/cloudformation/stack-calls';
import type { StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { DATABASE, databaseProvider, engineOf, type FakeProvider, fakeProvider } from './fake-provider';

const THING = 'AWS::Fake::Thing';
type Resources = Record<string, object>;

let thing: FakeProvider;
let database: FakeProvider;
let engine: StackEngine;

beforeEach(() => {
  thing = fakeProvider(THING, { replacementOn: ['Size', 'Name'], nameProperty: 'Name' });
  database = databaseProvider();
  engine = engineOf([thing, database]);
});
afterEach(() => engine.close());

const body = (resources: Resources, more: object = {}) => JSON.stringify({ Resources: resources, ...more });
const a = (over: object = {}, rest: object = {}) => ({ Type: THING, Properties: { Text: 'a', ...over }, ...rest });
const afterA = (rest: object = {}) => ({ Type: THING, Properties: { Of: { 'Fn::GetAtt': ['A', 'Arn'] } }, ...rest });

async function create(resources: Resources, input: Partial<CreateStackInput> = {}, more: object = {}) {
  engine.createStack({ stackName: 's', templateBody: body(resources, more), ...input });
  return engine.waitForStack(input.stackName ?? 's');
}

async function update(resources: Resources, more: object = {}) {
  engine.updateStack({ stackName: 's', templateBody: body(resources, more) });
  return engine.waitForStack('s');
}

const statuses = (nameOrId = 's') =>
  engine
    .describeStackEvents(nameOrId)
    .filter((event) => event.ResourceType === 'AWS::CloudFormation::Stack')
    .map((event) => event.ResourceStatus)
    .reverse();

test('a deletion removes users before what they use', async () => {
  const { StackId } = await create({ A: a(), B: afterA(), C: a({}, { DependsOn: 'B' }) });
  engine.deleteStack({ stackName: 's' });
  expect((await engine.waitForStack(StackId)).StackStatus).toBe('DELETE_COMPLETE');
  expect(thing.calls.slice(3)).toEqual(['delete C', 'delete B', 'delete A']);
});

describe('the removal policies', () => {
  const db = (over: object, properties: object = {}) => ({ Type: DATABASE, Properties: properties, ...over });
  test.each<[string, object, string[]]>([
    ['none: a snapshot, which is the default of a database', {}, ['delete Db with snapshot']],
    ['Delete', { DeletionPolicy: 'Delete' }, ['delete Db']],
    ['Snapshot', { DeletionPolicy: 'Snapshot' }, ['delete Db with snapshot']],
    ['Retain', { DeletionPolicy: 'Retain' }, []],
    ['RetainExceptOnCreate', { DeletionPolicy: 'RetainExceptOnCreate' }, []],
  ])('DeletionPolicy %s', async (_policy, over, calls) => {
    const { StackId } = await create({ Db: db(over) });
    engine.deleteStack({ stackName: 's' });
    await engine.waitForStack(StackId);
    expect(database.calls.slice(1)).toEqual(calls);
    expect(statuses(StackId).at(-1)).toBe('DELETE_COMPLETE');
  });

  test.each<[string, object, string[]]>([
    ['none: the original is deleted (facts E16)', {}, ['delete Db']],
    ['none: a DeletionPolicy does not protect it', { DeletionPolicy: 'Retain' }, ['delete Db']],
    ['Snapshot', { UpdateReplacePolicy: 'Snapshot' }, ['delete Db with snapshot']],
    ['Retain', { UpdateReplacePolicy: 'Retain' }, []],
  ])('UpdateReplacePolicy %s', async (_policy, over, calls) => {
    await create({ Db: db(over, { DBSnapshotIdentifier: 'one' }) });
    await update({ Db: db(over, { DBSnapshotIdentifier: 'two' }) });
    expect(database.calls.slice(2)).toEqual(calls);
  });

  test.each([
    ['Retain', ['create Db']],
    ['RetainExceptOnCreate', ['create Db', 'delete Db']],
  ])('%s in the rollback of a creation', async (DeletionPolicy, calls) => {
    thing.failing.add('create A');
    await create({ Db: db({ DeletionPolicy }), A: a({}, { DependsOn: ['Db'] }) });
    expect(database.calls).toEqual(calls);
  });
});

describe('stacks of one account', () => {
  const exporting = { Outputs: { Key: { Value: { 'Fn::GetAtt': ['A', 'Arn'] }, Export: { Name: 'the-key' } } } };
  const user = { U: { Type: THING, Properties: { Key: { 'Fn::ImportValue': 'the-key' } } } };

  test('share exports, which stay as long as they are used', async () => {
    await create({ A: a({ Size: 1 }) }, {}, exporting);
    await create(user, { stackName: 'user' });
    expect(thing.contexts.at(-1)?.properties.Key).toMatch(/^arn:fake:s-A/);

    expect((await update({ A: a({ Size: 2 }) }, exporting)).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    engine.deleteStack({ stackName: 's' });
    expect(await engine.waitForStack('s')).toMatchObject({
      StackStatus: 'DELETE_FAILED',
      StackStatusReason: 'Export the-key cannot be deleted as it is in use by user',
    });
    const again = await create({ A: a() }, { stackName: 'other' }, exporting);
    expect(again.StackStatus).toBe('ROLLBACK_COMPLETE');
  });

  test('see outputs through Fn::GetStackOutput, and notice their change at the next update', async () => {
    await create({ A: a({ Size: 1 }) }, {}, exporting);
    const weak = { 'Fn::GetStackOutput': { StackName: 's', OutputName: 'Key' } };
    await create({ U: { Type: THING, Properties: { Key: weak } } }, { stackName: 'user' });
    expect((await update({ A: a({ Size: 2 }) }, exporting)).StackStatus).toBe('UPDATE_COMPLETE');
    engine.updateStack({ stackName: 'user', usePreviousTemplate: true });
    expect((await engine.waitForStack('user')).StackStatus).toBe('UPDATE_COMPLETE');
  });
});

test('secrets reach the provider and nothing else', async () => {
  const secretive = engineOf([thing], { dynamicReference: async () => 'hunter2', clock: realClock });
  const secret = '{{resolve:secretsmanager:demo:SecretString:password}}';
  const templateBody = body({ A: { Type: THING, Properties: { Secret: secret } } });
  secretive.createStack({ stackName: 's', templateBody });
  await secretive.waitForStack('s');
  expect(thing.contexts[0]?.properties.Secret).toBe('hunter2');
  const { attributes: _given, ...known } = secretive.describeStackResources('s')[0] ?? { attributes: {} };
  expect(JSON.stringify([known, secretive.describeStackEvents('s'), secretive.describeStack('s')])).not.toContain(
    'hunter2',
  );
  await secretive.close();
});

test('the value of a NoEcho parameter is hidden', async () => {
  const parameters = [{ ParameterKey: 'P', ParameterValue: 'hunter2' }];
  await create({ A: a() }, { parameters }, { Parameters: { P: { Type: 'String', NoEcho: true } } });
  expect(engine.describeStack('s').Parameters).toEqual([{ ParameterKey: 'P', ParameterValue: '****' }]);
});

test('a closed engine begins nothing more', async () => {
  const slow = engineOf([thing], { latencyMs: 60_000 });
  slow.createStack({ stackName: 's', templateBody: body({ A: a() }) });
  await slow.close();
  expect(thing.calls).toEqual([]);
  expect(slow.describeStack('s').StackStatus).toBe('CREATE_IN_PROGRESS');
});
