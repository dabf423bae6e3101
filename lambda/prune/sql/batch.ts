/** Statements of one batch: rows are found, locked, and then named by where they lie; a locked row cannot move. */
import type { Statement } from '../../platform/postgres';
import { ident, qualified } from '../../platform/quote';
import type { Cascade } from '../cascade';
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

/** Old rows of one leaf that are locked, by their places as one value, and what this session deleted from `below` so far. */
export interface Locked {
  readonly rows: number;
  readonly tids: string;
  /** By oid of the leaf; deletions of this transaction and of those before that the server has not booked yet. */
  readonly deleted: Readonly<Record<string, number>>;
}

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

/** What `lockOld` does, answered as one row; the places go back to the server as they came. */
export function lockOldAtOnce(
  leaf: Relation,
  retention: Retention,
  { from, to }: { readonly from: number; readonly to: number | null },
  below: readonly Relation[],
): Statement {
  const end = to === null ? '' : 'and t.ctid < $4::tid';
  return {
    text: `select count(*)::int as rows, coalesce(array_agg(tid), '{}')::text as tids, ${deletedFrom(3)} as deleted
      from (select t.ctid as tid from only ${qualified(leaf.schema, leaf.name)} t
        where t.ctid >= $2::tid ${end} and ${isOld(retention, 't', 1)} for update) as locked`,
    values: [retention.boundary, `(${from},0)`, oids(below), ...(to === null ? [] : [`(${to},0)`])],
  };
}

/** What this session deleted from each leaf, as `Locked` has it. */
export function deletedSoFar(below: readonly Relation[]): Statement {
  return { text: `select ${deletedFrom(1)} as deleted`, values: [oids(below)] };
}

function oids(leaves: readonly Relation[]): string[] {
  return leaves.map(({ oid }) => oid);
}

/** The cascade's deletions are in no result: the server's own count of this session is the only one. */
function deletedFrom(position: number): string {
  return `(select coalesce(jsonb_object_agg(leaf::text, pg_stat_get_xact_tuples_deleted(leaf)), '{}')
        from unnest($${position}::oid[]) as leaf)`;
}

/** Rows of `table` that are old themselves and go with the locked rows of `leaf`. */
export function countAged(
  model: Model,
  leaf: Relation,
  { table, ways }: Cascade['aged'][number],
  tids: string,
): Statement {
  const retention = retentionOf(model, table.oid);
  if (retention === null) throw new Error(`table ${table.oid} has no retention`);
  const conditions = ways.map((way) => pointsUp(model, leaf, way, 'c', 0));
  return {
    text: `select count(*)::int as rows from ${rowsOf(table)} c
      where ${isOld(retention, 'c', 1)} and (${conditions.join(' or ')})`,
    values: [retention.boundary, tids],
  };
}

/** True for a row `child` from which a way leads to a locked row of the leaf. */
function pointsUp(model: Model, leaf: Relation, way: readonly Edge[], child: string, depth: number): string {
  const [edge, ...rest] = way;
  if (edge === undefined) return 'true';
  const parent = `p${depth}`;
  const from = rest.length > 0 ? rowsOf(relation(model, edge.parent)) : `only ${qualified(leaf.schema, leaf.name)}`;
  const locked = rest.length > 0 ? '' : `and ${parent}.ctid = any($2::tid[])`;
  return `exists (select from ${from} ${parent} where ${pointsAt(edge, child, parent)} ${locked}
    and ${pointsUp(model, leaf, rest, parent, depth + 1)})`;
}

/**
 * Deletes the locked rows of a leaf that nothing keeps, with the rows of pointers that no foreign key declares; the rest is the
 * cascade's. Returns one row with the number of the leaf's rows that went.
 */
export function deleteUnkept(model: Model, leaf: Relation, cascade: Cascade, tids: string): Statement {
  const kept = cascade.keepers.map(
    (edge) => `and not exists (select from ${rowsOf(relation(model, edge.child))} c where ${pointsAt(edge, 'c', 't')})`,
  );
  const columns = [...new Set(cascade.undeclared.flatMap(({ references }) => references))].map(
    (column) => `, t.${ident(column)}`,
  );
  const pointers = cascade.undeclared.map(
    (edge, index) => `, ${ident(`d${index}`)} as (delete from ${rowsOf(relation(model, edge.child))} c using gone
        where ${pointsAt(edge, 'c', 'gone')})`,
  );
  return {
    text: `with gone as (delete from only ${qualified(leaf.schema, leaf.name)} t
        where t.ctid = any($1::tid[]) ${kept.join(' ')} returning t.ctid${columns.join('')})${pointers.join('')}
      select count(*)::int as rows from gone`,
    values: [tids],
  };
}

/** Those of the locked rows that are still there, as `lockOld` returns them. */
export function stillThere(leaf: Relation, tids: string): Statement {
  return {
    text: `select t.tableoid::oid::text as leaf, t.ctid::text as tid, true as old
      from only ${qualified(leaf.schema, leaf.name)} t where t.ctid = any($1::tid[])`,
    values: [tids],
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
