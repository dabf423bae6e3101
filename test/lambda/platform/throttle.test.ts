import fc from 'fast-check';
import {
  LONGEST_REST_MS,
  MAX_LAG_BYTES,
  MAX_WAL_BYTES_PER_SECOND,
  MAX_WAL_OWED_BYTES,
  nextPatience,
  type Reading,
  restMs,
  walOwed,
} from '../../../lambda/platform/throttle';

const CALM: Reading = { lagBytes: 0, walOwedBytes: 0, pulseMs: 1, calmPulseMs: 1, others: 1 };

const readings: fc.Arbitrary<Reading> = fc.record({
  lagBytes: fc.double({ min: 0, max: 10 * MAX_LAG_BYTES, noNaN: true }),
  walOwedBytes: fc.double({ min: 0, max: 10 * MAX_WAL_OWED_BYTES, noNaN: true }),
  pulseMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
  calmPulseMs: fc.double({ min: 0, max: 50, noNaN: true }),
  others: fc.nat({ max: 3 }),
});

describe('a rest', () => {
  it('is none while nothing presses', () => {
    const limits = { lagBytes: MAX_LAG_BYTES, walOwedBytes: MAX_WAL_OWED_BYTES, pulseMs: 6, calmPulseMs: 4, others: 1 };
    expect(restMs(limits)).toBe(0);
    // A beat of less than 5 ms is noise, whatever the calm was.
    expect(restMs({ ...CALM, pulseMs: 5, calmPulseMs: 0.1 })).toBe(0);
  });

  it('is none for a pulse that nobody else feels', () => {
    expect(restMs({ ...CALM, pulseMs: 1_000, others: 0 })).toBe(0);
  });

  it.each([
    ['a replica that lags', { lagBytes: 2 * MAX_LAG_BYTES }, 150],
    ['a pulse that got slow', { pulseMs: 15, calmPulseMs: 5 }, 150],
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
          pulseMs: one.pulseMs + more.pulseMs,
          calmPulseMs: one.calmPulseMs,
          others: one.others + more.others,
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

describe('a slow pulse', () => {
  it('is rested for shortly at first, however slow one beat was', () => {
    expect(restMs({ ...CALM, pulseMs: 10_000 })).toBe(250);
    expect(restMs({ ...CALM, lagBytes: 20 * MAX_LAG_BYTES })).toBe(1_950);
  });
});

describe('the patience of a worker', () => {
  it('grows while resting does not help, to sixteen times, and falls back faster when it does', () => {
    const rests = [...Array.from({ length: 7 }, () => 50), 0, 0, 0, 0, 0];
    let patience = 1;
    const seen = rests.map((rested) => (patience = nextPatience(patience, rested)));
    expect(seen).toEqual([1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 16, 8, 4, 2, 1, 1]);
  });
});
