import fc from 'fast-check';
import { errorMatches } from '../../../lib/rehearsal/state-machine/failure';
import { retryDelaySeconds } from '../../../lib/rehearsal/state-machine/recovery';
import { SUPPORTED } from '../../../lib/rehearsal/state-machine/supported';

const retrier = fc.record(
  {
    ErrorEquals: fc.constant(['A']),
    IntervalSeconds: fc.integer({ min: 1, max: 1000 }),
    BackoffRate: fc.double({ min: 1, max: 10, noNaN: true }),
    MaxDelaySeconds: fc.integer({ min: 1001, max: 100_000 }),
    JitterStrategy: fc.constantFrom('FULL' as const, 'NONE' as const),
  },
  { requiredKeys: ['ErrorEquals'] },
);

test('intervals grow by the rate, from one second and by two unless said otherwise', () => {
  const delays = (fields: object) =>
    [0, 1, 2, 3].map((before) => retryDelaySeconds({ ErrorEquals: ['A'], ...fields }, before));
  expect(delays({})).toEqual([1, 2, 4, 8]);
  expect(delays({ IntervalSeconds: 5, BackoffRate: 1 })).toEqual([5, 5, 5, 5]);
  expect(delays({ IntervalSeconds: 3, BackoffRate: 3, MaxDelaySeconds: 20 })).toEqual([3, 9, 20, 20]);
});

test('no delay is negative or above MaxDelaySeconds, and jitter only shortens', () => {
  fc.assert(
    fc.property(
      retrier,
      fc.nat(30),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (entry, before, dice) => {
        const delay = retryDelaySeconds(entry, before, () => dice);
        const plain = retryDelaySeconds({ ...entry, JitterStrategy: 'NONE' }, before);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(plain);
        expect(plain).toBeLessThanOrEqual(entry.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
      },
    ),
  );
});

test('every name matches itself, except States.Runtime, which nothing matches', () => {
  for (const name of SUPPORTED.errorNames) {
    expect(errorMatches(name, name)).toBe(name !== 'States.Runtime');
  }
  expect(errorMatches('States.ALL', 'States.Runtime')).toBe(false);
  expect(errorMatches('Blocked', 'Blocked.')).toBe(false);
});
