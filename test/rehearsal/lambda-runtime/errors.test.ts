import { rejection, runtimeUnderTest } from './runtime-under-test';

const lambda = runtimeUnderTest();

describe('errors as Step Functions sees them', () => {
  test('an error has its literal name, and a cause with type, message and trace', async () => {
    const arn = lambda.given(`
      class s extends Error { constructor(m) { super(m); this.name = 'NotReady' } }
      exports.handler = async () => { throw new s('wait') }`);
    const error = await rejection(lambda.runtime.invoke(arn, {}));
    expect(error).toMatchObject({ name: 'NotReady', message: 'wait' });
    expect(JSON.parse(error.cause)).toEqual({
      errorType: 'NotReady',
      errorMessage: 'wait',
      trace: expect.arrayContaining([expect.stringContaining('NotReady')]),
    });
  });

  test.each([
    [`throw 'text'`, 'string', 'text'],
    ['throw 7', 'number', '7'],
    ['throw { a: 1 }', 'object', '[object Object]'],
    ['throw null', 'handled', 'the thrown value cannot be described'],
  ])('%s has the error type %s', async (statement, errorType, errorMessage) => {
    const error = await rejection(
      lambda.runtime.invoke(lambda.given(`exports.handler = async () => { ${statement} }`), {}),
    );
    expect(error.name).toBe(errorType);
    expect(JSON.parse(error.cause)).toEqual({ errorType, errorMessage, trace: [] });
  });

  test('a synchronous throw is an error of the handler too', async () => {
    const arn = lambda.given(`exports.handler = () => { throw new RangeError('far') }`);
    await expect(lambda.runtime.invoke(arn, {})).rejects.toMatchObject({ name: 'RangeError' });
  });

  test.each([
    ['process.exit(3)', 'Runtime exited with error: exit status 3'],
    ['process.exit(0)', 'Runtime exited without providing a reason'],
  ])('%s is a Runtime.ExitError', async (statement, text) => {
    const error = await rejection(
      lambda.runtime.invoke(lambda.given(`exports.handler = async () => { ${statement} }`), {}),
    );
    expect(error.name).toBe('Runtime.ExitError');
    expect(JSON.parse(error.cause)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${text}$`)),
    });
  });

  test('an unhandled rejection and an uncaught exception end the worker with their own error', async () => {
    const rejecting = lambda.given(
      `exports.handler = () => { Promise.reject(new Error('lost')); return new Promise(() => {}) }`,
      {
        name: 'rejecting',
      },
    );
    await expect(lambda.runtime.invoke(rejecting, {})).rejects.toMatchObject({
      name: 'Runtime.UnhandledPromiseRejection',
      message: 'lost',
    });
    const throwing = lambda.given(
      `exports.handler = () => { setTimeout(() => { throw new TypeError('late') }, 0); return new Promise(() => {}) }`,
      { name: 'throwing' },
    );
    await expect(lambda.runtime.invoke(throwing, {})).rejects.toMatchObject({ name: 'TypeError', message: 'late' });
  });

  test.each([
    ['exports.other = 1', 'Runtime.HandlerNotFound', {}],
    ['', 'Runtime.ImportModuleError', { handler: 'missing.handler' }],
    [`throw new RangeError('while loading')`, 'RangeError', {}],
  ])('a bundle that cannot be loaded (%s) is %s', async (code, name, props) => {
    await expect(lambda.runtime.invoke(lambda.given(code, props), {})).rejects.toMatchObject({ name });
  });

  test('more memory than the function has kills it', async () => {
    const arn = lambda.given(
      'exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill({})) }',
      {
        memoryMb: 32,
      },
    );
    await expect(lambda.runtime.invoke(arn, {})).rejects.toMatchObject({
      name: 'Runtime.ExitError',
      message: expect.stringContaining('signal: killed'),
    });
  });

  test.each([
    ['waits', 'exports.handler = () => new Promise(() => {})'],
    ['spins', 'exports.handler = () => { for (;;); }'],
  ])('a handler that %s longer than its timeout is Sandbox.Timedout, and its worker is gone', async (_, code) => {
    const error = await rejection(lambda.runtime.invoke(lambda.given(code, { timeoutSeconds: 0.2 }), {}));
    expect(error.name).toBe('Sandbox.Timedout');
    expect(JSON.parse(error.cause)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.20 seconds$/),
    });
  });
});
