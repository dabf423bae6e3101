import fc from 'fast-check';
import { cutBlocks, groupItems, halve, rangesOf } from '../../../../lambda/copy/rows/divide';
import { nextDatabase } from '../../../../lambda/copy/rows/next-database';
import type { CopiedTable, CopyItem, CopyRange } from '../../../../lambda/copy/rows/queue';

const table = (name: string, blocks: number): CopiedTable => ({
  schema: 'public',
  name,
  oid: '1',
  filenode: '1',
  blocks,
  columns: ['a'],
  format: 'text',
  encoding: null,
});

/** Whether a page is in a range of pages; null is the whole table. */
const holds = (range: CopyRange | null, page: number): boolean =>
  range === null || (range.by === 'blocks' && page >= range.from && (range.to === null || page < range.to));

const times = (items: readonly CopyItem[], page: number): number =>
  items.flatMap(({ parts }) => parts).filter(({ range }) => holds(range, page)).length;

describe('the division of tables', () => {
  it('puts every page into one range, those that are added later too', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 50 }), fc.nat(1000), (blocks, parts, page) => {
        expect(cutBlocks(blocks, parts).filter((range) => holds(range, page))).toHaveLength(1);
      }),
    );
  });

  it('cuts no table into more ranges than it has pages', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(1e9), (blocks, bytes) => {
        expect(rangesOf({ table: table('t', blocks), bytes }, 8192)).toBeLessThanOrEqual(Math.max(1, blocks));
      }),
    );
  });

  it('puts every small table into one item, and no item grows without bound', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e7), { maxLength: 200 }), (sizes) => {
        const tables = sizes.map((bytes, index) => ({ table: table(`t${index}`, 1), bytes }));
        const items = groupItems(tables, 1e6);
        expect(items.flatMap(({ parts }) => parts.map((part) => part.table.name))).toEqual(
          tables.map((sized) => sized.table.name),
        );
        for (const { parts } of items) expect(parts.length).toBeLessThanOrEqual(50);
      }),
    );
  });

  it('halves an item until nothing is left to halve, and every page stays in one part', () => {
    const range = fc
      .tuple(fc.nat(300), fc.option(fc.integer({ min: 1, max: 300 })))
      .map(([from, length]): CopyRange => ({ by: 'blocks', from, to: length === null ? null : from + length }));
    fc.assert(
      fc.property(fc.option(range), fc.nat(700), (of, page) => {
        const whole: CopyItem = { parts: [{ table: table('t', 300), range: of }], bytes: 1e6 };
        let items: CopyItem[] = [whole];
        for (let turn = 0; turn < 12; turn += 1) items = items.flatMap((item) => halve(item, true) ?? [item]);
        expect(times(items, page)).toBe(times([whole], page));
        expect(items.every((item) => halve(item, true) === null)).toBe(true);
      }),
    );
  });

  it('leaves a range of keys and a whole table of an old source as they are', () => {
    const keys: CopyRange = { by: 'key', key: [], from: null, to: null };
    for (const range of [keys, null]) {
      expect(halve({ parts: [{ table: table('t', 300), range }], bytes: 1 }, false)).toBeNull();
    }
  });
});

it('sends a worker to the largest item of any database, and not away from where it is for a little more', () => {
  const items = [
    { database: 'small', bytes: 10 },
    { database: 'large', bytes: 19 },
  ];
  expect(nextDatabase(items, null)).toBe('large');
  expect(nextDatabase(items, 'small')).toBe('small');
  expect(nextDatabase([{ database: 'small', bytes: 9 }, ...items.slice(1)], 'small')).toBe('large');
  expect(nextDatabase(items, 'large')).toBe('large');
  expect(nextDatabase([], 'large')).toBeNull();
});
