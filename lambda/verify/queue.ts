/** The queue of ranges to compare: rows of the target's ledger, claimed with `for update skip locked` (design section 3). */
import type { Session, Statement } from '../platform/postgres';
import type { KeyRange } from '../proof/row-hash';
import type { ComparedTable } from '../proof/tables';

/** Name of the queue. */
const QUEUE = 'verify';

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

/** An item that this transaction has locked. */
export interface ClaimedItem extends WorkItem {
  readonly item: string;
}

/** Empties the queue. */
export const emptyQueue: Statement = { text: 'delete from sealift.work where queue = $1', values: [QUEUE] };

/** Adds items to the queue. */
export function enqueue(items: readonly WorkItem[]): Statement {
  return {
    text: 'insert into sealift.work (queue, payload) select $1, item::jsonb from unnest($2::text[]) as item',
    values: [QUEUE, items.map((item) => JSON.stringify(item))],
  };
}

/** Items of the queue by state, and the rows and differing keys found. */
export const countQueue: Statement = {
  text: `select count(*)::int as items, count(*) filter (where state = 'open')::int as open,
      coalesce(sum((result->>'rows')::bigint), 0)::text as rows
    from sealift.work where queue = $1`,
  values: [QUEUE],
};

/** Rows compared, per database and table. */
export const resultsByTable: Statement = {
  text: `select payload->>'database' as database, payload->'table'->>'schema' as schema,
      payload->'table'->>'name' as name, sum((result->>'rows')::bigint)::text as rows,
      sum((result->>'different')::bigint)::text as different, sum((result->>'ms')::numeric)::text as ms,
      max((payload->'table'->>'bytes')::bigint)::text as bytes
    from sealift.work where queue = $1 group by 1, 2, 3 order by 1, 2, 3`,
  values: [QUEUE],
};

/** Locks the next open item but `without`, those tried least first; null when none is left that nobody else holds. */
export async function claimItem(target: Session<'target'>, without: readonly string[]): Promise<ClaimedItem | null> {
  const [row] = await target.query<{ item: string; payload: WorkItem }>({
    text: `select item::text as item, payload from sealift.work
      where queue = $1 and state = 'open' and item <> all ($2::bigint[])
      order by attempts, item limit 1 for update skip locked`,
    values: [QUEUE, without],
  });
  return row === undefined ? null : { ...row.payload, item: row.item };
}

/** Counts a failed attempt, so that the item comes last the next time. */
export function countAttempt({ item }: ClaimedItem): Statement {
  return {
    text: 'update sealift.work set attempts = attempts + 1 where queue = $1 and item = $2::bigint',
    values: [QUEUE, item],
  };
}

/** How long the present transaction may lie idle. */
export function limitIdleTransaction(ms: number): Statement {
  return {
    text: `select set_config('idle_in_transaction_session_timeout', $1, true)`,
    values: [`${Math.ceil(ms)}ms`],
  };
}

/** How long the next statements of a session may take. */
export function limitStatement(ms: number): Statement {
  return { text: `select set_config('statement_timeout', $1, false)`, values: [`${Math.ceil(ms)}ms`] };
}

/** Marks an item as done, in the transaction that claimed it. */
export async function finishItem(target: Session<'target'>, item: string, result: ItemResult): Promise<void> {
  await target.execute({
    text: `update sealift.work set state = 'done', result = $3::jsonb, attempts = attempts + 1,
        updated_at = clock_timestamp() where queue = $1 and item = $2::bigint`,
    values: [QUEUE, item, JSON.stringify(result)],
  });
}
