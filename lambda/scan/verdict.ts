/** Decides what the findings of a scan lead to: pure, so that every case can be listed. */

import type { ScanConclusion } from '../contract/scan';
import type { Policy } from '../contract/settings';
import type { Side } from '../platform/postgres';
import { type DatabaseFindings, isDamaged, lostRows, nameOf, type RelationFindings } from './findings';

/** Most obstacles that are told in a state; all of them are in the evidence (fault 15). */
const TOLD = 10;

/** What nothing of ours can repair, each in words; empty when the quarantine can deal with everything. */
export function obstaclesTo(found: readonly DatabaseFindings[], policy: Policy['scan']): string[] {
  const damaged = found.flatMap(({ database, relations }) =>
    relations
      .filter(isDamaged)
      .map((of) => ({ of, table: `${nameOf(of.relation)} of database ${JSON.stringify(database)}` })),
  );
  const obstacles = damaged.flatMap(({ of, table }) => beyondRepair(of).map((what) => `table ${table} ${what}`));
  const rows = damaged.reduce((sum, { of }) => sum + of.badRows.length + lostRows(of), 0);
  if (rows > policy.maxBadRows) {
    obstacles.push(
      `${rows} rows cannot be read or are lost, more than the ${policy.maxBadRows} that scan.maxBadRows allows`,
    );
  }
  return obstacles;
}

function beyondRepair(of: RelationFindings): string[] {
  const reasons: string[] = [];
  const blocks = of.badBlocks.map(({ from, to, sqlState }) => `${from} to ${to - 1} (SQLSTATE ${sqlState})`);
  if (blocks.length > 0) reasons.push(`has unreadable blocks ${bounded(blocks)}, restore it from a backup`);
  if (of.faults.length > 0) {
    const places = of.faults.map(({ block, offset }) => `(${block},${offset ?? '*'})`);
    reasons.push(`has places that are unsafe to read ${bounded(places)}, restore it from a backup`);
  }
  if (of.cutShort && of.faults.length === 0)
    reasons.push(
      'was not read to its end, because too much of it is damaged or reading it ends the server; restore it from a backup',
    );
  const toast = of.badIndexes.filter(({ schema }) => schema === 'pg_toast');
  if (toast.length > 0) reasons.push(`has a damaged index of its TOAST table, run REINDEX TABLE CONCURRENTLY`);
  const materialized = of.relation.kind === 'm' && of.badRows.length + of.lostPages.length > 0;
  if (materialized) reasons.push('is a materialized view with rows that cannot be read, refresh it');
  return reasons;
}

/** Why nothing is repaired on a copy: what is deleted there would still come from the source, or differ from it. */
const ON_A_COPY =
  'the copy is as damaged as the source that it was taken from, and nothing is repaired on it; start Scan, ' +
  'with scan.repair set to quarantine and scan.on to source, then replicate again';

/** The verdict on all databases, and what to do in words. */
export function judge(
  found: readonly DatabaseFindings[],
  policy: Policy['scan'],
  side: Side,
): Pick<ScanConclusion, 'verdict' | 'detail'> {
  const damaged = found.flatMap(({ database, relations }) =>
    relations.filter(isDamaged).map((of) => ({ database, of })),
  );
  if (damaged.length === 0) return { verdict: 'clean', detail: '' };
  const listed = damaged.map(({ database, of }) => `${database}: ${describe(of)}`);
  const what = `the scan found damage in ${bounded(listed)}`;
  if (side === 'target') return { verdict: 'blocked', detail: `${what}; ${ON_A_COPY}` };
  const obstacles = obstaclesTo(found, policy);
  if (obstacles.length > 0) return { verdict: 'blocked', detail: `${what}; ${bounded(obstacles)}` };
  if (policy.repair === 'quarantine') return { verdict: 'repairable', detail: what };
  return {
    verdict: 'blocked',
    detail: `${what}; repair it by hand, or set scan.repair to quarantine: rows are saved as far as they can be read, then removed`,
  };
}

/** What is wrong with one table, in numbers. */
export function describe(of: RelationFindings): string {
  const parts = [
    of.badRows.length > 0 && `${of.badRows.length} rows at ${bounded(of.badRows.map(({ ctid }) => ctid))}`,
    of.badBlocks.length > 0 && `${of.badBlocks.length} ranges of unreadable blocks`,
    of.lostPages.length > 0 && `lost pages ${bounded(of.lostPages.map(String))}`,
    of.faults.length > 0 && `${of.faults.length} structural faults`,
    of.badIndexes.length > 0 && `indexes ${bounded(of.badIndexes.map(({ name }) => name))}`,
  ];
  return `${nameOf(of.relation)} (${parts.filter((part) => part !== false).join(', ') || 'not read to its end'})`;
}

/** The last line of a database's scan, with at most twenty names. */
export function summaryOf(found: DatabaseFindings): string {
  const failed = found.relations.filter(isDamaged).map(({ relation }) => nameOf(relation));
  const names = failed.length > 20 ? [...failed.slice(0, 20), `and ${failed.length - 20} more`] : failed;
  return `Total tables scanned: ${found.plan.tables}, failed: [${names.join(', ')}]`;
}

function bounded(words: readonly string[]): string {
  const more = words.length > TOLD ? ` and ${words.length - TOLD} more` : '';
  return `${words.slice(0, TOLD).join(', ')}${more}`;
}
