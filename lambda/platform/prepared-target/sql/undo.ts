/** Statements of what the ledger keeps of a prepared target, in the database that was prepared. */
import { LEDGER_SCHEMA } from '../../names';
import type { Statement } from '../../postgres';
import { OBSTACLE_KINDS, type Obstacle, UNCHECKED, undoKind } from '../obstacle';

const UNDO = `${LEDGER_SCHEMA}.undo`;
const WORK = `${LEDGER_SCHEMA}.work`;

/** Every kind of ours. */
const KINDS = [...OBSTACLE_KINDS.map(undoKind), UNCHECKED];

/** Keeps how obstacles come back; what was kept before stays. */
export function keepPrior(kind: string, obstacles: readonly Obstacle[]): Statement {
  return {
    text: `insert into ${UNDO} (kind, object, prior) select $1, object, prior::jsonb
      from unnest($2::text[], $3::text[]) as kept(object, prior) on conflict (kind, object) do nothing`,
    values: [kind, obstacles.map(({ object }) => object), obstacles.map(({ prior }) => JSON.stringify(prior))],
  };
}

/** The next of a kind that come back, with their statements. */
export function nextPrior(kind: string, limit: number): Statement {
  return {
    text: `select object, prior -> 'restore' as restore, prior -> 'long' <> '[]' or prior -> 'finish' <> '[]' as unfinished from ${UNDO}
      where kind = $1 order by object limit $2`,
    values: [kind, limit],
  };
}

/** Forgets what is back. */
export function forgetPrior(kind: string, objects: readonly string[]): Statement {
  return { text: `delete from ${UNDO} where kind = $1 and object = any($2)`, values: [kind, objects] };
}

/** Keeps as another kind what is back in part. */
export function turnPrior(kind: string, into: string, objects: readonly string[]): Statement {
  return { text: `update ${UNDO} set kind = $2 where kind = $1 and object = any($3)`, values: [kind, into, objects] };
}

/** How many are kept, by kind. */
export const countPrior: Statement = {
  text: `select kind, count(*)::int as objects from ${UNDO} where kind = any($1) group by 1`,
  values: [KINDS],
};

/**
 * Queues everything long of a kind, unless it is queued: what is long of an object first, then what finishes it. Whatever ends an
 * object forgets it in the same transaction. `what` is said of progress. Stages follow each other.
 */
export function queueLong(queue: string, kind: string, what: string): Statement {
  return {
    text: `with kept as (
        select object, prior, format('delete from ${UNDO} where kind = %L and object = %L', kind, object) as forget,
          prior -> 'finish' = '[]' as single
        from ${UNDO} where kind = $2),
      item as (
        select 1 as stage, k.object, l ->> 'relation' as relation, (l -> 'statements') ||
          case when k.single then jsonb_build_array(k.forget) else '[]' end as statements
        from kept k cross join lateral jsonb_array_elements(k.prior -> 'long') as l
        union all
        select 2, k.object, '*', (k.prior -> 'finish') || jsonb_build_array(k.forget) from kept k where not k.single)
      insert into ${WORK} (queue, payload)
      select $1, jsonb_build_object('stage', stage, 'what', $3::text, 'objects', jsonb_build_array($3 || ' ' || object),
        'statements', statements, 'table', nullif(relation, '*'),
        'locks', case when stage = 2 or $3 = 'foreign key' then jsonb_build_array(relation) else '[]' end)
      from item where not exists (select from ${WORK} where queue = $1 and state = 'open')
      order by stage, object`,
    values: [queue, kind, what],
  };
}

/** The queries that count rows without a counterpart, a page of foreign keys at a time behind the object named. */
export function orphanQueries(kind: string, after: string, limit: number): Statement {
  return {
    text: `select object, prior -> 'orphans' as orphans from ${UNDO} where kind = $1 and object collate "C" > $2
      order by object collate "C" limit $3`,
    values: [kind, after, limit],
  };
}
