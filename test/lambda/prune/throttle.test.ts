import fc from 'fast-check';
import type { Session } from '../../../lambda/platform/postgres';
import {
  LONGEST_REST_MS,
  MAX_LAG_BYTES,
  MAX_WAL_BYTES_PER_SECOND,
  MAX_WAL_OWED_BYTES,
  p99,
  type Reading,
  restMs,
  Throttle,
  walOwed,
} from '../../../lambda/prune/throttle';

const CALM: Reading = { lagBytes: 0, walOwedBytes: 0, probeMs: 1, calmProbeMs: 1 };

const readings: fc.Arbitrary<Reading> = fc.record({
  lagBytes: fc.double({ min: 0, max: 10 * MAX_LAG_BYTES, noNaN: true }),
  walOwedBytes: fc.double({ min: 0, max: 10 * MAX_WAL_OWED_BYTES, noNaN: true }),
  probeMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
  calmProbeMs: fc.double({ min: 0, max: 50, noNaN: true }),
});

describe('a rest', () => {
  it('is none while nothing presses', () => {
    const limits = { lagBytes: MAX_LAG_BYTES, walOwedBytes: MAX_WAL_OWED_BYTES, probeMs: 6, calmProbeMs: 3 };
    expect(restMs(limits)).toBe(0);
    // A probe of less than 5 ms is noise, whatever the calm was.
    expect(restMs({ ...CALM, probeMs: 5, calmProbeMs: 0.1 })).toBe(0);
  });

  it.each([
    ['a replica that lags', { lagBytes: 2 * MAX_LAG_BYTES }, 150],
    ['a probe that got slow', { probeMs: 20, calmProbeMs: 5 }, 150],
    ['WAL for a second more than a second', { walOwedBytes: MAX_WAL_OWED_BYTES + MAX_WAL_BYTES_PER_SECOND }, 1_000],
  ])('is taken for %s', (_, pressing, ms) => {
    expect(restMs({ ...CALM, ...pressing })).toBe(ms);
  });

  it('is never longer than its limit, and never shorter when more presses', () => {
    fc.assert(
      fc.property(readings, readings, (one, more) => {
        const worse = {
          lagBytes: one.lagBytes + more.lagBytes,
          walOwedBytes: one.walOwedBytes + more.walOwedBytes,
          probeMs: one.probeMs + more.probeMs,
          calmProbeMs: one.calmProbeMs,
        };
        expect(restMs(one)).toBeGreaterThanOrEqual(0);
        expect(restMs(worse)).toBeLessThanOrEqual(LONGEST_REST_MS);
        expect(restMs(worse)).toBeGreaterThanOrEqual(restMs(one));
      }),
    );
  });

  it('keeps the rate of WAL to its limit over any series of batches, but for a second in advance', () => {
    const batch = fc.record({
      bytes: fc.nat({ max: 100 * 2 ** 20 }),
      seconds: fc.double({ min: 0, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 50 }), (batches) => {
        let [owed, written, elapsed, idle] = [0, 0, 0, 0];
        for (const { bytes, seconds } of batches) {
          written += bytes;
          elapsed += seconds;
          const before = owed + bytes - MAX_WAL_BYTES_PER_SECOND * seconds;
          owed = walOwed(owed, bytes, seconds);
          // What was allowed and not written is no credit.
          idle += Math.max(0, -before);
          const rest = restMs({ ...CALM, walOwedBytes: owed }) / 1_000;
          elapsed += rest;
          const paid = owed - MAX_WAL_BYTES_PER_SECOND * rest;
          idle += Math.max(0, -paid);
          owed = walOwed(owed, 0, rest);
          const allowed = MAX_WAL_BYTES_PER_SECOND * elapsed - idle + MAX_WAL_OWED_BYTES;
          expect(written).toBeLessThanOrEqual(allowed + 1);
        }
      }),
    );
  });
});

describe('the slowest hundredth', () => {
  it('is the largest of few, and not one slow probe among two hundred', () => {
    expect(p99([])).toBe(0);
    expect(p99([3, 1, 2])).toBe(3);
    expect(p99([...Array.from({ length: 199 }, () => 1), 50])).toBe(1);
  });

  it('is one of the values, with at most a hundredth above it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
        const found = p99(values);
        expect(values).toContain(found);
        expect(values.filter((value) => value > found).length).toBeLessThanOrEqual(values.length / 100);
      }),
    );
  });
});

describe('a throttle', () => {
  /** A server that answers with these lags, one after the other, and then with none. */
  function serverWith(lags: readonly number[]): { readonly session: Session; readonly asked: () => number } {
    let asked = 0;
    const one = async () => ({ wal: '0', lag: String(lags[asked++] ?? 0) });
    return { session: { one } as unknown as Session, asked: () => asked };
  }

  it('rests while a replica lags, and goes on when it has caught up', async () => {
    const calm = Array.from({ length: 20 }, () => 0);
    const { session, asked } = serverWith([...calm, 1.1 * MAX_LAG_BYTES]);
    const throttle = new Throttle();
    await throttle.calmDown(session);
    expect(asked()).toBe(20);
    expect(await throttle.rest(session)).toBe(61);
    expect(await throttle.rest(session)).toBe(0);
  });
});
