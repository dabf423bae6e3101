import fc from 'fast-check';
import { isolate, type Reader, type Walk } from '../../../lambda/scan/isolate';
import type { BlockRange } from '../../../lambda/scan/queue';

const BLOCKS = 400;
const ROWS = 8;
const COLUMNS = ['a', 'b', 'c'];

/** A table of which some rows and some whole blocks cannot be read; counts what it was asked. */
class Damaged implements Reader {
  asked = 0;
  /** Blocks. */
  read = 0;

  constructor(
    private readonly badRows: ReadonlyMap<string, string>,
    private readonly badBlocks: ReadonlySet<number>,
  ) {}

  async walk({ from, to }: BlockRange, step: number): Promise<Walk> {
    this.asked += 1;
    for (let at = from; at < to; at += step) {
      for (let block = at; block < Math.min(at + step, to); block += 1) {
        this.read += 1;
        if (this.isBad(block)) return { rows: (at - from) * ROWS, stumble: { at, sqlState: 'XX001' } };
      }
    }
    return { rows: (to - from) * ROWS, stumble: null };
  }

  private isBad(block: number): boolean {
    const rows = Array.from({ length: ROWS }, (_, row) => `(${block},${row + 1})`);
    return this.badBlocks.has(block) || rows.some((ctid) => this.badRows.has(ctid));
  }

  async rows(ctids: readonly string[]) {
    this.asked += 1;
    const at = ctids.findIndex((ctid) => this.badRows.has(ctid));
    return at < 0 ? null : { at, sqlState: 'XX001' };
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
        const found = await isolate(new Damaged(badRows, badBlocks), WHOLE, COLUMNS, 1_000);
        const expected = [...badRows].filter(([ctid]) => !badBlocks.has(Number(/\d+/.exec(ctid)?.[0])));
        expect(new Map(found.badRows.map(({ ctid, columns }) => [ctid, columns[0]?.name]))).toEqual(new Map(expected));
        expect(found.badRows).toHaveLength(expected.length);
        const covered = found.badBlocks.flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, n) => from + n),
        );
        expect(covered).toEqual([...badBlocks].sort((left, right) => left - right));
        expect(found.cutShort).toBe(false);
        expect(found.rows).toBe((BLOCKS - badBlocks.size) * ROWS);
      }),
    );
  });

  it('reads the range about once, and asks in proportion to the damaged rows', async () => {
    const places = [3, 50, 51, 200, 399];
    const damaged = new Damaged(new Map(places.map((at) => [`(${at},3)`, 'b'])), new Set());
    await isolate(damaged, WHOLE, COLUMNS, 10);
    // Each step that fails is read again up to its stumble, in steps of 128 blocks, of 8 and of one.
    expect(damaged.read).toBeLessThan(BLOCKS + places.length * (128 + 2 * 8));
    // For each place: a walk into each size of step and one behind it, the versions, the rows twice, the columns.
    expect(damaged.asked).toBeLessThan(places.length * (3 * 2 + 1 + 2 + COLUMNS.length) + 1);
  });

  it('gives up when there is too much, and says so', async () => {
    const badBlocks = new Set(Array.from({ length: BLOCKS }, (_, at) => at));
    const found = await isolate(new Damaged(new Map(), badBlocks), WHOLE, COLUMNS, 10);
    expect(found).toMatchObject({ cutShort: true, badBlocks: [{ from: 0, to: 10 }] });
  });

  it('calls no row damaged whose every value can be read', async () => {
    const reader = new Damaged(new Map(), new Set());
    reader.walk = async ({ from }) => ({ rows: 0, stumble: { at: from, sqlState: '54000' } });
    reader.rows = async () => ({ at: 0, sqlState: '54000' });
    expect(await isolate(reader, { from: 0, to: 1 }, COLUMNS, 10)).toMatchObject({ badRows: [] });
  });
});
