/** What the verification puts into its queue, in the target's ledger, and what comes out of it. */
import type { Statement } from '../platform/postgres';
import type { KeyRange } from '../proof/row-hash';
import type { ComparedTable } from '../proof/tables';

/** Name of the queue. */
export const VERIFY_QUEUE = 'verify';

/** One range of one table. */
export interface WorkItem {
  readonly database: string;
  readonly table: ComparedTable;
  readonly range: KeyRange;
}

/** What comparing an item found. */
export interface ItemResult {
  readonly rows: number;
  readonly different: number;
  readonly ms: number;
}

/** Databases of which something is queued. */
export const queuedDatabases: Statement = {
  text: `select distinct payload->>'database' as database from sealift.work where queue = $1 order by 1`,
  values: [VERIFY_QUEUE],
};

/** Tables of a database of which something is queued. */
export function plannedTables(database: string): Statement {
  return {
    text: `select distinct payload->'table'->>'schema' as schema, payload->'table'->>'name' as name
      from sealift.work where queue = $1 and payload->>'database' = $2`,
    values: [VERIFY_QUEUE, database],
  };
}

/** Rows compared, per database and table. */
export const resultsByTable: Statement = {
  text: `select payload->>'database' as database, payload->'table'->>'schema' as schema,
      payload->'table'->>'name' as name, sum((result->>'rows')::bigint)::text as rows,
      sum((result->>'different')::bigint)::text as different, sum((result->>'ms')::numeric)::text as ms,
      max((payload->'table'->>'bytes')::bigint)::text as bytes
    from sealift.work where queue = $1 group by 1, 2, 3 order by 1, 2, 3`,
  values: [VERIFY_QUEUE],
};
