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
    expect(thing.contexts.at(-3)?.properties.Text).toBe('a');
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

describe('refusals', () => {
  const refused = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    return 'accepted';
  };
  const creating = (template: object, input: Partial<CreateStackInput> = {}) =>
    refused(() => engine.createStack({ stackName: 's', templateBody: JSON.stringify(template), ...input }));
  const ref = (name: string) => ({ Type: THING, Properties: { Of: { Ref: name } } });

  test.each<[string, object, RegExp]>([
    [
      'every type without a provider, at once',
      { Resources: { A: { Type: 'X::Y::Z' }, B: { Type: 'V::V::V' } } },
      /\[X::Y::Z \(A\), V::V::V \(B\)\]/,
    ],
    ['a circle', { Resources: { A: ref('B'), B: ref('A') } }, /Circular dependency between resources: \[A, B\]/],
    ['an unknown reference', { Resources: { A: ref('Nobody') } }, /Unresolved resource dependencies \[Nobody\]/],
    ['an unknown DependsOn', { Resources: { A: a({}, { DependsOn: 'Nobody' }) } }, /dependencies \[Nobody\]/],
    [
      'a reference to a switched-off resource',
      { Conditions: { No: { 'Fn::Equals': [1, 2] } }, Resources: { A: a({}, { Condition: 'No' }), B: ref('A') } },
      /dependencies \[A\]/,
    ],
    ['an unknown condition', { Resources: { A: a({}, { Condition: 'Maybe' }) } }, /Unresolved condition Maybe/],
    ['a circle of conditions', { Conditions: { X: { Condition: 'X' } }, Resources: { A: a() } }, /between conditions/],
    ['an unknown section', { Resources: { A: a() }, Transform: 'AWS::Serverless-2016-10-31' }, /Transform/],
    ['an unknown attribute of a resource', { Resources: { A: a({}, { CreationPolicy: {} }) } }, /CreationPolicy/],
    ['a snapshot of what has none', { Resources: { A: a({}, { DeletionPolicy: 'Snapshot' }) } }, /does not support/],
    ['no resources', { Resources: {} }, /At least one Resources member/],
    [
      'a failed rule',
      {
        Resources: { A: a() },
        Rules: { R: { Assertions: [{ Assert: { 'Fn::Equals': [1, 2] }, AssertDescription: 'never' }] } },
      },
      /rule R failed: never/,
    ],
  ])('%s', (_what, template, message) => {
    expect(creating(template)).toMatch(message);
    expect(engine.describeStacks()).toEqual([]);
  });

  test.each<[string, object, object[], RegExp]>([
    ['missing', { Type: 'String' }, [], /Parameters: \[P\] must have values/],
    [
      'unknown',
      { Type: 'String', Default: '' },
      [{ ParameterKey: 'Q', ParameterValue: '' }],
      /\[Q\] do not exist in the template/,
    ],
    [
      'not allowed',
      { Type: 'String', AllowedValues: ['x'] },
      [{ ParameterKey: 'P', ParameterValue: 'y' }],
      /failed to satisfy constraint/,
    ],
    [
      'against the pattern',
      { Type: 'String', AllowedPattern: 'a+' },
      [{ ParameterKey: 'P', ParameterValue: 'ab' }],
      /failed to satisfy/,
    ],
    ['no number', { Type: 'Number' }, [{ ParameterKey: 'P', ParameterValue: 'x' }], /must be a number/],
    [
      'the previous value of nothing',
      { Type: 'String' },
      [{ ParameterKey: 'P', UsePreviousValue: true }],
      /not in the previous template/,
    ],
    [
      'of an unknown SSM name',
      { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' },
      [],
      /Unable to fetch parameters \[\/x\]/,
    ],
  ])('a parameter that is %s', (_what, definition, parameters, message) => {
    const input = { parameters } as Partial<CreateStackInput>;
    expect(creating({ Parameters: { P: definition }, Resources: { A: a() } }, input)).toMatch(message);
  });

  test('of calls on stacks in the wrong state', async () => {
    const slow = engineOf([thing], { latencyMs: 50 });
    const templateBody = body({ A: a() });
    const { StackId } = slow.createStack({ stackName: 's', templateBody });
    const updating = { stackName: 's', templateBody: body({ A: a({ Text: 'b' }) }) };
    expect(slow.describeStack('s').StackStatus).toBe('CREATE_IN_PROGRESS');
    expect(refused(() => slow.updateStack(updating))).toBe(
      `ValidationError: Stack:${StackId} is in CREATE_IN_PROGRESS state and can not be updated.`,
    );
    await slow.waitForStack('s');
    expect(refused(() => slow.createStack({ stackName: 's', templateBody }))).toBe(
      'AlreadyExistsException: Stack [s] already exists',
    );
    slow.updateStack(updating);
    expect(refused(() => slow.updateStack(updating))).toMatch(/is in UPDATE_IN_PROGRESS state/);
    expect(refused(() => slow.updateStack({ stackName: 'none', templateBody }))).toMatch(
      /Stack \[none\] does not exist/,
    );
    expect(refused(() => slow.describeStack('none'))).toBe('ValidationError: Stack with id none does not exist');
    expect(refused(() => slow.updateStack({ stackName: 's' }))).toMatch(/Template Body must be specified/);
    await slow.close();
  });

  test('of a deletion under termination protection', async () => {
    await create({ A: a() }, { enableTerminationProtection: true });
    expect(refused(() => engine.deleteStack({ stackName: 's' }))).toMatch(/TerminationProtection is enabled/);
    engine.updateTerminationProtection('s', false);
    expect(refused(() => engine.deleteStack({ stackName: 's' }))).toBe('accepted');
  });

  test.each([
    ['no statement', {}],
    ['another principal', { Statement: { Effect: 'Deny', Action: 'Update:*', Principal: 'me', Resource: '*' } }],
    ['an unknown action', { Statement: { Effect: 'Deny', Action: 'Update:All', Principal: '*', Resource: '*' } }],
    ['no resource', { Statement: { Effect: 'Deny', Action: 'Update:*', Principal: '*' } }],
    [
      'an unknown condition',
      {
        Statement: {
          Effect: 'Deny',
          Action: 'Update:*',
          Principal: '*',
          Resource: '*',
          Condition: { StringEquals: { Region: 'x' } },
        },
      },
    ],
  ])('of a stack policy with %s', async (_what, policy) => {
    await create({ A: a() });
    expect(refused(() => engine.setStackPolicy('s', JSON.stringify(policy)))).toMatch(/Error validating stack policy/);
    expect(engine.getStackPolicy('s')).toBeNull();
  });
});

describe('a client request token', () => {
  test('makes a repeated call do nothing, and is refused for another call', async () => {
    const input = { stackName: 's', templateBody: body({ A: a() }), clientRequestToken: 't' };
    const first = engine.createStack(input);
    expect(engine.createStack({ ...input })).toEqual(first);
    await engine.waitForStack('s');
    expect(thing.calls).toEqual(['create A']);
    const next = { stackName: 's', templateBody: body({ A: a({ Text: 'b' }) }), clientRequestToken: 't' };
    expect(() => engine.updateStack(next)).toThrow(expect.objectContaining({ name: 'TokenAlreadyExistsException' }));
    expect(engine.updateStack({ ...next, clientRequestToken: 'u' })).toEqual(first);
    expect(engine.updateStack({ ...next, clientRequestToken: 'u' })).toEqual(first);
    await engine.waitForStack('s');
    expect(engine.describeStackEvents('s')[0]?.ClientRequestToken).toBe('u');
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
