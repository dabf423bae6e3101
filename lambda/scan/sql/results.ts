/** What the workers wrote down, read back from the queues. */
import type { Statement } from '../../platform/postgres';

/** Every finished item of a queue with its result, largest relation first as it was queued. */
export function resultsOf(queue: string): Statement {
  return {
    text: `select payload, result from sealift.work where queue = $1 and state = 'done' order by item`,
    values: [queue],
  };
}

/** Faults that structure items of one relation found, in its own pages or in those of its TOAST table. */
export function structureOf(queue: string, oid: string): Statement {
  return {
    text: `select payload->>'checked' as checked, result from sealift.work
      where queue = $1 and payload->'relation'->>'oid' = $2 and state = 'done'
        and jsonb_array_length(result->'faults') > 0`,
    values: [queue, oid],
  };
}

/** Attempts of an item that failed before. */
export function attemptsOf(queue: string, item: string): Statement {
  return {
    text: 'select attempts from sealift.work where queue = $1 and item = $2::bigint',
    values: [queue, item],
  };
}
