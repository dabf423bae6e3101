import fc from 'fast-check';
import { HandedOutValues } from '../../../lib/rehearsal/writers/handed-out';
import type { Interruption } from '../../../lib/rehearsal/writers/protocol';
import { outagesOf, Timings } from '../../../lib/rehearsal/writers/timings';

const interruption = (fields: Partial<Interruption>): Interruption => ({
  writer: 1,
  database: 'd',
  startedAt: 0,
  endedAt: 100,
  moved: false,
  failedAttempts: 1,
  ...fields,
});

test('a percentile is within nine percent above the exact one, and never above the maximum', () => {
  const latencies = fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.9, 0.99, 1), (values, share) => {
      const timings = new Timings(0);
      for (const value of values) timings.acknowledged(50, value);
      const exact = [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? 0;
      const answer = timings.percentileMs(share);
      expect(answer).toBeGreaterThanOrEqual(exact * 0.999);
      expect(answer).toBeLessThanOrEqual(Math.min(timings.maxMs, exact * 1.0906));
    }),
  );
});

test('the series has a slice for every 100 ms, and none is lost', () => {
  const timings = new Timings(1000);
  timings.acknowledged(1010, 4);
  timings.acknowledged(1020, 8);
  timings.refused(1310);
  expect(timings.series()).toEqual([
    { atMs: 0, acknowledged: 2, refused: 0, meanMs: 6, maxMs: 8 },
    { atMs: 100, acknowledged: 0, refused: 0, meanMs: null, maxMs: null },
    { atMs: 200, acknowledged: 0, refused: 0, meanMs: null, maxMs: null },
    { atMs: 300, acknowledged: 0, refused: 1, meanMs: null, maxMs: null },
  ]);
});

test('an outage begins with the first writer that fails and ends with the first that is accepted elsewhere', () => {
  const [outage, ...others] = outagesOf([
    interruption({ writer: 1, startedAt: 1000, endedAt: 1900, moved: true }),
    interruption({ writer: 2, startedAt: 980, endedAt: 1950, moved: true }),
    // Delayed, but still accepted by the old server: the outage is not over.
    interruption({ writer: 3, startedAt: 970, endedAt: 1300 }),
  ]);
  expect(others).toEqual([]);
  expect(outage).toEqual({ database: 'd', startedAt: 970, firstAcceptedAt: 1900, allBackAt: 1950, moved: true });
});

test('databases have outages of their own, and those that do not overlap are apart', () => {
  const outages = outagesOf([
    interruption({ startedAt: 0, endedAt: 100 }),
    interruption({ startedAt: 101, endedAt: 200 }),
    interruption({ database: 'e', startedAt: 50, endedAt: 150 }),
  ]);
  expect(outages.map(({ database, startedAt }) => [database, startedAt])).toEqual([
    ['d', 0],
    ['e', 50],
    ['d', 101],
  ]);
});

test('an outage that a writer never came back from says so', () => {
  const [outage] = outagesOf([
    interruption({ writer: 1, startedAt: 0, endedAt: 100, moved: true }),
    interruption({ writer: 2, startedAt: 0, endedAt: null }),
  ]);
  expect(outage).toMatchObject({ firstAcceptedAt: 100, allBackAt: null });
});

test('a value is reused when two servers gave it, or one gave it to two commits; never after a rollback and a crash', () => {
  const cases: readonly [readonly [server: number, acknowledged: boolean][], number][] = [
    [[[0, true]], 0],
    [
      [
        [0, true],
        [0, true],
      ],
      1,
    ],
    [
      [
        [0, false],
        [0, true],
      ],
      0,
    ],
    [
      [
        [0, true],
        [0, false],
        [0, true],
      ],
      1,
    ],
    [
      [
        [0, false],
        [1, false],
      ],
      1,
    ],
    [
      [
        [0, true],
        [1, true],
        [1, true],
      ],
      2,
    ],
  ];
  for (const [gifts, expected] of cases) {
    const values = new HandedOutValues();
    values.add(
      [
        { sequence: 'other', value: 7 },
        { sequence: 's', value: -1 },
      ],
      0,
      true,
    );
    for (const [server, acknowledged] of gifts) values.add([{ sequence: 's', value: 7 }], server, acknowledged);
    expect(values.reused()).toBe(expected);
  }
});
