/** Cuts tables into ranges of about equal size: small enough to read again when they differ, large enough to be few. */
import type { Session } from '../platform/postgres';
import { hasOrderedKey, type KeyRange, sampledBounds, WHOLE } from '../proof/row-hash';
import type { ComparedTable } from '../proof/tables';

/** A range of this size is read in well under a second and its keys fit into memory. */
export const RANGE_BYTES = 16 * 1024 * 1024;

/** Size of a page of PostgreSQL. */
const PAGE_BYTES = 8192;

/** Sampled rows per range that make the cuts even enough. */
const SAMPLED_ROWS_PER_RANGE = 50;

/** The ranges of `table`: one when it is small or has no key that orders it, else cut at keys of a sample of the source's pages. */
export async function cutTable(source: Session<'source'>, table: ComparedTable): Promise<KeyRange[]> {
  const parts = Math.ceil(table.bytes / RANGE_BYTES);
  if (parts <= 1 || !hasOrderedKey(table)) return [WHOLE];
  // A table that was never analyzed has no estimate: a row a page keeps its sample small.
  const rows = Math.max(table.estimatedRows, table.bytes / PAGE_BYTES);
  const percent = Math.min(100, Math.max(0.01, (100 * parts * SAMPLED_ROWS_PER_RANGE) / rows));
  const bounds = await source.query<Record<string, string>>(sampledBounds(table, parts, percent));
  return rangesBetween(bounds.map((bound) => table.key.map((_, index) => bound[`k${index}`] ?? '')));
}

/** Ranges that cover every key exactly once, for cuts in ascending order; equal cuts count once. */
export function rangesBetween(cuts: readonly (readonly string[])[]): KeyRange[] {
  const distinct = cuts.filter((cut, index) => JSON.stringify(cut) !== JSON.stringify(cuts[index - 1]));
  const starts = [null, ...distinct];
  return starts.map((from, index) => ({ from, to: starts[index + 1] ?? null }));
}
