import type { HistoryEvent } from '../../../lib/rehearsal/state-machine/history';
import { definitionOf, end, failure, functionArn, interpreter, machineArn, register, run, task } from './interpreter';

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

describe('starting', () => {
  const waiting = definitionOf({ T: task('never') });

  test('the same name and input while it runs is the same execution; anything else exists already', async () => {
    const { machines } = interpreter({ never });
    const stateMachineArn = register(machines, 'M', waiting);
    const first = machines.startExecution({ stateMachineArn, name: 'n', input: { a: 1 } });
    expect(machines.startExecution({ stateMachineArn, name: 'n', input: { a: 1 } })).toEqual(first);
    const exists = expect.objectContaining({ name: 'ExecutionAlreadyExists' });
    expect(() => machines.startExecution({ stateMachineArn, name: 'n', input: { a: 2 } })).toThrow(exists);
    await machines.stopExecution(first.executionArn);
    expect(() => machines.startExecution({ stateMachineArn, name: 'n', input: { a: 1 } })).toThrow(exists);
    expect(machines.listExecutions(stateMachineArn)).toHaveLength(1);
  });

  test('executions without a name get names of their own', async () => {
    const { machines } = interpreter({ never });
    const stateMachineArn = register(machines, 'M', waiting);
    const [first, second] = [1, 2].map(() => machines.startExecution({ stateMachineArn, input: {} }).executionArn);
    expect(first).not.toBe(second);
    await machines.close();
  });

  test('fails by name on an unknown machine, a bad name, and too large an input', () => {
    const { machines } = interpreter();
    const stateMachineArn = register(machines, 'M', waiting);
    const start = (request: { stateMachineArn?: string; name?: string; input?: unknown }) => () =>
      machines.startExecution({ stateMachineArn, input: {}, ...request });
    expect(start({ stateMachineArn: machineArn('X') })).toThrow(
      expect.objectContaining({ name: 'StateMachineDoesNotExist' }),
    );
    expect(start({ name: 'a b' })).toThrow(expect.objectContaining({ name: 'InvalidName' }));
    expect(start({ input: 'x'.repeat(262_143) })).toThrow(expect.objectContaining({ name: 'InvalidExecutionInput' }));
    expect(() => machines.describeExecution('x')).toThrow(expect.objectContaining({ name: 'ExecutionDoesNotExist' }));
  });

  test('describeExecution tells input, output and times as the API does', async () => {
    const { machines } = interpreter();
    const stateMachineArn = register(machines, 'M', definitionOf({ P: end('{% $states.input.a %}') }));
    const { executionArn, startDate } = machines.startExecution({ stateMachineArn, name: 'n', input: { a: 'b' } });
    expect(machines.describeExecution(executionArn)).toEqual({
      executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:M:n',
      stateMachineArn,
      name: 'n',
      status: 'RUNNING',
      startDate,
      input: '{"a":"b"}',
    });
    await machines.result(executionArn);
    expect(machines.describeExecution(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: '"b"',
      stopDate: expect.any(Date),
    });
  });
});

