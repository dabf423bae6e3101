/** Whether a pruning did what was planned: pure, so that every case can be listed. */
import type { CountedOrphans } from './plan-facts';

/** Tables with fewer old rows are judged as if they had so many: a share of a handful says nothing. */
const LEAST_JUDGED_ROWS = 100;

/** What one table came to. */
export interface TableOutcome {
  readonly relation: string;
  /** Old rows that were counted before. */
  readonly planned: number;
  /** Old rows that went. */
  readonly removed: number;
  /** Old rows that stayed, because rows that stay point at them. */
  readonly kept: number;
}

/** The tolerance stop: why the outcome of a table is not what was planned, with both figures; null when it is. */
export function differenceOf({ relation, planned, removed, kept }: TableOutcome, tolerance: number): string | null {
  const allowed = tolerance * Math.max(planned, LEAST_JUDGED_ROWS);
  if (Math.abs(removed + kept - planned) <= allowed) return null;
  return (
    `${removed} old rows of ${relation} went and ${kept} stayed because they are pointed at, ${planned} were planned; ` +
    `prune.tolerance allows a difference of ${Math.floor(allowed)}`
  );
}

/** Why rows point at nothing that did not before, one text per pointer. */
export function newOrphans(before: readonly CountedOrphans[], after: readonly CountedOrphans[]): string[] {
  return after.flatMap(({ from, to, columns, orphans }) => {
    const known = before.find(
      (one) => one.from === from && one.to === to && one.columns.join(',') === columns.join(','),
    );
    if (orphans <= (known?.orphans ?? 0)) return [];
    return [
      `${orphans} rows of ${from} (${columns.join(', ')}) point at no row of ${to}, ${known?.orphans ?? 0} did before`,
    ];
  });
}
