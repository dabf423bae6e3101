/** What the workers wrote down, read back from the queues. */
import type { Statement } from '../../platform/postgres';

/** Every finished item of a queue with its result, largest relation first as it was queued. */
export function resultsOf(queue: string): Statement {
  return {
    text: `select payload, result from sealift.work where queue = $1 and state = 'done' order by item`,
    values: [queue],
  };
}

/** Faults that structure items of relations found, in their own pages or in those of their TOAST tables. */
export function structureOf(queue: string, oids: readonly string[]): Statement {
  return {
    text: `select payload->'relation'->>'oid' as oid, payload->>'checked' as checked, result from sealift.work
      where queue = $1 and payload->'relation'->>'oid' = any ($2::text[]) and state = 'done'
        and jsonb_array_length(result->'faults') > 0`,
    values: [queue, oids],
  };
}

/** Adds the parts of an item that failed; they have been tried as often as it was. */
export function enqueueParts(queue: string, parts: readonly object[], attempts: number): Statement {
  return {
    text: `insert into sealift.work (queue, payload, attempts)
      select $1, item::jsonb, $3 from unnest($2::text[]) as item`,
    values: [queue, parts.map((part) => JSON.stringify(part)), attempts],
  };
}

/** Attempts of an item that failed before. */
export function attemptsOf(queue: string, item: string): Statement {
  return {
    text: 'select attempts from sealift.work where queue = $1 and item = $2::bigint',
    values: [queue, item],
  };
}
