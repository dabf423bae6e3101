import { definitionOf, failure, functionArn, interpreter, register, run } from './interpreter';

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

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
