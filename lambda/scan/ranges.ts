/** Cuts relations into ranges of blocks: small enough to be read again when one of them fails, large enough to be few. */
import type { BlockRange, ScannedRelation } from './queue';

/** A range with its share of TOAST is about this large; it is read in a second or two. */
export const RANGE_BYTES = 64 * 1024 * 1024;

/** Ranges that cover every block of `relation` once, of about equal weight. Rows that are appended later were never damaged by what this scan is to find. */
export function cutBlocks({ blocks, bytes }: Pick<ScannedRelation, 'blocks' | 'bytes'>): BlockRange[] {
  const parts = Math.max(1, Math.min(blocks, Math.ceil(bytes / RANGE_BYTES)));
  return Array.from({ length: parts }, (_, part) => ({
    from: Math.floor((blocks * part) / parts),
    to: Math.floor((blocks * (part + 1)) / parts),
  })).filter(({ from, to }) => to > from);
}
