/**
 * Finds what cannot be read inside a range that failed: cut into pieces down to one block, then the rows of the block halved down to
 * one row, then its columns. The work grows with the number of damaged places, not with the range.
 */
import type { BadBlocks, BadRow, BlockRange } from './queue';

/** Pieces of a failing range: with ten damaged rows halves would read the whole range about five times, eighths about twice. */
const PIECES = 8;

/** A row by place and version. */
export interface RowVersion {
  readonly ctid: string;
  readonly xmin: string;
}

/** Reads, and answers the SQLSTATE with which that failed; null when everything could be read. */
export interface Reader {
  blocks(range: BlockRange): Promise<string | null>;
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

/** Isolates what fails in `range`, whose reading has failed with `sqlState`; gives up after `most` places. */
export async function isolate(
  reader: Reader,
  range: BlockRange,
  columns: readonly string[],
  sqlState: string,
  most: number,
): Promise<Isolated> {
  const badRows: BadRow[] = [];
  const badBlocks: BadBlocks[] = [];
  // Each turn takes one range off the list and puts back smaller ones, and one block has none: it ends.
  const failing: (BlockRange & { readonly sqlState: string })[] = [{ ...range, sqlState }];
  for (let next = failing.pop(); next !== undefined; next = failing.pop()) {
    if (badRows.length + badBlocks.length >= most) return { badRows, badBlocks: merged(badBlocks), cutShort: true };
    if (next.to - next.from > 1) {
      for (const piece of piecesOf(next).reverse()) {
        const state = await reader.blocks(piece);
        if (state !== null) failing.push({ ...piece, sqlState: state });
      }
      continue;
    }
    const versions = await reader.versions(next);
    if (typeof versions === 'string') badBlocks.push({ from: next.from, to: next.to, sqlState: versions });
    else badRows.push(...(await isolateRows(reader, versions, columns)));
  }
  return { badRows, badBlocks: merged(badBlocks), cutShort: false };
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

/** About equal pieces of a range that has more than one block. */
function piecesOf({ from, to }: BlockRange): BlockRange[] {
  const pieces = Math.min(PIECES, to - from);
  const cut = (piece: number) => from + Math.floor(((to - from) * piece) / pieces);
  return Array.from({ length: pieces }, (_, piece) => ({ from: cut(piece), to: cut(piece + 1) }));
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
