import fc from 'fast-check';
import { batches } from '../../../lambda/proof/compare';
import type { WantedKeys } from '../../../lambda/proof/row-hash';

const table = (name: string): WantedKeys['table'] => ({
  schema: 'public',
  name,
  key: [],
  root: false,
  bytes: 0,
  estimatedRows: 0,
});

describe('what is looked up together', () => {
  it('holds every wanted key exactly once, in statements of bounded size', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12_000 }), { maxLength: 200 }), (counts) => {
        const wanted = counts.map((count, index) => ({
          table: table(`t${index}`),
          keys: Array.from({ length: count }, (_, key) => [`${index}-${key}`]),
        }));
        const cut = batches(wanted);
        const found = cut.flatMap((batch) => batch.flatMap(({ keys }) => keys.map(([key]) => key)));
        expect(found).toEqual(wanted.flatMap(({ keys }) => keys.map(([key]) => key)));
        for (const batch of cut) {
          expect(batch.length).toBeLessThanOrEqual(64);
          expect(batch.reduce((sum, { keys }) => sum + keys.length, 0)).toBeLessThanOrEqual(5_000);
          expect(batch.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});
