/**
 * Finds what cannot be read inside a range that failed. The server walks through it and says how far it got, so that the whole range
 * is read about once, however many places are damaged: in steps of some blocks, then block by block inside a step that failed, then
 * the rows of a block halved down to one row, then its columns. The work beyond that grows with the number of damaged places.
 */
import type { BadBlocks, BadRow, BlockRange } from './queue';

/** Blocks of a step: the overhead of a step is then small, and so is what is read again when one fails. */
const STEP_BLOCKS = 16;

/** A row by place and version. */
export interface RowVersion {
  readonly ctid: string;
  readonly xmin: string;
}

/** The first place of a walk that could not be read. */
export interface Stumble {
  /** First block of the step. */
  readonly at: number;
  readonly sqlState: string;
}

/** Reads, and answers the SQLSTATE with which that failed; null when everything could be read. */
export interface Reader {
  /** Reads a range in its order, `step` blocks at a time, up to the first step that fails. */
  walk(range: BlockRange, step: number): Promise<Stumble | null>;
  rows(ctids: readonly string[]): Promise<string | null>;
  column(ctid: string, column: string): Promise<string | null>;
  /** Visible rows of a range, or the SQLSTATE with which even that failed. */
  versions(range: BlockRange): Promise<readonly RowVersion[] | string>;
}

/** What was found. */
export interface Isolated {
  readonly badRows: readonly BadRow[];
  readonly badBlocks: readonly BadBlocks[];
  /** True when the search was given up after `most` places. */
  readonly cutShort: boolean;
}

/** Isolates what fails in `range`; gives up after `most` places. */
export async function isolate(
  reader: Reader,
  range: BlockRange,
  columns: readonly string[],
  most: number,
): Promise<Isolated> {
  const found: Found = { badRows: [], badBlocks: [] };
  const cutShort = !(await walk(range, STEP_BLOCKS, async ({ at }) => {
    const step = { from: at, to: Math.min(at + STEP_BLOCKS, range.to) };
    return walk(step, 1, async (stumble) => {
      if (found.badRows.length + found.badBlocks.length >= most) return false;
      await lookInto(reader, stumble, columns, found);
      return true;
    });
  }));
  return { badRows: found.badRows, badBlocks: merged(found.badBlocks), cutShort };

  /** Walks on behind each stumble, which is nearer to the end every time; false when `onStumble` gave up. */
  async function walk({ from, to }: BlockRange, step: number, onStumble: (at: Stumble) => Promise<boolean>) {
    for (let next = from; next < to; ) {
      const stumble = await reader.walk({ from: next, to }, step);
      if (stumble === null) return true;
      if (!(await onStumble(stumble))) return false;
      next = stumble.at + step;
    }
    return true;
  }
}

interface Found {
  readonly badRows: BadRow[];
  readonly badBlocks: BadBlocks[];
}

/** Tells what is wrong with one block. */
async function lookInto(reader: Reader, { at }: Stumble, columns: readonly string[], found: Found): Promise<void> {
  const block = { from: at, to: at + 1 };
  const versions = await reader.versions(block);
  if (typeof versions === 'string') found.badBlocks.push({ ...block, sqlState: versions });
  else found.badRows.push(...(await isolateRows(reader, versions, columns)));
}

/** Tells which of `versions` cannot be read; an update in between may leave none. */
export async function isolateRows(
  reader: Reader,
  versions: readonly RowVersion[],
  columns: readonly string[],
): Promise<BadRow[]> {
  const sqlState = versions.length === 0 ? null : await reader.rows(versions.map(({ ctid }) => ctid));
  if (sqlState === null) return [];
  const [only] = versions;
  if (versions.length > 1 || only === undefined) {
    const middle = Math.ceil(versions.length / 2);
    const left = await isolateRows(reader, versions.slice(0, middle), columns);
    return [...left, ...(await isolateRows(reader, versions.slice(middle), columns))];
  }
  const failing: { name: string; sqlState: string }[] = [];
  for (const name of columns) {
    const state = await reader.column(only.ctid, name);
    if (state !== null) failing.push({ name, sqlState: state });
  }
  // Every value alone can be read: what failed is their sum, which may be larger than a text can be, and no damage.
  return failing.length === 0 ? [] : [{ ...only, columns: failing, sqlState }];
}

/** Neighbouring blocks with one SQLSTATE become one range. */
export function merged(blocks: readonly BadBlocks[]): BadBlocks[] {
  const sorted = [...blocks].sort((left, right) => left.from - right.from);
  const result: BadBlocks[] = [];
  for (const block of sorted) {
    const last = result.at(-1);
    if (last !== undefined && last.to === block.from && last.sqlState === block.sqlState) {
      result[result.length - 1] = { ...last, to: block.to };
    } else result.push(block);
  }
  return result;
}
