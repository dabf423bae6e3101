/** What a pruning puts into the queue of each database of the source, and what comes out of it. */
import type { Statement } from '../platform/postgres';

const PREFIX = 'prune-';

/** Name of the queue of a stage. */
export function pruneQueue(stage: number): string {
  return `${PREFIX}${stage}`;
}

/** One piece of one table: blocks of a leaf, or a whole partition that goes. */
export type PruneItem =
  | { readonly kind: 'blocks'; readonly leaf: string; readonly from: number; readonly to: number | null }
  | { readonly kind: 'partition'; readonly leaf: string };

/** What working an item off did. */
export interface PruneResult {
  readonly leaves: readonly { readonly relation: string; readonly rows: number; readonly old: number }[];
  readonly kept: number;
  readonly partition: string | null;
  readonly ms: number;
}

/** Empties the queues of every stage. */
export const emptyStages: Statement = {
  text: 'delete from sealift.work where starts_with(queue, $1)',
  values: [PREFIX],
};

/** Rows that went, by table, and those that were old themselves. */
export const removedByRelation: Statement = {
  text: `select leaf->>'relation' as relation, sum((leaf->>'rows')::bigint)::text as rows,
      sum((leaf->>'old')::bigint)::text as old
    from sealift.work, jsonb_array_elements(result->'leaves') as leaf
    where starts_with(queue, $1) and state = 'done' group by 1 order by 1`,
  values: [PREFIX],
};

/** Per stage: its items, those that are open, the old rows that stayed, the time that it took, the partitions that went. */
export const stageResults: Statement = {
  text: `select substr(queue, length($1) + 1)::int as stage, count(*)::int as items,
      count(*) filter (where state = 'open')::int as open, coalesce(sum((result->>'kept')::bigint), 0)::text as kept,
      coalesce(sum((result->>'ms')::numeric), 0)::text as ms,
      coalesce(jsonb_agg(result->>'partition') filter (where result->>'partition' is not null), '[]') as partitions
    from sealift.work where starts_with(queue, $1) group by 1 order by 1`,
  values: [PREFIX],
};
