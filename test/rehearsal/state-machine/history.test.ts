import type { HistoryEvent } from '../../../lib/rehearsal/state-machine/history';
import { definitionOf, end, failure, functionArn, interpreter, register, run, task } from './interpreter';

const never = () => new Promise(() => {});
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
