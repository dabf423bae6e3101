/** Statements of one batch: rows are found, locked, and then named by where they lie; a locked row cannot move. */
import type { Statement } from '../../platform/postgres';
import { ident, qualified } from '../../platform/quote';
import {
  type Edge,
  isOld,
  type Model,
  pointsAt,
  type Relation,
  type Retention,
  relation,
  retentionOf,
  rowsOf,
} from '../model';

/** Where rows lie: oids of leaf tables and row ids, index by index. */
export interface Places {
  readonly leaves: readonly string[];
  readonly tids: readonly string[];
}

/** Old rows of one leaf in blocks `from` to before `to`, or to its end; locked, so that they and what points at them stay. */
export function lockOld(leaf: Relation, retention: Retention, from: number, to: number | null): Statement {
  const end = to === null ? '' : 'and t.ctid < $3::tid';
  return {
    text: `select t.tableoid::oid::text as leaf, t.ctid::text as tid, true as old from only ${qualified(leaf.schema, leaf.name)} t
      where t.ctid >= $2::tid ${end} and ${isOld(retention, 't', 1)} for update`,
    values: [retention.boundary, `(${from},0)`, ...(to === null ? [] : [`(${to},0)`])],
  };
}

/**
 * Rows of the child that point at one of `parents` and go with it: all of them when the edge takes, else those that are old
 * themselves. Locked; `old` tells whether the child's own retention matches.
 */
export function lockChildren(model: Model, edge: Edge, parents: Places): Statement {
  const retention = retentionOf(model, edge.child);
  const old = retention === null ? 'false' : `coalesce(${isOld(retention, 'c', 3)}, false)`;
  const narrowed = edge.takes ? '' : `and ${old}`;
  return {
    text: `select c.tableoid::oid::text as leaf, c.ctid::text as tid, ${old} as old
      from ${rowsOf(relation(model, edge.child))} c
      where exists (select from unnest($1::oid[], $2::tid[]) as d(leaf, tid)
          join ${rowsOf(relation(model, edge.parent))} p on p.tableoid = d.leaf and p.ctid = d.tid
          where ${pointsAt(edge, 'c', 'p')}) ${narrowed}
      for update of c`,
    values: [parents.leaves, parents.tids, ...(retention === null ? [] : [retention.boundary])],
  };
}

/** Those of `parents` that a row points at which is not among `children`: joined, because a subquery would read `children` once a row. */
export function stillReferenced(model: Model, edge: Edge, parents: Places, children: Places): Statement {
  return {
    text: `select distinct p.tableoid::oid::text as leaf, p.ctid::text as tid
      from unnest($1::oid[], $2::tid[]) as d(leaf, tid)
        join ${rowsOf(relation(model, edge.parent))} p on p.tableoid = d.leaf and p.ctid = d.tid
        join ${rowsOf(relation(model, edge.child))} c on ${pointsAt(edge, 'c', 'p')}
        left join unnest($3::oid[], $4::tid[]) as e(leaf, tid) on e.leaf = c.tableoid and e.tid = c.ctid
      where e.tid is null`,
    values: [parents.leaves, parents.tids, children.leaves, children.tids],
  };
}

/**
 * Deletes the rows of all tables in one statement, so that foreign keys are judged when all of them are gone; returns one
 * row with the number of rows of each, as `n0`, `n1` and so on.
 */
export function deleteTogether(
  rows: readonly { readonly leaf: Relation; readonly tids: readonly string[] }[],
): Statement {
  const parts = rows.map(
    ({ leaf }, index) =>
      `${ident(`d${index}`)} as (delete from only ${qualified(leaf.schema, leaf.name)} t where t.ctid = any($${index + 1}::tid[]) returning 1)`,
  );
  const counts = rows.map((_, index) => `(select count(*)::int from ${ident(`d${index}`)}) as n${index}`);
  return { text: `with ${parts.join(', ')} select ${counts.join(', ')}`, values: rows.map(({ tids }) => tids) };
}

/** Rows that a policy would otherwise hide fail instead of staying behind unseen. */
export const failOnHiddenRows: Statement = { text: `select set_config('row_security', 'off', false)` };

/** Keeps writers out of a partition that is about to go. */
export function lockPartition(leaf: Relation): Statement {
  return { text: `lock table only ${qualified(leaf.schema, leaf.name)} in share row exclusive mode` };
}

/** Rows of a partition, those that are not old, and its size. */
export function countPartition(leaf: Relation, retention: Retention): Statement {
  return {
    text: `select count(*)::int as rows, count(*) filter (where not ${isOld(retention, 't', 1)})::int as young
      from only ${qualified(leaf.schema, leaf.name)} t`,
    values: [retention.boundary],
  };
}

/** Takes a partition off its table. */
export function detachPartition(root: Relation, leaf: Relation): Statement {
  return {
    text: `alter table ${qualified(root.schema, root.name)} detach partition ${qualified(leaf.schema, leaf.name)}`,
  };
}

/** Drops what was a partition, and nothing that depends on it. */
export function dropPartition(leaf: Relation): Statement {
  return { text: `drop table ${qualified(leaf.schema, leaf.name)} restrict` };
}
