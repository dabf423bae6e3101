/** What a pruning is expected to do, in numbers: pure, and refused where the policy asks for a second look. */
import type { PrunePlan, PrunePolicy } from '../contract/prune';
import type { CountedTable, DecidedEntry } from './plan-facts';

/** WAL of one deleted row: its record, and the lock that was taken on it before. */
const WAL_BYTES_PER_ROW = 130;

/** Rows that two workers remove per second on a machine of two cores, rests included; assumed, so that a plan errs on the long side. */
const ROWS_PER_SECOND = 30_000;

/** A transaction of fewer rows is over in a moment. */
const LEAST_LARGE_FAMILY = 20_000;

/** Most children that a plan names for an entry. */
const NAMED_CHILDREN = 10;

/** The entry of a plan. Bytes are the table's share; every page with an old row is written to the WAL whole, once. */
export function plannedEntry(entry: DecidedEntry, counted: CountedTable): PrunePlan['entries'][number] {
  const going = counted.going.reduce((sum, { rows }) => sum + rows, counted.old);
  const bytes = counted.total === 0 ? 0 : Math.round((counted.bytes * counted.old) / counted.total);
  return {
    database: entry.database,
    relation: counted.relation,
    column: entry.column,
    olderThan: entry.olderThan,
    boundary: entry.boundary,
    rows: counted.old,
    ofRows: counted.total,
    bytes,
    walBytes: bytes + going * WAL_BYTES_PER_ROW,
    seconds: Math.ceil(going / ROWS_PER_SECOND),
    children: counted.going.slice(0, NAMED_CHILDREN).map(({ relation, rows }) => ({ relation, rows })),
  };
}

/** Why an entry may not go without being confirmed; null when it may. */
export function refusalOf(
  entry: DecidedEntry,
  counted: CountedTable,
  policy: Pick<PrunePolicy, 'maxShare'>,
): string | null {
  if (entry.confirmed || counted.old <= policy.maxShare * counted.total) return null;
  return (
    `${counted.old} of ${counted.total} rows of ${counted.relation} in database ${JSON.stringify(entry.database)} are older ` +
    `than ${entry.olderThan}, more than the share ${policy.maxShare} of prune.maxShare; look at the policy, then set ` +
    'confirmed for this entry'
  );
}

/** Tables whose rows go with one old row in numbers that no batch divides, because a family goes whole or stays whole. */
export function familyWarnings(entry: DecidedEntry, counted: CountedTable): string[] {
  return counted.going
    .filter(({ largest }) => largest > Math.max(entry.batchRows, LEAST_LARGE_FAMILY))
    .map(
      ({ relation, largest }) =>
        `${largest} rows of ${relation} go with one row of ${counted.relation}, more than the ${entry.batchRows} of its ` +
        'batchRows: they go in one transaction, which may outlast the statement timeout of 30 seconds and holds its locks ' +
        'so long; remove such families by hand first',
    );
}
