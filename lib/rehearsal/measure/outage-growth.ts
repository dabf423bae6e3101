/** What of an outage grows with the number of tables: pure. */
import { median } from './median';

/** Numbers of tables that are measured; the last is held against the first. */
export const TABLES = [10, 500, 5_000] as const;

/** What an outage is made of, the writers' own measurement first. */
export const OUTAGE_PARTS = ['writers', 'total', 'fence', 'barrier', 'sequences', 'gate', 'switch'] as const;

/** A part of an outage. */
export type OutagePart = (typeof OUTAGE_PARTS)[number];

/** Which way the applications moved. */
export type Way = 'cutover' | 'rollback';

/** One outage. */
export interface MeasuredOutage {
  readonly way: Way;
  readonly tables: number;
  readonly ms: Readonly<Record<OutagePart, number>>;
}

/** Medians, maxima and what grew. */
export interface OutageGrowth {
  readonly way: Way;
  readonly part: OutagePart;
  /** In the order of `TABLES`. */
  readonly sizes: readonly { readonly tables: number; readonly medianMs: number; readonly maximumMs: number }[];
  /** Median of the most tables to that of the fewest. */
  readonly ratio: number;
}

/** Puts together what was measured; pure. */
export function growthOf(measured: readonly MeasuredOutage[]): OutageGrowth[] {
  const ways: readonly Way[] = ['cutover', 'rollback'];
  return ways.flatMap((way) =>
    OUTAGE_PARTS.map((part) => {
      const sizes = TABLES.map((tables) => {
        const values = measured.filter((one) => one.way === way && one.tables === tables).map(({ ms }) => ms[part]);
        return { tables, medianMs: median(values), maximumMs: Math.max(...values) };
      });
      const [fewest, most] = [sizes[0]?.medianMs ?? Number.NaN, sizes.at(-1)?.medianMs ?? Number.NaN];
      return { way, part, sizes, ratio: most / fewest };
    }),
  );
}
