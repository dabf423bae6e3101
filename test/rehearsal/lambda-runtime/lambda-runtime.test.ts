import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Chaos, Invocation } from '../../../lib/rehearsal/lambda-runtime/chaos';
import {
  createLambdaRuntime,
  type LambdaRuntime,
  type LocalFunctionProps,
  type LogLine,
} from '../../../lib/rehearsal/lambda-runtime/lambda-runtime';

const ACCOUNT = 'arn:aws:lambda:eu-west-1:123456789012:function';

const roots: string[] = [];
let runtime: LambdaRuntime;
let logged: LogLine[];
let chaos: (invocation: Invocation) => Chaos | undefined;

beforeEach(() => {
  logged = [];
  chaos = () => undefined;
  runtime = createLambdaRuntime({
    extraEnvironment: ({ name }) => ({ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: `key-of-${name}` }),
    onLog: (line) => logged.push(line),
    onInvoke: (invocation) => chaos(invocation),
  });
});

afterEach(async () => {
  await runtime.close();
  for (const root of roots.splice(0)) {
    rmSync(root, { recursive: true });
  }
});

/** Registers a function with this code and returns its ARN. */
function given(code: string, props: Partial<LocalFunctionProps> = {}, file = 'index.js'): string {
  const codeDirectory = mkdtempSync(join(tmpdir(), 'sealift-function-'));
  roots.push(codeDirectory);
  writeFileSync(join(codeDirectory, file), code);
  const name = props.name ?? 'worker';
  runtime.register({
    arn: `${ACCOUNT}:${name}`,
    name,
    codeDirectory,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 30,
    memoryMb: 256,
    roleArn: 'arn:aws:iam::123456789012:role/worker',
    ...props,
  });
  return `${ACCOUNT}:${name}`;
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('the invocation succeeded');
    },
    (error: { name: string; message: string; cause: string }) => error,
  );

describe('what crosses', () => {
  test('the payload and the answer are JSON: dates are strings, undefined vanishes', async () => {
    const arn = given(
      `exports.handler = async (event) => ({ event, type: typeof event.at, gone: undefined, now: new Date(0) })`,
    );
    await expect(runtime.invoke(arn, { at: new Date(0), gone: undefined })).resolves.toEqual({
      event: { at: '1970-01-01T00:00:00.000Z' },
      type: 'string',
      now: '1970-01-01T00:00:00.000Z',
    });
  });

  test('an answer of nothing is null', async () => {
    await expect(runtime.invoke(given('exports.handler = async () => {}'), {})).resolves.toBeNull();
  });

  test('an answer that is no JSON fails the invocation', async () => {
    const arn = given('exports.handler = async () => 1n');
    await expect(runtime.invoke(arn, {})).rejects.toMatchObject({ name: 'TypeError' });
  });

  test('the function is found by ARN, alias and name; anything else is a ResourceNotFoundException', async () => {
    const arn = given('exports.handler = async (event) => event.n');
    await expect(runtime.invoke(`${arn}:live`, { n: 1 })).resolves.toBe(1);
    await expect(runtime.invoke('worker', { n: 2 })).resolves.toBe(2);
    await expect(runtime.invoke(`${ACCOUNT}:other`, {})).rejects.toMatchObject({
      name: 'Lambda.ResourceNotFoundException',
    });
  });

  test('runs ES modules and bundles of esbuild', async () => {
    const esm = given(
      `import { hostname } from 'node:os'; export const handler = async () => typeof hostname`,
      {},
      'index.mjs',
    );
    await expect(runtime.invoke(esm, {})).resolves.toBe('function');
    const source = 'export const handler = async (event: { n: number }): Promise<number> => event.n + 1;';
    const bundle = buildSync({
      stdin: { contents: source, loader: 'ts' },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'cjs',
      write: false,
    });
    const arn = given(bundle.outputFiles[0]?.text ?? '', { name: 'bundled' });
    await expect(runtime.invoke(arn, { n: 41 })).resolves.toBe(42);
  });
});

