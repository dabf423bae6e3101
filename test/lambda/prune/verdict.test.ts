import fc from 'fast-check';
import { differenceOf, newOrphans } from '../../../lambda/prune/verdict';

const outcome = { relation: '"public"."event"', planned: 1_000, removed: 1_000, kept: 0 };

describe('the verdict on a table', () => {
  it.each([
    ['all that was planned went', {}],
    ['what stayed is pointed at', { removed: 400, kept: 600 }],
    ['the difference is the tolerance exactly', { removed: 900 }],
    ['more went than was planned, within the tolerance', { removed: 1_100 }],
  ])('is silent when %s', (_, given) => {
    expect(differenceOf({ ...outcome, ...given }, 0.1)).toBeNull();
  });

  it('names both figures when less or more went', () => {
    for (const removed of [899, 1_101]) {
      const why = differenceOf({ ...outcome, removed }, 0.1);
      expect(why).toContain(`${removed} old rows of "public"."event" went`);
      expect(why).toContain('1000 were planned; prune.tolerance allows a difference of 100');
    }
  });

  it('judges a handful of rows as if they were a hundred, and tolerates nothing at 0', () => {
    const handful = { ...outcome, planned: 4 };
    expect(differenceOf({ ...handful, removed: 9 }, 0.05)).toBeNull();
    expect(differenceOf({ ...handful, removed: 10 }, 0.05)).not.toBeNull();
    expect(differenceOf({ ...handful, removed: 3 }, 0)).not.toBeNull();
  });

  it('is the same whether a row went or was kept, and speaks exactly beyond the tolerance', () => {
    const count = fc.nat({ max: 100_000 });
    fc.assert(
      fc.property(
        count,
        count,
        count,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (planned, removed, kept, tolerance) => {
          const silent = differenceOf({ relation: 't', planned, removed, kept }, tolerance) === null;
          expect(silent).toBe(Math.abs(removed + kept - planned) <= tolerance * Math.max(planned, 100));
          expect(differenceOf({ relation: 't', planned, removed: kept, kept: removed }, tolerance) === null).toBe(
            silent,
          );
        },
      ),
    );
  });
});

describe('rows that point at nothing', () => {
  const pointer = { from: '"a"', to: '"b"', columns: ['x'] };

  it('are told when there are more than before, with both figures', () => {
    const [why, ...rest] = newOrphans([{ ...pointer, orphans: 2 }], [{ ...pointer, orphans: 3 }]);
    expect(rest).toEqual([]);
    expect(why).toBe('3 rows of "a" (x) point at no row of "b", 2 did before');
  });

  it('are counted for each pointer by itself', () => {
    const other = { ...pointer, columns: ['y'] };
    const before = [
      { ...pointer, orphans: 5 },
      { ...other, orphans: 0 },
    ];
    const after = [
      { ...pointer, orphans: 4 },
      { ...other, orphans: 1 },
      { from: '"c"', to: '"b"', columns: ['x'], orphans: 1 },
    ];
    expect(newOrphans(before, before)).toEqual([]);
    expect(newOrphans(before, after)).toHaveLength(2);
  });
});