describe('the history', () => {
  test('has the events of GetExecutionHistory, chained, with JSON text inside', async () => {
    const { events } = await run(
      definitionOf({
        T: task('echo', { Arguments: { a: 1 }, Assign: { kept: '{% $states.result %}' }, TimeoutSeconds: 9 }),
      }),
      { in: 1 },
      { echo: (payload) => payload },
    );
    expect(events.map(({ timestamp, ...event }) => event)).toEqual([
      {
        id: 1,
        previousEventId: 0,
        type: 'ExecutionStarted',
        executionStartedEventDetails: { input: '{"in":1}', roleArn: expect.any(String) },
      },
      {
        id: 2,
        previousEventId: 0,
        type: 'TaskStateEntered',
        stateEnteredEventDetails: { name: 'T', input: '{"in":1}' },
      },
      {
        id: 3,
        previousEventId: 2,
        type: 'LambdaFunctionScheduled',
        lambdaFunctionScheduledEventDetails: { resource: functionArn('echo'), input: '{"a":1}', timeoutInSeconds: 9 },
      },
      { id: 4, previousEventId: 3, type: 'LambdaFunctionStarted' },
      {
        id: 5,
        previousEventId: 4,
        type: 'LambdaFunctionSucceeded',
        lambdaFunctionSucceededEventDetails: { output: '{"a":1}' },
      },
      {
        id: 6,
        previousEventId: 5,
        type: 'TaskStateExited',
        stateExitedEventDetails: { name: 'T', output: '{"a":1}', assignedVariables: { kept: '{"a":1}' } },
      },
      { id: 7, previousEventId: 6, type: 'ExecutionSucceeded', executionSucceededEventDetails: { output: '{"a":1}' } },
    ]);
    expect(events.every(({ timestamp }) => timestamp instanceof Date)).toBe(true);
  });

  test('tells failures with error and cause, and timeouts without a cause', async () => {
    const failed = await run(
      definitionOf({ T: task('broken') }),
      {},
      { broken: () => Promise.reject(failure('Blocked', 'why')) },
    );
    const cause = '{"errorType":"Blocked","errorMessage":"why"}';
    expect(failed.events.slice(-2)).toMatchObject([
      { type: 'LambdaFunctionFailed', lambdaFunctionFailedEventDetails: { error: 'Blocked', cause } },
      { type: 'ExecutionFailed', executionFailedEventDetails: { error: 'Blocked', cause } },
    ]);
    const late = await run(definitionOf({ T: task('never', { TimeoutSeconds: 1 }) }), {}, { never });
    expect(late.events.slice(-2).map(({ id, previousEventId, timestamp, ...event }) => event)).toEqual([
      { type: 'LambdaFunctionTimedOut', lambdaFunctionTimedOutEventDetails: { error: 'States.Timeout' } },
      { type: 'ExecutionFailed', executionFailedEventDetails: { error: 'States.Timeout' } },
    ]);
  });

  test('names field, state and event of an expression that fails', async () => {
    const { events, result } = await run(
      definitionOf({ T: task('f', { Arguments: { deep: ['{% $states.input.missing %}'] } }) }),
    );
    const cause =
      "An error occurred while executing the state 'T' (entered at the event id #2). The JSONata expression " +
      "'$states.input.missing' specified for the field 'Arguments/deep[0]' returned nothing (undefined).";
    expect(result).toEqual({ status: 'FAILED', error: 'States.QueryEvaluationError', cause });
    expect(events.find(({ type }) => type === 'EvaluationFailed')?.evaluationFailedEventDetails).toEqual({
      error: 'States.QueryEvaluationError',
      cause,
      location: 'Arguments/deep[0]',
      state: 'T',
    });
  });

  test('tells the iterations of a Map, those that a failing one interrupts too', async () => {
    const { types, events } = await run(
      definitionOf({
        M: { Type: 'Map', Items: [0, 1], ItemProcessor: { StartAt: 'I', States: { I: task('first') } }, End: true },
      }),
      {},
      { first: (item) => (item === 0 ? Promise.reject(failure('A')) : never()) },
    );
    expect(types.filter((type) => type.startsWith('Map') || type.startsWith('Execution'))).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'MapIterationStarted',
      'MapIterationFailed',
      'MapIterationAborted',
      'MapStateFailed',
      'ExecutionFailed',
    ]);
    expect(events.find(({ type }) => type === 'MapIterationAborted')?.mapIterationAbortedEventDetails).toEqual({
      name: 'M',
      index: 1,
    });
  });

  test('is told to the listener as it grows', async () => {
    const heard: (readonly [string, HistoryEvent])[] = [];
    const { machines } = interpreter({}, (arn, event) => heard.push([arn, event]));
    const { executionArn } = machines.startExecution({
      stateMachineArn: register(machines, 'M', definitionOf({ P: end() })),
      input: {},
    });
    await machines.result(executionArn);
    expect(heard).toEqual(machines.getExecutionHistory(executionArn).map((event) => [executionArn, event]));
  });

  test('ends an execution that would outgrow 25,000 events, whatever it catches', async () => {
    const { result, events } = await run(
      definitionOf({
        A: { Type: 'Pass', Next: 'C' },
        C: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'A' }], Default: 'E' },
        E: end(),
      }),
    );
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(events).toHaveLength(25_000);
    expect(events.at(-1)?.type).toBe('ExecutionFailed');
  });
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
    await new Promise((resolve) => setTimeout(resolve, 20));
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
    ['a Wait', { W: { Type: 'Wait', Seconds: 99_999_999, End: true } }],
    [
      'a loop of states',
      {
        A: { Type: 'Wait', Seconds: 0, Next: 'C' },
        C: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'A' }], Default: 'E' },
        E: end(),
      },
    ],
    [
      'the items of a Map',
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
      { T: task('broken', { Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 99_999_998 }] }) },
    ],
  ])('ends %s at once', async (_, states) => {
    const { machines } = interpreter({ broken: () => Promise.reject(failure('A')) });
    const { executionArn } = machines.startExecution({
      stateMachineArn: register(machines, 'M', definitionOf(states)),
      input: {},
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
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
    await new Promise((resolve) => setTimeout(resolve, 20));
    await machines.stopExecution(executionArn);
    const [running] = machines.listExecutions(machineArn('Child'));
    expect((await machines.result(running?.executionArn ?? '')).status).toBe('ABORTED');
  });
});

