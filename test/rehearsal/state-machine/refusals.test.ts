import { scaledClock } from '../../../lib/rehearsal/clock';
import { createStateMachines } from '../../../lib/rehearsal/state-machine/state-machines';
import { end, functionArn } from './interpreter';
import { machine, one, output, REFUSED, service } from './refused-definitions';

/** What the loader says of a definition; empty when it takes it. */
function problemsOf(definition: unknown, canPublish = true): string {
  const machines = createStateMachines({
    clock: scaledClock(1),
    invokeFunction: async () => null,
    ...(canPublish ? { publish: async () => null } : {}),
  });
  try {
    machines.register({ arn: 'arn:aws:states:r:1:stateMachine:M', name: 'M', roleArn: 'r', definition });
    return '';
  } catch (error) {
    expect(error).toMatchObject({ name: 'InvalidDefinition' });
    return (error as Error).message;
  }
}

test.each(REFUSED)('refuses %s', (_, definition, problem) => {
  expect(problemsOf(definition)).toContain(problem);
});

test('refuses to publish without a callback', () => {
  const definition = one(service('sns:publish', { Arguments: { TopicArn: 't', Message: 'm' } }));
  expect(problemsOf(definition)).toBe('');
  expect(problemsOf(definition, false)).toContain('given no publish callback');
});

test('names every problem at once, with machine, state and field', () => {
  const definition = machine({
    A: { Type: 'Pass', Foo: 1, Next: 'B' },
    B: { Type: 'Task', Resource: functionArn('f'), Bar: 2, End: true },
  });
  expect(problemsOf(definition).split('\n')).toEqual([
    "state machine 'M' cannot be run by the interpreter:",
    expect.stringContaining("state machine 'M', state 'A', field Foo: is not known"),
    expect.stringContaining("state machine 'M', state 'B', field Bar: is not known"),
  ]);
});

test('takes a definition as JSON text', () => {
  expect(problemsOf(JSON.stringify(machine({ S: end() })))).toBe('');
});

test('takes what expressions bind themselves', () => {
  const bound = '($f := function($a, $b) { $a + $b }; $x := 1; $map([1], function($v, $i) { $f($v, $x) + $i }))';
  expect(problemsOf(output(bound))).toBe('');
  expect(problemsOf(output('$states.input.orders@$o.items@$i[$o.id = $i.id]#$n.$n'))).toBe('');
});

test('an ARN is registered once', () => {
  const machines = createStateMachines({ clock: scaledClock(1), invokeFunction: async () => null });
  const props = {
    arn: 'arn:aws:states:r:1:stateMachine:M',
    name: 'M',
    roleArn: 'r',
    definition: machine({ S: end() }),
  };
  machines.register(props);
  expect(() => machines.register(props)).toThrow(expect.objectContaining({ name: 'StateMachineAlreadyExists' }));
});
