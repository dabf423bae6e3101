import { definitionOf, end, failure, interpreter, machineArn, register, task, untilEvent } from './interpreter';

const never = () => new Promise(() => {});
const untilStopped = (seen: string[]) => (_: unknown, __: number, signal: AbortSignal) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      seen.push('aborted');
      reject(signal.reason);
    });
  });

const child = (name: string, fields: Record<string, unknown> = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Arguments: { StateMachineArn: machineArn(name), Input: '{% $states.input %}', Name: 'child' },
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});

describe('stopping', () => {
  test('runs no Catch, aborts the running task and ends as ABORTED', async () => {
    const seen: string[] = [];
    const { machines } = interpreter({ long: untilStopped(seen) });
    const definition = definitionOf({
      T: task('long', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }] }),
      C: end(),
    });
    const { executionArn } = machines.startExecution({
      stateMachineArn: register(machines, 'M', definition),
      input: {},
    });
    await untilEvent(machines, executionArn, 'LambdaFunctionStarted');
    await machines.stopExecution(executionArn, { error: 'Operator', cause: 'enough' });
    expect(await machines.result(executionArn)).toEqual({ status: 'ABORTED', error: 'Operator', cause: 'enough' });
    expect(seen).toEqual(['aborted']);
    const events = machines.getExecutionHistory(executionArn);
    expect(events.at(-1)).toMatchObject({
      type: 'ExecutionAborted',
      executionAbortedEventDetails: { error: 'Operator', cause: 'enough' },
    });
    expect(events.map(({ type }) => type)).not.toContain('TaskStateExited');
  });

  test.each([
    ['a Wait', 'WaitStateEntered', { W: { Type: 'Wait', Seconds: 99_999_999, End: true } }],
    [
      'a loop of states',
      'ChoiceStateExited',
      {
        A: { Type: 'Wait', Seconds: 0, Next: 'C' },
        C: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'A' }], Default: 'E' },
        E: end(),
      },
    ],
    [
      'the items of a Map',
      'WaitStateEntered',
      {
        M: {
          Type: 'Map',
          Items: [1, 2],
          ItemProcessor: { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 99_999_999, End: true } } },
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'E' }],
          Next: 'E',
        },
        E: end(),
      },
    ],
    [
      'the interval of a Retry',
      'LambdaFunctionFailed',
      { T: task('broken', { Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 99_999_998 }] }) },
    ],
  ] as const)('ends %s at once', async (_, awaited, states) => {
    const { machines } = interpreter({ broken: () => Promise.reject(failure('A')) });
    const { executionArn } = machines.startExecution({
      stateMachineArn: register(machines, 'M', definitionOf(states)),
      input: {},
    });
    await untilEvent(machines, executionArn, awaited);
    await machines.stopExecution(executionArn);
    expect(machines.describeExecution(executionArn).status).toBe('ABORTED');
    await machines.stopExecution(executionArn);
    expect(machines.getExecutionHistory(executionArn).filter(({ type }) => type === 'ExecutionAborted')).toHaveLength(
      1,
    );
  });

  test('stops the children that it waits for', async () => {
    const { machines } = interpreter({ never });
    register(machines, 'Child', definitionOf({ T: task('never') }));
    const parent = register(
      machines,
      'Parent',
      definitionOf({ C: child('Child', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'E' }] }), E: end() }),
    );
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: {} });
    await untilEvent(machines, executionArn, 'TaskSubmitted');
    await machines.stopExecution(executionArn);
    const [running] = machines.listExecutions(machineArn('Child'));
    expect((await machines.result(running?.executionArn ?? '')).status).toBe('ABORTED');
  });
});

describe('what is told of an execution', () => {
  const waiting = definitionOf({ W: { Type: 'Wait', Seconds: 99_999_999, End: true } });
  const told = () => {
    const said: string[] = [];
    const { machines } = interpreter({}, undefined, ({ name, status }) => said.push(`${name} ${status}`));
    return { said, machines, stateMachineArn: register(machines, 'M', waiting) };
  };

  test('is its beginning and its end, of children too', async () => {
    const { said, machines, stateMachineArn } = told();
    const parent = register(machines, 'Parent', definitionOf({ C: child('M') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, name: 'parent', input: {} });
    await untilEvent(machines, executionArn, 'TaskSubmitted');
    await machines.stopExecution(executionArn);
    await machines.result(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:child`);
    await Promise.resolve();
    expect(said.sort()).toEqual(['child ABORTED', 'child RUNNING', 'parent ABORTED', 'parent RUNNING']);
  });

  test('is its time limit, which runs no Catch either', async () => {
    const { said, machines, stateMachineArn } = told();
    const { executionArn } = machines.startExecution({ stateMachineArn, name: 'slow', input: {} });
    await untilEvent(machines, executionArn, 'WaitStateEntered');
    await machines.timeOut(executionArn);
    expect(machines.describeExecution(executionArn).status).toBe('TIMED_OUT');
    expect(said).toEqual(['slow RUNNING', 'slow TIMED_OUT']);
  });

  test('is nothing when everything is closed, and nothing is started any more', async () => {
    const { said, machines, stateMachineArn } = told();
    machines.startExecution({ stateMachineArn, name: 'open', input: {} });
    await machines.close();
    expect(said).toEqual(['open RUNNING']);
    expect(() => machines.startExecution({ stateMachineArn, input: {} })).toThrow(/closed/);
  });
});
