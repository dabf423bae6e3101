import fc from 'fast-check';
import type { KeyRange } from '../../../lambda/proof/row-hash';
import { rangesBetween } from '../../../lambda/verify/ranges';

const key = fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }));
const compare = (left: readonly number[], right: readonly number[]): number =>
  (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0);
const holds = ({ from, to }: KeyRange, of: readonly number[]): boolean =>
  (from === null || compare(of, from.map(Number)) >= 0) && (to === null || compare(of, to.map(Number)) < 0);

describe('ranges', () => {
  it('cover every key exactly once, however the sample cuts', () => {
    fc.assert(
      fc.property(fc.array(key), key, (cuts, wanted) => {
        const sorted = [...cuts].sort(compare).map((cut) => cut.map(String));
        expect(rangesBetween(sorted).filter((range) => holds(range, wanted))).toHaveLength(1);
      }),
    );
  });

  it('cover every key at least once even when the cuts come in another order than the keys', () => {
    fc.assert(
      fc.property(fc.array(key), key, (cuts, wanted) => {
        const ranges = rangesBetween(cuts.map((cut) => cut.map(String)));
        expect(ranges.some((range) => holds(range, wanted))).toBe(true);
      }),
    );
  });

  it('are one when there is no cut', () => {
    expect(rangesBetween([])).toEqual([{ from: null, to: null }]);
  });
});
