import type { CreateStackInput } from '../../../lib/rehearsal/cloudformation/stack-calls';
import type { StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { engineOf, type FakeProvider, fakeProvider } from './fake-provider';

const THING = 'AWS::Fake::Thing';
type Resources = Record<string, object>;

let thing: FakeProvider;
let engine: StackEngine;

beforeEach(() => {
  thing = fakeProvider(THING, { replacementOn: ['Size', 'Name'], nameProperty: 'Name' });
  engine = engineOf([thing]);
});
afterEach(() => engine.close());

const body = (resources: Resources, more: object = {}) => JSON.stringify({ Resources: resources, ...more });
const a = (over: object = {}, rest: object = {}) => ({ Type: THING, Properties: { Text: 'a', ...over }, ...rest });

async function create(resources: Resources, input: Partial<CreateStackInput> = {}, more: object = {}) {
  engine.createStack({ stackName: 's', templateBody: body(resources, more), ...input });
  return engine.waitForStack(input.stackName ?? 's');
}

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
