/**
 * The queue of long work: items are rows of the ledger (`sealift.work`), claimed with `for update skip locked` by as many
 * workers as there are (design section 3). An item whose result and `done` mark commit with the work itself is done exactly
 * once, whoever is killed; a claim that dies with its session is free again.
 */
import type { Session, Statement } from './postgres';

/** An item that the present transaction has locked. */
export interface ClaimedItem<P> {
  /** Number of the item, decimal. */
  readonly item: string;
  readonly payload: P;
}

/** Empties a queue. */
export function emptyQueue(queue: string): Statement {
  return { text: 'delete from sealift.work where queue = $1', values: [queue] };
}

/** Adds an item for each of `payloads`, in their order. */
export function enqueue(queue: string, payloads: readonly object[]): Statement {
  return {
    text: 'insert into sealift.work (queue, payload) select $1, item::jsonb from unnest($2::text[]) as item',
    values: [queue, payloads.map((payload) => JSON.stringify(payload))],
  };
}

/** Items of a queue, and those of them that are open; columns `items` and `open`. */
export function countQueue(queue: string): Statement {
  return {
    text: `select count(*)::int as items, count(*) filter (where state = 'open')::int as open
      from sealift.work where queue = $1`,
    values: [queue],
  };
}

/**
 * Locks the next open item but `without`, those tried least first; null when none is left that nobody else holds. The order names the
 * table, because a bare `item` would be the text that is answered, where 10 comes before 9.
 */
export async function claimItem<P>(
  session: Session,
  queue: string,
  without: readonly string[],
): Promise<ClaimedItem<P> | null> {
  const [row] = await session.query<ClaimedItem<P>>({
    text: `select w.item::text as item, w.payload from sealift.work w
      where w.queue = $1 and w.state = 'open' and w.item <> all ($2::bigint[])
      order by w.attempts, w.item limit 1 for update skip locked`,
    values: [queue, without],
  });
  return row ?? null;
}

/** Counts a failed attempt, so that the item comes last the next time. */
export function countAttempt(queue: string, item: string): Statement {
  return {
    text: 'update sealift.work set attempts = attempts + 1 where queue = $1 and item = $2::bigint',
    values: [queue, item],
  };
}

/** Marks an item as done, in the transaction that claimed it. */
export function finishItem(queue: string, item: string, result: object): Statement {
  return {
    text: `update sealift.work set state = 'done', result = $3::jsonb, attempts = attempts + 1,
        updated_at = clock_timestamp() where queue = $1 and item = $2::bigint`,
    values: [queue, item, JSON.stringify(result)],
  };
}

/** How long the present transaction may lie idle: the claim waits while the work is done elsewhere. */
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
