/** Runs of the default rehearsal one after the other, judged by what the project promises. */
import { holds, type Report } from '../report/report';
import { DEFAULT_OPTIONS, type Size } from '../run/options';
import { rehearse } from '../run/rehearse';

/** Longest write outage that is promised, as the writers see it. */
export const LONGEST_OUTAGE_MS = 1_500;

/** Rehearses once; the servers are gone afterwards. */
export async function measuredRun(size: Size, signal?: AbortSignal): Promise<Report> {
  const { report } = await rehearse({ ...DEFAULT_OPTIONS, size, ...(signal && { signal }) });
  return report;
}

/** What a run fell short of; empty when it kept every promise. */
export function shortcomings(report: Report): string[] {
  const outage = report.outageMs.total;
  return [
    ...(holds(report) ? [] : [report.reason?.error ?? 'the proof does not hold']),
    ...(outage === null ? ['the writers saw no outage, so none was measured'] : []),
    ...(outage !== null && outage >= LONGEST_OUTAGE_MS ? [`outage of ${outage} ms`] : []),
  ];
}

/** Sum of the tables that differ. */
export function mismatchedTables(report: Report): number {
  return report.databases.reduce((sum, database) => sum + database.mismatchedTables.length, 0);
}