describe('what a function sees', () => {
  test("its environment is its own, the caller's and Lambda's, and nothing of this process", async () => {
    process.env.SEALIFT_TEST_LEAK = 'leaked';
    const arn = given('exports.handler = async () => process.env', {
      environment: { OWN: 'x', AWS_REGION: 'overridden' },
    });
    const environment = await runtime.invoke(arn, {});
    delete process.env.SEALIFT_TEST_LEAK;
    expect(environment).toEqual({
      OWN: 'x',
      TZ: 'UTC',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'key-of-worker',
      AWS_LAMBDA_FUNCTION_NAME: 'worker',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      LAMBDA_TASK_ROOT: expect.any(String),
      _HANDLER: 'index.handler',
    });
  });

  test('what one function sets in its environment, another does not see', async () => {
    const first = given('exports.handler = async () => { process.env.MARK = "1"; return process.env.MARK }', {
      name: 'first',
    });
    const second = given('exports.handler = async () => process.env.MARK ?? null', { name: 'second' });
    await expect(runtime.invoke(first, {})).resolves.toBe('1');
    await expect(runtime.invoke(second, {})).resolves.toBeNull();
  });

  test('the context names the request, the function, its memory and the time that is left', async () => {
    const arn = given(
      `exports.handler = async (_, context) => ({ ...context, left: context.getRemainingTimeInMillis() })`,
    );
    const context = (await runtime.invoke(arn, {})) as Record<string, unknown>;
    expect(context).toMatchObject({
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      functionName: 'worker',
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      memoryLimitInMB: '256',
    });
    expect(context.left).toBeGreaterThan(0);
    expect(context.left).toBeLessThanOrEqual(30_000);
  });

  test('names below .localhost are this machine, whatever the system resolves', async () => {
    const arn = given(`
      const dns = require('node:dns'); const { promisify } = require('node:util');
      exports.handler = async () => ({
        one: await promisify(dns.lookup)('db.cluster.localhost'),
        all: await dns.promises.lookup('a.b.localhost', { all: true }),
        callback: await new Promise((resolve) => dns.lookup('x.localhost.', (_, address, family) => resolve([address, family]))),
        many: await new Promise((resolve) => dns.lookup('y.localhost', { all: true }, (_, found) => resolve(found))),
        plain: (await dns.promises.lookup('127.0.0.1')).address,
      })`);
    const loopback = { address: '127.0.0.1', family: 4 };
    await expect(runtime.invoke(arn, {})).resolves.toEqual({
      one: loopback,
      all: [loopback],
      callback: ['127.0.0.1', 4],
      many: [loopback],
      plain: '127.0.0.1',
    });
  });

  test('its lines arrive one by one, with the request, before its answer', async () => {
    const arn = given(`
      console.log('loading');
      exports.handler = async (_, context) => {
        console.log('one\\ntwo'); process.stdout.write('th'); process.stdout.write('ree\\n'); console.error('bad');
        return context.awsRequestId;
      }`);
    const requestId = await runtime.invoke(arn, {});
    expect(logged.map(({ line }) => line)).toEqual(['loading', 'one', 'two', 'three', 'bad']);
    expect(logged.at(-1)).toEqual({ functionName: 'worker', requestId, stream: 'stderr', line: 'bad' });
  });
});

