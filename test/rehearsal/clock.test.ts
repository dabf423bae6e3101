import { realClock, scaledClock } from '../../lib/rehearsal/clock';

test('a scaled clock sleeps less and tells real time', async () => {
  const clock = scaledClock(1000);
  const before = Date.now();
  expect(clock.now()).toBeGreaterThanOrEqual(before);
  await clock.sleep(60_000);
  expect(Date.now() - before).toBeLessThan(30_000);
});

test.each([realClock, scaledClock(10)])('an aborted sleep rejects with the reason', async (clock) => {
  const abort = new AbortController();
  // Beyond the longest timer of Node.js, which would otherwise fire at once.
  const sleeping = clock.sleep(99_999_999_000, abort.signal);
  await new Promise((resolve) => setTimeout(resolve, 10));
  abort.abort(new Error('stopped'));
  await expect(sleeping).rejects.toThrow('stopped');
  await expect(clock.sleep(1, abort.signal)).rejects.toThrow('stopped');
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the factor %s', (factor) => {
  expect(() => scaledClock(factor)).toThrow(RangeError);
});