describe('children', () => {
  test('a child that succeeds gives its description with Input and Output parsed', async () => {
    const { machines } = interpreter();
    register(machines, 'Child', definitionOf({ P: end({ doubled: '{% $states.input.n * 2 %}' }) }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: { n: 4 } });
    const { output } = await machines.result(executionArn);
    expect(output).toMatchObject({
      ExecutionArn: 'arn:aws:states:eu-west-1:123456789012:execution:Child:child',
      Input: { n: 4 },
      Name: 'child',
      Output: { doubled: 8 },
      StartDate: expect.any(Number),
      StateMachineArn: machineArn('Child'),
      Status: 'SUCCEEDED',
      StopDate: expect.any(Number),
    });
    const types = machines.getExecutionHistory(executionArn).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('Task'))).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
  });

  test('a child that fails is States.TaskFailed, with its own error and cause inside the cause', async () => {
    const { machines } = interpreter();
    register(machines, 'Child', definitionOf({ F: { Type: 'Fail', Error: 'Blocked', Cause: 'why' } }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: { n: 4 } });
    const { error, cause } = await machines.result(executionArn);
    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause ?? '')).toMatchObject({
      Error: 'Blocked',
      Cause: 'why',
      Status: 'FAILED',
      Input: '{"n":4}',
      Name: 'child',
    });
  });

  test('a child that outlasts the task is stopped, and the task is States.Timeout', async () => {
    const { machines } = interpreter({ never });
    register(machines, 'Child', definitionOf({ T: task('never') }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child', { TimeoutSeconds: 1 }) }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: {} });
    expect((await machines.result(executionArn)).error).toBe('States.Timeout');
    const [running] = machines.listExecutions(machineArn('Child'));
    expect((await machines.result(running?.executionArn ?? '')).status).toBe('ABORTED');
  });

  test('a name that was used before fails with the name of the service', async () => {
    const { machines } = interpreter();
    register(machines, 'Child', definitionOf({ P: end() }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child', { Next: 'D' }), D: child('Child') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: {} });
    expect((await machines.result(executionArn)).error).toBe('StepFunctions.ExecutionAlreadyExistsException');
  });
});

describe('task tokens', () => {
  const asking = (resource: string, fields: Record<string, unknown> = {}) =>
    definitionOf({
      T: {
        Type: 'Task',
        Resource: `arn:aws:states:::${resource}`,
        Arguments: resource.startsWith('sns')
          ? { TopicArn: 't', Message: { token: '{% $states.context.Task.Token %}' } }
          : { FunctionName: functionArn('ask'), Payload: { token: '{% $states.context.Task.Token %}' } },
        End: true,
        ...fields,
      },
    });

  /** Starts a machine that asks and resolves with its token. */
  async function ask(resource: string, fields: Record<string, unknown> = {}) {
    const { promise, resolve } = deferred<string>();
    const { machines, published } = interpreter({ ask: (payload) => resolve((payload as { token: string }).token) });
    const { executionArn } = machines.startExecution({
      stateMachineArn: register(machines, 'M', asking(resource, fields)),
      input: {},
    });
    if (resource.startsWith('sns')) {
      // Ends because the machine publishes, or jest's own timeout comes.
      while (published.length === 0) {
        await new Promise((done) => setTimeout(done, 5));
      }
      resolve((JSON.parse(String(published[0]?.Message)) as { token: string }).token);
    }
    return { machines, executionArn, token: await promise };
  }

  test.each(['lambda:invoke.waitForTaskToken', 'sns:publish.waitForTaskToken'])(
    '%s waits for its answer, which is its result',
    async (resource) => {
      const { machines, executionArn, token } = await ask(resource);
      machines.sendTaskHeartbeat({ taskToken: token });
      expect(machines.describeExecution(executionArn).status).toBe('RUNNING');
      machines.sendTaskSuccess({ taskToken: token, output: '{"approved":true}' });
      await expect(machines.result(executionArn)).resolves.toEqual({ status: 'SUCCEEDED', output: { approved: true } });
    },
  );

  test('a failing answer fails the task with its error and cause', async () => {
    const { machines, executionArn, token } = await ask('lambda:invoke.waitForTaskToken');
    machines.sendTaskFailure({ taskToken: token, error: 'Refused', cause: 'no' });
    await expect(machines.result(executionArn)).resolves.toEqual({ status: 'FAILED', error: 'Refused', cause: 'no' });
  });

  test('a token works once, for one answer, while its task waits', async () => {
    const { machines, executionArn, token } = await ask('lambda:invoke.waitForTaskToken');
    const invalid = expect.objectContaining({ name: 'InvalidToken' });
    const ended = expect.objectContaining({ name: 'TaskTimedOut' });
    expect(() => machines.sendTaskSuccess({ taskToken: 'other', output: '{}' })).toThrow(invalid);
    expect(() => machines.sendTaskSuccess({ taskToken: token, output: 'no JSON' })).toThrow(
      expect.objectContaining({ name: 'InvalidOutput' }),
    );
    machines.sendTaskSuccess({ taskToken: token, output: '{}' });
    expect(() => machines.sendTaskSuccess({ taskToken: token, output: '{}' })).toThrow(ended);
    expect(() => machines.sendTaskFailure({ taskToken: token })).toThrow(ended);
    expect(() => machines.sendTaskHeartbeat({ taskToken: token })).toThrow(ended);
    await expect(machines.result(executionArn)).resolves.toEqual({ status: 'SUCCEEDED', output: {} });
  });

  test('a task that timed out or was stopped no longer takes an answer', async () => {
    const ended = expect.objectContaining({ name: 'TaskTimedOut' });
    const late = await ask('lambda:invoke.waitForTaskToken', { TimeoutSeconds: 1 });
    await expect(late.machines.result(late.executionArn)).resolves.toMatchObject({ error: 'States.Timeout' });
    expect(() => late.machines.sendTaskSuccess({ taskToken: late.token, output: '{}' })).toThrow(ended);
    const stopped = await ask('lambda:invoke.waitForTaskToken');
    await stopped.machines.stopExecution(stopped.executionArn);
    expect(() => stopped.machines.sendTaskSuccess({ taskToken: stopped.token, output: '{}' })).toThrow(ended);
  });

  test('a call that fails fails the task without an answer', async () => {
    const { result } = await run(
      asking('lambda:invoke.waitForTaskToken'),
      {},
      { ask: () => Promise.reject(failure('Lambda.Unknown')) },
    );
    expect(result).toMatchObject({ status: 'FAILED', error: 'Lambda.Unknown' });
  });
});

describe('the JSON boundary', () => {
  test("dates of a function's answer are strings, undefined members vanish, and nothing is null", async () => {
    const { result } = await run(
      definitionOf({
        T: task('f', { Next: 'U' }),
        U: task('nothing', { Output: { f: '{% $states.input %}', nothing: '{% $states.result %}' } }),
      }),
      {},
      {
        f: () => ({ at: new Date(0), gone: undefined }),
        nothing: () => undefined,
      },
    );
    expect(result.output).toEqual({ f: { at: '1970-01-01T00:00:00.000Z' }, nothing: null });
  });

  test('a function among the values of an answer fails the task', async () => {
    const { result } = await run(definitionOf({ T: task('f') }), {}, { f: () => ({ call: () => 1 }) });
    expect(result).toMatchObject({ status: 'FAILED', error: 'TypeError' });
  });

  test.each([
    ['Arguments', task('f', { Arguments: '{% $join($map([1..30000], function($x) { "1234567890" })) %}' })],
    ['Output', { Type: 'Pass', Output: '{% $join($map([1..30000], function($x) { "1234567890" })) %}', End: true }],
    [
      'Assign',
      { Type: 'Pass', Assign: { x: '{% $join($map([1..30000], function($x) { "1234567890" })) %}' }, End: true },
    ],
  ])('%s above 256 KiB are States.DataLimitExceeded', async (_, state) => {
    const { result } = await run(definitionOf({ S: state }), {}, { f: () => null });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
