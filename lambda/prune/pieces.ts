/** Cuts the table of an entry into pieces of about `batchRows` rows, or into whole partitions where those may go. */
import type { Session } from '../platform/postgres';
import type { Model, Retention } from './model';
import { relation } from './model';
import type { CountedTable, DecidedEntry } from './plan-facts';
import type { PruneItem } from './queue';
import { rangePartitions } from './sql/catalog';
import { boundPassed, leafPages } from './sql/count';

/** Most pieces of one leaf: a queue of millions would cost more than it spreads. */
const MOST_PIECES = 50_000;

/** Times that a pointer without an index is read whole for one table, and the most rows that a piece grows to for that. */
const MOST_READINGS = 20;
const MOST_PIECE_ROWS = 100_000;

/** The pieces of an entry; the last one of each leaf has no end, because the table may grow. */
export async function cutEntry(
  session: Session,
  model: Model,
  entry: DecidedEntry,
  index: number,
  counted: CountedTable,
): Promise<PruneItem[]> {
  const retention = [...model.retentions.values()][index];
  if (retention === undefined) return [];
  const root = relation(model, retention.table);
  const whole = entry.partitions === 'drop' ? await passedPartitions(session, model, retention) : [];
  const leaves = root.leaves.filter((leaf) => !whole.includes(leaf));
  const pages = await session.query<{ oid: string; pages: number }>(leafPages(leaves));
  const all = pages.reduce((sum, leaf) => sum + leaf.pages, 0);
  const rows = pieceRows(entry.batchRows, counted.total, readsWhole(model, retention.table));
  const blocks = Math.max(1, Math.floor((rows * Math.max(1, all)) / Math.max(1, counted.total)));
  return [
    ...whole.map((leaf) => ({ kind: 'partition' as const, leaf })),
    ...pages.flatMap((leaf) => cutLeaf(leaf.oid, leaf.pages, blocks)),
  ];
}

/** Rows of a piece: `batchRows`, or more where every piece reads another table whole. */
export function pieceRows(batchRows: number, totalRows: number, everyPieceReadsWhole: boolean): number {
  if (!everyPieceReadsWhole) return batchRows;
  return Math.max(batchRows, Math.min(MOST_PIECE_ROWS, Math.ceil(totalRows / MOST_READINGS)));
}

/** A declared foreign key without an index reads its table for every row, whatever the size of a piece; other pointers once a piece. */
function readsWhole(model: Model, table: string): boolean {
  return model.edges.some((edge) => edge.parent === table && !edge.declared && !edge.indexed);
}

/** Ranges of `blocks` blocks that cover a leaf of `pages` pages; the last one has no end. */
export function cutLeaf(leaf: string, pages: number, blocks: number): PruneItem[] {
  const step = Math.max(blocks, Math.ceil(pages / MOST_PIECES), 1);
  const count = Math.max(1, Math.ceil(pages / step));
  return Array.from({ length: count }, (_, index) => ({
    kind: 'blocks' as const,
    leaf,
    from: index * step,
    to: index === count - 1 ? null : (index + 1) * step,
  }));
}

/** Partitions that end before the boundary, of a table that nothing points at: rows that point at them could not be looked after. */
async function passedPartitions(session: Session, model: Model, retention: Retention): Promise<string[]> {
  const { leaves } = relation(model, retention.table);
  const pointedAt = model.edges.some(({ parent }) => parent === retention.table || leaves.includes(parent));
  if (pointedAt) return [];
  const passed: string[] = [];
  const partitions = await session.query<{ oid: string; bound: string }>(
    rangePartitions(retention.table, retention.column),
  );
  for (const { oid, bound } of partitions) {
    const end = upperBound(bound);
    if (end === null) continue;
    const { passed: isPassed } = await session.one<{ passed: boolean }>(
      boundPassed(retention.type, end, retention.boundary),
    );
    if (isPassed) passed.push(oid);
  }
  return passed;
}

/** The end of a range partition over one column, as PostgreSQL prints bounds; null for a default partition and one without end. */
export function upperBound(bound: string): string | null {
  return /^FOR VALUES FROM \(.+\) TO \('([^']+)'\)$/.exec(bound)?.[1] ?? null;
}
