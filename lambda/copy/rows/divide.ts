/** Divides tables into items: large ones by ranges, small ones several at a time, what takes longest first. */
import type { CopiedTable, CopyItem, CopyPart, CopyRange } from './queue';

/**
 * A range of about this size, with its share of TOAST, takes a second or two on a fast network and a minute at 1 MB/s, which is
 * what a worker keeps back for its last item; a slower one divides it again.
 */
export const RANGE_BYTES = 64 * 1024 * 1024;

/** Small tables of one item are together this part of a range: enough items are left to keep all workers busy to the end. */
const GROUP_SHARE = 4;

/** Most tables of one item: they are locked together, and the queue keeps their columns. */
const GROUP_TABLES = 50;

/** A table and its size on the source. */
export interface SizedTable {
  readonly table: CopiedTable;
  /** With TOAST. */
  readonly bytes: number;
}

/** Into how many ranges a table is cut. */
export function rangesOf({ table, bytes }: SizedTable, rangeBytes = RANGE_BYTES): number {
  return Math.max(1, Math.min(table.blocks, Math.ceil(bytes / rangeBytes)));
}

/** Ranges that cover every page once; the last one is open, because the table has grown since it was measured. */
export function cutBlocks(blocks: number, parts: number): CopyRange[] {
  const starts = [...new Set(Array.from({ length: parts }, (_, part) => Math.floor((blocks * part) / parts)))];
  return starts.map((from, index) => ({ by: 'blocks', from, to: starts[index + 1] ?? null }));
}

/** Items for the ranges of one table; a table in one part has no range. */
export function rangeItems({ table, bytes }: SizedTable, ranges: readonly (CopyRange | null)[]): CopyItem[] {
  return ranges.map((range) => ({ parts: [{ table, range }], bytes: Math.ceil(bytes / ranges.length) }));
}

/** Items for small tables, which are sorted by size. */
export function groupItems(tables: readonly SizedTable[], rangeBytes = RANGE_BYTES): CopyItem[] {
  const groups: { parts: CopyPart[]; bytes: number }[] = [];
  for (const { table, bytes } of tables) {
    const group = groups.at(-1);
    if (group === undefined || group.bytes + bytes > rangeBytes / GROUP_SHARE || group.parts.length >= GROUP_TABLES) {
      groups.push({ parts: [{ table, range: null }], bytes });
    } else {
      group.parts.push({ table, range: null });
      group.bytes += bytes;
    }
  }
  return groups;
}

/**
 * Smaller items for one that took too long, each about half of it; null when it cannot be divided. `byBlocks`: the source can
 * read a range of pages.
 */
export function halve({ parts, bytes }: CopyItem, byBlocks: boolean): CopyItem[] | null {
  const [first] = parts;
  if (first === undefined) return null;
  if (parts.length > 1) {
    const middle = Math.ceil(parts.length / 2);
    return [parts.slice(0, middle), parts.slice(middle)].map((some) => ({
      parts: some,
      bytes: Math.ceil((bytes * some.length) / parts.length),
    }));
  }
  return (
    halvesOf(first, byBlocks)?.map((range) => ({ parts: [{ ...first, range }], bytes: Math.ceil(bytes / 2) })) ?? null
  );
}

function halvesOf({ table, range }: CopyPart, byBlocks: boolean): CopyRange[] | null {
  if (range === null ? !byBlocks : range.by !== 'blocks') return null;
  const { from, to } = range?.by === 'blocks' ? range : { from: 0, to: null };
  const cut = Math.floor((from + (to ?? table.blocks)) / 2);
  if (cut <= from) return null;
  return [
    { by: 'blocks', from, to: cut },
    { by: 'blocks', from: cut, to },
  ];
}
