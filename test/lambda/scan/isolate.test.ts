import fc from 'fast-check';
import { isolate, type Reader } from '../../../lambda/scan/isolate';
import type { BlockRange } from '../../../lambda/scan/queue';

const BLOCKS = 400;
const ROWS = 8;
const COLUMNS = ['a', 'b', 'c'];

/** A table of which some rows and some whole blocks cannot be read; counts what it was asked. */
class Damaged implements Reader {
  asked = 0;

  constructor(
    private readonly badRows: ReadonlyMap<string, string>,
    private readonly badBlocks: ReadonlySet<number>,
  ) {}

  async blocks({ from, to }: BlockRange): Promise<string | null> {
    this.asked += 1;
    for (let block = from; block < to; block += 1) {
      if (this.badBlocks.has(block)) return 'XX001';
      for (let row = 1; row <= ROWS; row += 1) if (this.badRows.has(`(${block},${row})`)) return 'XX001';
    }
    return null;
  }

  async rows(ctids: readonly string[]): Promise<string | null> {
    this.asked += 1;
    return ctids.some((ctid) => this.badRows.has(ctid)) ? 'XX001' : null;
  }

  async column(ctid: string, column: string): Promise<string | null> {
    this.asked += 1;
    return this.badRows.get(ctid) === column ? 'XX001' : null;
  }

  async versions({ from }: BlockRange) {
    this.asked += 1;
    if (this.badBlocks.has(from)) return 'XX001';
    return Array.from({ length: ROWS }, (_, row) => ({ ctid: `(${from},${row + 1})`, xmin: '7' }));
  }
}

const WHOLE = { from: 0, to: BLOCKS };
const block = fc.integer({ min: 0, max: BLOCKS - 1 });
const badRow = fc.tuple(block, fc.integer({ min: 1, max: ROWS }), fc.constantFrom(...COLUMNS));

describe('isolating what cannot be read', () => {
  it('finds exactly the damaged places, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(badRow, { maxLength: 20 }), fc.array(block, { maxLength: 5 }), async (rows, blocks) => {
        const badBlocks = new Set(blocks);
        const badRows = new Map(rows.map(([at, row, column]) => [`(${at},${row})`, column]));
        const found = await isolate(new Damaged(badRows, badBlocks), WHOLE, COLUMNS, 'XX001', 1_000);
        const expected = [...badRows].filter(([ctid]) => !badBlocks.has(Number(/\d+/.exec(ctid)?.[0])));
        expect(new Map(found.badRows.map(({ ctid, columns }) => [ctid, columns[0]?.name]))).toEqual(new Map(expected));
        expect(found.badRows).toHaveLength(expected.length);
        const covered = found.badBlocks.flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, n) => from + n),
        );
        expect(covered).toEqual([...badBlocks].sort((left, right) => left - right));
        expect(found.cutShort).toBe(false);
      }),
    );
  });

  it('asks in proportion to the damaged rows, not to the table', async () => {
    const damaged = new Damaged(new Map([['(200,3)', 'b']]), new Set());
    await isolate(damaged, WHOLE, COLUMNS, 'XX001', 10);
    // 400 blocks are cut into eighths three times, 8 rows are halved three times, then the columns.
    expect(damaged.asked).toBeLessThan(3 * 8 + 2 * 4 + COLUMNS.length + 2);
  });

  it('gives up when there is too much, and says so', async () => {
    const badBlocks = new Set(Array.from({ length: BLOCKS }, (_, at) => at));
    const found = await isolate(new Damaged(new Map(), badBlocks), WHOLE, COLUMNS, 'XX001', 10);
    expect(found).toMatchObject({ cutShort: true, badBlocks: [{ from: 0, to: 10 }] });
  });

  it('calls no row damaged whose every value can be read', async () => {
    const reader = new Damaged(new Map(), new Set());
    reader.blocks = async () => '54000';
    reader.rows = async () => '54000';
    expect(await isolate(reader, { from: 0, to: 1 }, COLUMNS, '54000', 10)).toMatchObject({ badRows: [] });
  });
});
