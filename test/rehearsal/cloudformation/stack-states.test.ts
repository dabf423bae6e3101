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

describe('a creation', () => {
  test('makes what is used before what uses it, and gives it the reference', async () => {
    await create({ B: afterA(), A: a(), C: a({}, { DependsOn: ['B'] }) });
    expect(thing.calls).toEqual(['create A', 'create B', 'create C']);
    expect(thing.contexts[1]?.properties.Of).toMatch(/^arn:fake:s-A-/);
  });

  test('that fails removes what it made and keeps the name until the stack is deleted', async () => {
    thing.failing.add('create B');
    const { StackId } = await create({ A: a(), B: afterA() });
    expect(statuses()).toEqual(['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE']);
    expect(thing.calls).toEqual(['create A', 'create B', 'delete A']);
    expect(() => engine.updateStack({ stackName: 's', templateBody: body({ A: a() }) })).toThrow(
      `Stack:${StackId} is in ROLLBACK_COMPLETE state and can not be updated.`,
    );
    engine.deleteStack({ stackName: 's' });
    await engine.waitForStack(StackId);
    expect((await create({ A: a() })).StackStatus).toBe('CREATE_COMPLETE');
  });

  test('that fails half-way removes the half, without a snapshot', async () => {
    database.failing.add('create Db');
    await create({ Db: { Type: DATABASE, Properties: { Early: true } } });
    expect(database.calls).toEqual(['create Db', 'delete Db']);
  });

  test('that cannot be rolled back says so', async () => {
    for (const call of ['create B', 'delete A']) thing.failing.add(call);
    expect((await create({ A: a(), B: afterA() })).StackStatus).toBe('ROLLBACK_FAILED');
  });

  test.each([
    ['DO_NOTHING', 'CREATE_FAILED', ['create A', 'create B']],
    ['DELETE', 'DELETE_COMPLETE', ['create A', 'create B', 'delete A']],
  ] as const)('that fails with %s ends in %s', async (onFailure, status, calls) => {
    thing.failing.add('create B');
    const { StackId } = engine.createStack({ stackName: 's', templateBody: body({ A: a(), B: afterA() }), onFailure });
    expect((await engine.waitForStack(StackId)).StackStatus).toBe(status);
    expect(thing.calls).toEqual(calls);
  });

  test('with an unknown attribute fails with its path', async () => {
    const failed = await create({ A: a(), B: { Type: THING, Properties: { Of: { 'Fn::GetAtt': ['A', 'Nothing'] } } } });
    expect(failed.StackStatus).toBe('ROLLBACK_COMPLETE');
    const event = engine.describeStackEvents('s').find((found) => found.ResourceStatus === 'CREATE_FAILED');
    expect(event?.ResourceStatusReason).toMatch(/Requested attribute Nothing .* at \[Resources\.B\.Properties\.Of/);
  });
});

describe('an update', () => {
  test('touches only what changed', async () => {
    await create({ A: a(), B: a() });
    await update({ A: a(), B: a({ Text: 'b' }) });
    expect(thing.calls).toEqual(['create A', 'create B', 'update B']);
  });

  test('replaces where the provider says so, tells the users, and removes the old one last', async () => {
    await create({ A: a({ Size: 1 }), B: afterA() });
    const before = engine.describeStackResources('s').find((found) => found.LogicalResourceId === 'A');
    await update({ A: a({ Size: 2 }), B: afterA() });
    const after = engine.describeStackResources('s').find((found) => found.LogicalResourceId === 'A');
    expect(thing.calls.slice(2)).toEqual(['create A', 'update B', 'delete A']);
    expect(after?.PhysicalResourceId).not.toBe(before?.PhysicalResourceId);
    expect(statuses().slice(2)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_COMPLETE',
    ]);
  });

  test('that fails puts everything back', async () => {
    await create({ A: a({ Size: 1 }), B: a(), C: a() });
    const before = engine.describeStackResources('s').map((found) => found.PhysicalResourceId);
    thing.calls.length = 0;
    thing.failing.add('update C');
    const next = {
      A: a({ Size: 2 }),
      B: a({ Text: 'b' }),
      C: a({ Text: 'c' }, { DependsOn: ['A', 'B', 'D'] }),
      D: a(),
    };
    await update(next);
    expect(statuses().slice(2)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_ROLLBACK_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(engine.describeStackResources('s').map((found) => found.PhysicalResourceId)).toEqual(before);
    const back = thing.contexts.filter((context) => context.logicalId === 'B').at(-1);
    expect(back).toMatchObject({ properties: { Text: 'a' }, previousProperties: { Text: 'b' } });
    expect(thing.calls.filter((call) => call.startsWith('delete')).sort()).toEqual(['delete A', 'delete D']);
    expect((await update(next)).StackStatus).toBe('UPDATE_COMPLETE');
  });

  test('whose rollback fails ends in UPDATE_ROLLBACK_FAILED and refuses further updates', async () => {
    await create({ A: a(), B: a() });
    for (const call of ['create C', 'update A #2']) thing.failing.add(call);
    const after = await update({ A: a({ Text: 'x' }), B: a(), C: a({}, { DependsOn: ['A'] }) });
    expect(after.StackStatus).toBe('UPDATE_ROLLBACK_FAILED');
    expect(() => engine.updateStack({ stackName: 's', templateBody: body({ A: a() }) })).toThrow(
      /UPDATE_ROLLBACK_FAILED/,
    );
  });

  test.each([
    ['Update:Replace', { Name: { 'Fn::Join': ['', ['x', { Ref: 'A' }]] } }],
    ['Update:Modify', { Text: { Ref: 'A' } }],
  ])(
    'whose %s comes to light only through a reference is denied by the stack policy too',
    async (action, properties) => {
      const stackPolicyBody = JSON.stringify({
        Statement: [
          { Effect: 'Allow', NotAction: action, Principal: '*', Resource: '*' },
          { Effect: 'Allow', Action: action, Principal: '*', NotResource: 'LogicalResourceId/B' },
        ],
      });
      const user = { Type: THING, Properties: properties };
      await create({ A: a({ Size: 1 }), B: user }, { stackPolicyBody });
      const before = engine.describeStackResources('s').map((found) => found.PhysicalResourceId);
      const after = await update({ A: a({ Size: 2 }), B: user });
      expect(after.StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
      expect(thing.calls).toEqual(['create A', 'create B', 'create A', 'delete A']);
      expect(engine.describeStackResources('s').map((found) => found.PhysicalResourceId)).toEqual(before);
      expect(engine.describeStackEvents('s').find((event) => event.ResourceStatus === 'UPDATE_FAILED')).toMatchObject({
        LogicalResourceId: 'B',
        ResourceStatusReason: `Action not allowed by stack policy: no statement allows [${action}] for resource [B]`,
      });
    },
  );

  test('cannot replace what has an explicit name', async () => {
    await create({ A: a({ Name: 'mine', Size: 1 }) });
    expect((await update({ A: a({ Name: 'mine', Size: 2 }) })).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(thing.calls).toEqual(['create A']);
    expect((await update({ A: a({ Name: 'other', Size: 2 }) })).StackStatus).toBe('UPDATE_COMPLETE');
  });

  test('without a change is refused, whatever the order of keys', async () => {
    await create({ A: a({ X: 1, Y: 2 }) });
    expect(() => engine.updateStack({ stackName: 's', templateBody: body({ A: a({ Y: 2, X: 1 }) }) })).toThrow(
      'No updates are to be performed.',
    );
    expect(() => engine.updateStack({ stackName: 's', usePreviousTemplate: true })).toThrow(/No updates/);
  });

  test('of outputs or tags alone is a change', async () => {
    await create({ A: a() });
    expect((await update({ A: a() }, { Outputs: { O: { Value: 'x' } } })).Outputs).toHaveLength(1);
    engine.updateStack({ stackName: 's', usePreviousTemplate: true, tags: [{ Key: 'k', Value: 'v' }] });
    expect((await engine.waitForStack('s')).Tags).toEqual([{ Key: 'k', Value: 'v' }]);
    expect(thing.calls).toEqual(['create A', 'update A']);
    expect(thing.contexts.at(-1)?.stackTags).toEqual({ k: 'v' });
  });
});
