import type { Invocation } from '../../../lib/rehearsal/lambda-runtime/chaos';
import { rejection, runtimeUnderTest } from './runtime-under-test';

const lambda = runtimeUnderTest();

describe('concurrency', () => {
  const COUNTER = 'let n = 0; exports.handler = async () => ++n';

  test('a worker is reused while it is warm, and no more after it died', async () => {
    const arn = lambda.given(
      'let n = 0; exports.handler = async (event) => { n += 1; if (event.fail) throw new Error("no"); if (event.die) process.exit(1); return n }',
    );
    await expect(lambda.runtime.invoke(arn, {})).resolves.toBe(1);
    await expect(lambda.runtime.invoke(arn, { fail: true })).rejects.toMatchObject({ name: 'Error' });
    await expect(lambda.runtime.invoke(arn, {})).resolves.toBe(3);
    await expect(lambda.runtime.invoke(arn, { die: true })).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    await expect(lambda.runtime.invoke(arn, {})).resolves.toBe(1);
  });

  test('invocations at the same time run in workers of their own', async () => {
    const arn = lambda.given(COUNTER);
    await expect(Promise.all([lambda.runtime.invoke(arn, {}), lambda.runtime.invoke(arn, {})])).resolves.toEqual([
      1, 1,
    ]);
  });

  test('more than the reserved concurrency is a TooManyRequestsException', async () => {
    const arn = lambda.given('exports.handler = (event) => new Promise((resolve) => setTimeout(resolve, event.ms))', {
      reservedConcurrency: 1,
    });
    const first = lambda.runtime.invoke(arn, { ms: 100 });
    await expect(lambda.runtime.invoke(arn, { ms: 0 })).rejects.toMatchObject({
      name: 'Lambda.TooManyRequestsException',
    });
    await expect(first).resolves.toBeNull();
    await expect(lambda.runtime.invoke(arn, { ms: 0 })).resolves.toBeNull();
  });

  test('an aborted call no longer waits, but the invocation goes on unseen', async () => {
    const arn = lambda.given(
      `exports.handler = async () => { await new Promise((r) => setTimeout(r, 100)); console.log('effect') }`,
    );
    const abort = new AbortController();
    const call = lambda.runtime.invoke(arn, {}, { signal: abort.signal });
    abort.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');
    expect(lambda.logged).toEqual([]);
    // Ends because the handler writes its line, or jest's own timeout comes.
    while (lambda.logged.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(lambda.logged[0]?.line).toBe('effect');
  });

  test('closing kills what runs and refuses what comes', async () => {
    const arn = lambda.given('exports.handler = () => new Promise(() => {})');
    const running = rejection(lambda.runtime.invoke(arn, {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await lambda.runtime.close();
    await expect(running).resolves.toMatchObject({ name: 'Runtime.ExitError' });
    await expect(lambda.runtime.invoke(arn, {})).rejects.toMatchObject({ name: 'Lambda.ResourceNotFoundException' });
  });
});

describe('chaos', () => {
  const EFFECT = `exports.handler = async (event) => {
    console.log('begun'); await new Promise((resolve) => setTimeout(resolve, event.ms ?? 0)); console.log('effect'); return 'answer';
  }`;
  const lines = () => lambda.logged.map(({ line }) => line);

  test('the hook sees name, count and payload', async () => {
    const seen: Invocation[] = [];
    lambda.chaos = (invocation) => {
      seen.push(invocation);
      return undefined;
    };
    const arn = lambda.given(EFFECT);
    await lambda.runtime.invoke(arn, { n: 1 });
    await lambda.runtime.invoke(arn, { n: 2 });
    expect(seen).toEqual([
      { functionName: 'worker', count: 1, payload: { n: 1 } },
      { functionName: 'worker', count: 2, payload: { n: 2 } },
    ]);
  });

  test('killed before: the handler never runs', async () => {
    lambda.chaos = () => ({ kill: 'before' });
    await expect(lambda.runtime.invoke(lambda.given(EFFECT), {})).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(lines()).toEqual([]);
  });

  test('killed after a time: the handler is cut off in its middle', async () => {
    lambda.chaos = () => ({ kill: 'after-ms', ms: 1000 });
    await expect(lambda.runtime.invoke(lambda.given(EFFECT), { ms: 20_000 })).rejects.toMatchObject({
      name: 'Runtime.ExitError',
    });
    expect(lines()).toEqual(['begun']);
  });

  test('killed after the effect: everything is done, and the call fails', async () => {
    lambda.chaos = () => 'kill-after-effect';
    await expect(lambda.runtime.invoke(lambda.given(EFFECT), {})).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(lines()).toEqual(['begun', 'effect']);
  });

  test('twice: one after the other, the second answers', async () => {
    lambda.chaos = () => 'twice';
    await expect(lambda.runtime.invoke(lambda.given('let n = 0; exports.handler = async () => ++n'), {})).resolves.toBe(
      2,
    );
  });

  test('twice at once: both are inside the handler at the same time', async () => {
    lambda.chaos = () => 'twice-at-once';
    // Each run leaves a mark and ends only when it sees both.
    const arn = lambda.given(`
      const { mkdirSync, readdirSync } = require('node:fs'); const { threadId } = require('node:worker_threads');
      exports.handler = async () => {
        mkdirSync(__dirname + '/mark-' + threadId);
        while (readdirSync(__dirname).filter((name) => name.startsWith('mark-')).length < 2) await new Promise((r) => setTimeout(r, 5));
        return 'answer';
      }`);
    await expect(lambda.runtime.invoke(arn, {})).resolves.toBe('answer');
  });

  test('twice at once with a concurrency of one: the second is refused, the first answers', async () => {
    lambda.chaos = () => 'twice-at-once';
    const arn = lambda.given('let n = 0; exports.handler = async () => ++n', { reservedConcurrency: 1 });
    await expect(lambda.runtime.invoke(arn, {})).resolves.toBe(1);
    await expect(lambda.runtime.invoke(arn, {})).resolves.toBe(2);
  });
});
