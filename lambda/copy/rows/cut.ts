/** Cuts the tables of a database into items. */
import type { Session } from '../../platform/postgres';
import { hasOrderedKey, sampledBounds } from '../../proof/row-hash';
import { type ComparedTable, listTables, relationOf } from '../../proof/tables';
import { cutBlocks, groupItems, RANGE_BYTES, rangeItems, rangesOf, type SizedTable } from './divide';
import type { CopyItem, CopyRange } from './queue';

/** From here on a range of pages is read without reading the table (TID range scan). */
export const BLOCKS_SINCE = 14;

/** Sampled rows per range that make the cuts even enough. */
const SAMPLED_ROWS_PER_RANGE = 50;

/** How tables are cut. */
export interface CutOptions {
  /** @default 64 MiB */
  readonly rangeBytes?: number;
  /** By pages, else by keys. @default what the source can do */
  readonly byBlocks?: boolean;
}

/** Items that copy every one of `tables`, which are sorted by size, once; what takes longest comes first. */
export async function cutTables(
  source: Session<'source'>,
  tables: readonly SizedTable[],
  { rangeBytes = RANGE_BYTES, byBlocks = source.major >= BLOCKS_SINCE }: CutOptions = {},
): Promise<CopyItem[]> {
  const large = tables.filter((table) => rangesOf(table, rangeBytes) > 1);
  const small = tables.filter((table) => rangesOf(table, rangeBytes) === 1);
  const keyed = byBlocks || large.length === 0 ? new Map<string, ComparedTable>() : await keysOf(source);
  const items: CopyItem[] = [];
  for (const sized of large) {
    const ranges = byBlocks
      ? cutBlocks(sized.table.blocks, rangesOf(sized, rangeBytes))
      : await cutByKey(source, sized, keyed.get(relationOf(sized.table)), rangeBytes);
    items.push(...rangeItems(sized, ranges));
  }
  return [...items, ...groupItems(small, rangeBytes)];
}

async function keysOf(source: Session<'source'>): Promise<Map<string, ComparedTable>> {
  return new Map((await listTables(source)).map((table) => [relationOf(table), table]));
}

/** A table without a key that orders it stays whole. */
async function cutByKey(
  source: Session<'source'>,
  sized: SizedTable,
  table: ComparedTable | undefined,
  rangeBytes: number,
): Promise<(CopyRange | null)[]> {
  const [first] = table?.key ?? [];
  if (table === undefined || first === undefined || !hasOrderedKey(table)) return [null];
  const parts = Math.ceil(sized.bytes / rangeBytes);
  // A table that was never analyzed has no estimate: a row a page keeps its sample small.
  const rows = Math.max(table.estimatedRows, sized.table.blocks);
  const percent = Math.min(100, Math.max(0.01, (100 * parts * SAMPLED_ROWS_PER_RANGE) / rows));
  const bounds = await source.query<Record<string, string>>(sampledBounds(table, parts, percent));
  const cuts = bounds.map((bound) => table.key.map((_, index) => bound[`k${index}`] ?? ''));
  const distinct = cuts.filter((cut, index) => JSON.stringify(cut) !== JSON.stringify(cuts[index - 1]));
  const starts = [null, ...distinct];
  return starts.map((from, index) => ({ by: 'key', key: table.key, from, to: starts[index + 1] ?? null }));
}
