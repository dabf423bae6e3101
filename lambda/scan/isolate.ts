/**
 * Reads a range and finds what cannot be read inside it. The server walks through it in steps and tells how far it got, so that the
 * range is read about once, however many places are damaged: a step that fails is walked through in smaller ones, down to a block,
 * then the rows of that block, then the columns of a row. The work beyond that grows with the number of damaged places.
 */
import type { BadBlocks, BadRow, BlockRange } from './queue';

/** Blocks of a step, from large to small: a step costs about as much as reading a block, and a failing one is read again. */
const STEPS = [128, 8, 1] as const;

/** A row by place and version. */
export interface RowVersion {
  readonly ctid: string;
  readonly xmin: string;
}

/** How far a walk got. */
export interface Walk {
  /** Visible rows that were read. */
  readonly rows: number;
  /** First block of the first step that cannot be read, null when all can be. */
  readonly stumble: { readonly at: number; readonly sqlState: string } | null;
}

/** Reads; a SQLSTATE tells with which damage that failed, null that everything could be read. */
export interface Reader {
  /** Reads a range in its order, `step` blocks at a time, up to the first step that fails. */
  walk(range: BlockRange, step: number): Promise<Walk>;
  /** Reads rows in this order; answers the position of the first that cannot be read. */
  rows(ctids: readonly string[]): Promise<{ readonly at: number; readonly sqlState: string } | null>;
  column(ctid: string, column: string): Promise<string | null>;
  /** Visible rows of a range, or the SQLSTATE with which even that failed. */
  versions(range: BlockRange): Promise<readonly RowVersion[] | string>;
}

/** What was found. */
export interface Isolated {
  /** Visible rows, read or not. */
  readonly rows: number;
  readonly badRows: readonly BadRow[];
  readonly badBlocks: readonly BadBlocks[];
  /** True when the search was given up after `most` places. */
  readonly cutShort: boolean;
}

/** Reads `range` and isolates what fails in it; gives up after `most` places. */
export async function isolate(
  reader: Reader,
  range: BlockRange,
  columns: readonly string[],
  most: number,
): Promise<Isolated> {
  const found: Found = { rows: 0, badRows: [], badBlocks: [] };
  const [first, ...smaller] = STEPS;
  const complete = await walkThrough({ reader, columns, most, found }, range, first, smaller);
  return { ...found, badBlocks: merged(found.badBlocks), cutShort: !complete };
}

interface Found {
  rows: number;
  readonly badRows: BadRow[];
  readonly badBlocks: BadBlocks[];
}

interface Search {
  readonly reader: Reader;
  readonly columns: readonly string[];
  readonly most: number;
  readonly found: Found;
}

/** Goes on behind each stumble, which is nearer to the end every time; false when it gave up. */
async function walkThrough(
  search: Search,
  range: BlockRange,
  step: number,
  smaller: readonly number[],
): Promise<boolean> {
  const { reader, most, found } = search;
  for (let next = range.from; next < range.to; ) {
    const { rows, stumble } = await reader.walk({ from: next, to: range.to }, step);
    found.rows += rows;
    if (stumble === null) return true;
    if (found.badRows.length + found.badBlocks.length >= most) return false;
    const failing = { from: stumble.at, to: Math.min(stumble.at + step, range.to) };
    const [finer, ...finest] = smaller;
    if (finer === undefined) await lookInto(search, failing);
    else if (!(await walkThrough(search, failing, finer, finest))) return false;
    next = failing.to;
  }
  return true;
}

/** Tells what is wrong with one block. */
async function lookInto({ reader, columns, found }: Search, block: BlockRange): Promise<void> {
  const versions = await reader.versions(block);
  if (typeof versions === 'string') {
    found.badBlocks.push({ ...block, sqlState: versions });
    return;
  }
  found.rows += versions.length;
  found.badRows.push(...(await isolateRows(reader, versions, columns)));
}

/** Tells which of `versions` cannot be read; an update in between may leave none. */
export async function isolateRows(
  reader: Pick<Reader, 'rows' | 'column'>,
  versions: readonly RowVersion[],
  columns: readonly string[],
): Promise<BadRow[]> {
  const bad: BadRow[] = [];
  for (let left = versions; left.length > 0; ) {
    const stumble = await reader.rows(left.map(({ ctid }) => ctid));
    const version = left[stumble?.at ?? left.length];
    if (stumble === null || version === undefined) break;
    const failing: { name: string; sqlState: string }[] = [];
    for (const name of columns) {
      const state = await reader.column(version.ctid, name);
      if (state !== null) failing.push({ name, sqlState: state });
    }
    // Every value alone can be read: what failed is their sum, which may be larger than a text can be, and no damage.
    if (failing.length > 0) bad.push({ ...version, columns: failing, sqlState: stumble.sqlState });
    left = left.slice(stumble.at + 1);
  }
  return bad;
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