describe('errors as Step Functions sees them', () => {
  test('an error has its literal name, and a cause with type, message and trace', async () => {
    const arn = given(`
      class s extends Error { constructor(m) { super(m); this.name = 'NotReady' } }
      exports.handler = async () => { throw new s('wait') }`);
    const error = await rejection(runtime.invoke(arn, {}));
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
    const error = await rejection(runtime.invoke(given(`exports.handler = async () => { ${statement} }`), {}));
    expect(error.name).toBe(errorType);
    expect(JSON.parse(error.cause)).toEqual({ errorType, errorMessage, trace: [] });
  });

  test('a synchronous throw is an error of the handler too', async () => {
    const arn = given(`exports.handler = () => { throw new RangeError('far') }`);
    await expect(runtime.invoke(arn, {})).rejects.toMatchObject({ name: 'RangeError' });
  });

  test.each([
    ['process.exit(3)', 'Runtime exited with error: exit status 3'],
    ['process.exit(0)', 'Runtime exited without providing a reason'],
  ])('%s is a Runtime.ExitError', async (statement, text) => {
    const error = await rejection(runtime.invoke(given(`exports.handler = async () => { ${statement} }`), {}));
    expect(error.name).toBe('Runtime.ExitError');
    expect(JSON.parse(error.cause)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${text}$`)),
    });
  });

  test('an unhandled rejection and an uncaught exception end the worker with their own error', async () => {
    const rejecting = given(
      `exports.handler = () => { Promise.reject(new Error('lost')); return new Promise(() => {}) }`,
      {
        name: 'rejecting',
      },
    );
    await expect(runtime.invoke(rejecting, {})).rejects.toMatchObject({
      name: 'Runtime.UnhandledPromiseRejection',
      message: 'lost',
    });
    const throwing = given(
      `exports.handler = () => { setTimeout(() => { throw new TypeError('late') }, 0); return new Promise(() => {}) }`,
      { name: 'throwing' },
    );
    await expect(runtime.invoke(throwing, {})).rejects.toMatchObject({ name: 'TypeError', message: 'late' });
  });

  test.each([
    ['exports.other = 1', 'Runtime.HandlerNotFound', {}],
    ['', 'Runtime.ImportModuleError', { handler: 'missing.handler' }],
    [`throw new RangeError('while loading')`, 'RangeError', {}],
  ])('a bundle that cannot be loaded (%s) is %s', async (code, name, props) => {
    await expect(runtime.invoke(given(code, props), {})).rejects.toMatchObject({ name });
  });

  test('more memory than the function has kills it', async () => {
    const arn = given('exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill({})) }', {
      memoryMb: 32,
    });
    await expect(runtime.invoke(arn, {})).rejects.toMatchObject({
      name: 'Runtime.ExitError',
      message: expect.stringContaining('signal: killed'),
    });
  });

  test.each([
    ['waits', 'exports.handler = () => new Promise(() => {})'],
    ['spins', 'exports.handler = () => { for (;;); }'],
  ])('a handler that %s longer than its timeout is Sandbox.Timedout, and its worker is gone', async (_, code) => {
    const error = await rejection(runtime.invoke(given(code, { timeoutSeconds: 0.2 }), {}));
    expect(error.name).toBe('Sandbox.Timedout');
    expect(JSON.parse(error.cause)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.20 seconds$/),
    });
  });
});

describe('concurrency', () => {
  const COUNTER = 'let n = 0; exports.handler = async () => ++n';

  test('a worker is reused while it is warm, and no more after it died', async () => {
    const arn = given(
      'let n = 0; exports.handler = async (event) => { n += 1; if (event.fail) throw new Error("no"); if (event.die) process.exit(1); return n }',
    );
    await expect(runtime.invoke(arn, {})).resolves.toBe(1);
    await expect(runtime.invoke(arn, { fail: true })).rejects.toMatchObject({ name: 'Error' });
    await expect(runtime.invoke(arn, {})).resolves.toBe(3);
    await expect(runtime.invoke(arn, { die: true })).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    await expect(runtime.invoke(arn, {})).resolves.toBe(1);
  });

  test('invocations at the same time run in workers of their own', async () => {
    const arn = given(COUNTER);
    await expect(Promise.all([runtime.invoke(arn, {}), runtime.invoke(arn, {})])).resolves.toEqual([1, 1]);
  });

  test('more than the reserved concurrency is a TooManyRequestsException', async () => {
    const arn = given('exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, event.ms))', {
      reservedConcurrency: 1,
    });
    const first = runtime.invoke(arn, { ms: 100 });
    await expect(runtime.invoke(arn, { ms: 0 })).rejects.toMatchObject({ name: 'Lambda.TooManyRequestsException' });
    await expect(first).resolves.toBeNull();
    await expect(runtime.invoke(arn, { ms: 0 })).resolves.toBeNull();
  });

  test('an aborted call no longer waits, but the invocation goes on unseen', async () => {
    const arn = given(
      `exports.handler = async () => { await new Promise((r) => setTimeout(r, 100)); console.log('effect') }`,
    );
    const abort = new AbortController();
    const call = runtime.invoke(arn, {}, { signal: abort.signal });
    abort.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');
    expect(logged).toEqual([]);
    // Ends because the handler writes its line, or jest's own timeout comes.
    while (logged.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(logged[0]?.line).toBe('effect');
  });

  test('closing kills what runs and refuses what comes', async () => {
    const arn = given('exports.handler = () => new Promise(() => {})');
    const running = rejection(runtime.invoke(arn, {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await runtime.close();
    await expect(running).resolves.toMatchObject({ name: 'Runtime.ExitError' });
    await expect(runtime.invoke(arn, {})).rejects.toMatchObject({ name: 'Lambda.ResourceNotFoundException' });
  });
});

describe('chaos', () => {
  const EFFECT = `exports.handler = async (event) => {
    console.log('begun'); await new Promise((resolve) => setTimeout(resolve, event.ms ?? 0)); console.log('effect'); return 'answer';
  }`;
  const lines = () => logged.map(({ line }) => line);

  test('the hook sees name, count and payload', async () => {
    const seen: Invocation[] = [];
    chaos = (invocation) => {
      seen.push(invocation);
      return undefined;
    };
    const arn = given(EFFECT);
    await runtime.invoke(arn, { n: 1 });
    await runtime.invoke(arn, { n: 2 });
    expect(seen).toEqual([
      { functionName: 'worker', count: 1, payload: { n: 1 } },
      { functionName: 'worker', count: 2, payload: { n: 2 } },
    ]);
  });

  test('killed before: the handler never runs', async () => {
    chaos = () => ({ kill: 'before' });
    await expect(runtime.invoke(given(EFFECT), {})).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(lines()).toEqual([]);
  });

  test('killed after a time: the handler is cut off in its middle', async () => {
    chaos = () => ({ kill: 'after-ms', ms: 200 });
    await expect(runtime.invoke(given(EFFECT), { ms: 20_000 })).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(lines()).toEqual(['begun']);
  });

  test('killed after the effect: everything is done, and the call fails', async () => {
    chaos = () => 'kill-after-effect';
    await expect(runtime.invoke(given(EFFECT), {})).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(lines()).toEqual(['begun', 'effect']);
  });

  test('twice: one after the other, the second answers', async () => {
    chaos = () => 'twice';
    await expect(runtime.invoke(given('let n = 0; exports.handler = async () => ++n'), {})).resolves.toBe(2);
  });

  test('twice at once: both at the same time', async () => {
    chaos = () => 'twice-at-once';
    await expect(runtime.invoke(given(EFFECT), { ms: 200 })).resolves.toBe('answer');
    expect(lines()).toEqual(['begun', 'begun', 'effect', 'effect']);
  });
});
