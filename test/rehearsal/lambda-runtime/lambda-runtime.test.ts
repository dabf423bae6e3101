import { buildSync } from 'esbuild';
import { FUNCTIONS, runtimeUnderTest } from './runtime-under-test';

const lambda = runtimeUnderTest();

describe('what crosses', () => {
  test('the payload and the answer are JSON: dates are strings, undefined vanishes', async () => {
    const arn = lambda.given(
      `exports.handler = async (event) => ({ event, type: typeof event.at, gone: undefined, now: new Date(0) })`,
    );
    await expect(lambda.runtime.invoke(arn, { at: new Date(0), gone: undefined })).resolves.toEqual({
      event: { at: '1970-01-01T00:00:00.000Z' },
      type: 'string',
      now: '1970-01-01T00:00:00.000Z',
    });
  });

  test('an answer of nothing is null', async () => {
    await expect(lambda.runtime.invoke(lambda.given('exports.handler = async () => {}'), {})).resolves.toBeNull();
  });

  test('an answer that is no JSON fails the invocation', async () => {
    const arn = lambda.given('exports.handler = async () => 1n');
    await expect(lambda.runtime.invoke(arn, {})).rejects.toMatchObject({ name: 'TypeError' });
  });

  test('the function is found by ARN, alias and name; anything else is a ResourceNotFoundException', async () => {
    const arn = lambda.given('exports.handler = async (event) => event.n');
    await expect(lambda.runtime.invoke(`${arn}:live`, { n: 1 })).resolves.toBe(1);
    await expect(lambda.runtime.invoke('worker', { n: 2 })).resolves.toBe(2);
    await expect(lambda.runtime.invoke(`${FUNCTIONS}:other`, {})).rejects.toMatchObject({
      name: 'Lambda.ResourceNotFoundException',
    });
  });

  test('runs ES modules and bundles of esbuild', async () => {
    const esm = lambda.given(
      `import { hostname } from 'node:os'; export const handler = async () => typeof hostname`,
      {},
      'index.mjs',
    );
    await expect(lambda.runtime.invoke(esm, {})).resolves.toBe('function');
    const source = 'export const handler = async (event: { n: number }): Promise<number> => event.n + 1;';
    const bundle = buildSync({
      stdin: { contents: source, loader: 'ts' },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'cjs',
      write: false,
    });
    const arn = lambda.given(bundle.outputFiles[0]?.text ?? '', { name: 'bundled' });
    await expect(lambda.runtime.invoke(arn, { n: 41 })).resolves.toBe(42);
  });
});

describe('what a function sees', () => {
  test("its environment is its own, the caller's and Lambda's, and nothing of this process", async () => {
    process.env.SEALIFT_TEST_LEAK = 'leaked';
    const arn = lambda.given('exports.handler = async () => process.env', {
      environment: { OWN: 'x', AWS_REGION: 'overridden' },
    });
    const environment = await lambda.runtime.invoke(arn, {});
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
    const first = lambda.given('exports.handler = async () => { process.env.MARK = "1"; return process.env.MARK }', {
      name: 'first',
    });
    const second = lambda.given('exports.handler = async () => process.env.MARK ?? null', { name: 'second' });
    await expect(lambda.runtime.invoke(first, {})).resolves.toBe('1');
    await expect(lambda.runtime.invoke(second, {})).resolves.toBeNull();
  });

  test('the context names the request, the function, its memory and the time that is left', async () => {
    const arn = lambda.given(
      `exports.handler = async (_, context) => ({ ...context, left: context.getRemainingTimeInMillis() })`,
    );
    const context = (await lambda.runtime.invoke(arn, {})) as Record<string, unknown>;
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
    const arn = lambda.given(`
      const dns = require('node:dns'); const { promisify } = require('node:util');
      exports.handler = async () => ({
        one: await promisify(dns.lookup)('db.cluster.localhost'),
        all: await dns.promises.lookup('a.b.localhost', { all: true }),
        callback: await new Promise((resolve) => dns.lookup('x.localhost.', (_, address, family) => resolve([address, family]))),
        many: await new Promise((resolve) => dns.lookup('y.localhost', { all: true }, (_, found) => resolve(found))),
        plain: (await dns.promises.lookup('127.0.0.1')).address,
      })`);
    const loopback = { address: '127.0.0.1', family: 4 };
    await expect(lambda.runtime.invoke(arn, {})).resolves.toEqual({
      one: loopback,
      all: [loopback],
      callback: ['127.0.0.1', 4],
      many: [loopback],
      plain: '127.0.0.1',
    });
  });

  test('its lines arrive one by one, with the request, before its answer', async () => {
    const arn = lambda.given(`
      console.log('loading');
      exports.handler = async (_, context) => {
        console.log('one\\ntwo'); process.stdout.write('th'); process.stdout.write('ree\\n'); console.error('bad');
        return context.awsRequestId;
      }`);
    const requestId = await lambda.runtime.invoke(arn, {});
    expect(lambda.logged.map(({ line }) => line)).toEqual(['loading', 'one', 'two', 'three', 'bad']);
    expect(lambda.logged.at(-1)).toEqual({ functionName: 'worker', requestId, stream: 'stderr', line: 'bad' });
  });
});
