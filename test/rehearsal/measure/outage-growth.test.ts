import { growthOf, type MeasuredOutage, OUTAGE_PARTS, TABLES } from '../../../lib/rehearsal/measure/outage-growth';

const outage = (way: MeasuredOutage['way'], tables: number, ms: number): MeasuredOutage => ({
  way,
  tables,
  ms: Object.fromEntries(OUTAGE_PARTS.map((part) => [part, ms])) as MeasuredOutage['ms'],
});

test('the growth of an outage is the median with the most tables to that with the fewest, each way for itself', () => {
  const measured = TABLES.flatMap((tables, index) => [
    ...[100, 900, 200].map((ms) => outage('cutover', tables, ms * (index + 1))),
    outage('rollback', tables, 50),
  ]);
  const growth = growthOf(measured);
  expect(growth).toHaveLength(2 * OUTAGE_PARTS.length);
  for (const { way, sizes, ratio } of growth) {
    const there = way === 'cutover';
    expect(ratio).toBe(there ? TABLES.length : 1);
    expect(sizes).toEqual(
      TABLES.map((tables, index) => ({
        tables,
        medianMs: there ? 200 * (index + 1) : 50,
        maximumMs: there ? 900 * (index + 1) : 50,
      })),
    );
  }
});
