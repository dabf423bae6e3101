/** Statements that count: what is old, what goes with it, what points at nothing. They read and change nothing. */
import type { Statement } from '../../platform/postgres';
import { ident } from '../../platform/quote';
import {
  type Edge,
  isOld,
  type Model,
  pointsAt,
  type Relation,
  type Retention,
  type RetentionType,
  relation,
  rowsOf,
} from '../model';

/** The server's clock; ISO in UTC. */
export const databaseClock: Statement = {
  text: `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as clock`,
};

/** How a value of the type is written so that every session reads the same. */
const WRITTEN: Readonly<Record<RetentionType, (value: string) => string>> = {
  timestamptz: (value) => `to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  timestamp: (value) => `to_char(${value}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`,
  date: (value) => `to_char(${value}, 'YYYY-MM-DD')`,
};

/** A moment on the wall of `$1`, as each type has it. */
const AT_THE_WALL: Readonly<Record<RetentionType, string>> = {
  timestamptz: 'wall at time zone $1',
  timestamp: 'wall',
  date: 'wall::date',
};

/**
 * The boundary `age` before `clock`, counted on the wall of the time zone: months and days are the calendar's, across changes
 * of daylight saving time. `boundary` is of the column's type, `instant` the same moment as ISO in UTC.
 */
export function boundaryBefore(clock: string, age: string, timeZone: string, type: RetentionType): Statement {
  return {
    text: `select ${WRITTEN[type](`(${AT_THE_WALL[type]})`)} as boundary,
        ${WRITTEN.timestamptz('(wall at time zone $1)')} as instant
      from (select ($2::timestamptz at time zone $1) - $3::interval as wall) as counted`,
    values: [timeZone, clock, age],
  };
}

/** The lesser of `boundary` and the value of the row that is the last of the newest `keepLast`; of fewer rows none is old. */
export function boundaryKeeping(root: Relation, retention: Retention, keepLast: number): Statement {
  const { column, type, boundary } = retention;
  const value = `t.${ident(column)}`;
  return {
    text: `select case when newest is null then '-infinity' else ${WRITTEN[type](`least($1::${type}, newest)`)} end as boundary
      from (select (select ${value} from ${rowsOf(root)} t where isfinite(${value})
        order by ${value} desc offset $2 limit 1) as newest) as kept`,
    values: [boundary, keepLast - 1],
  };
}

/** Rows of a table, those of them that are old, its bytes, and the least and greatest value of its column. */
export function countOld(root: Relation, retention: Retention): Statement {
  const value = `t.${ident(retention.column)}`;
  const written = WRITTEN[retention.type];
  return {
    text: `select count(*)::text as total, count(*) filter (where ${isOld(retention, 't', 1)})::text as old,
        ${written(`min(${value}) filter (where isfinite(${value}))`)} as least,
        ${written(`max(${value}) filter (where isfinite(${value}))`)} as greatest,
        (select coalesce(sum(pg_total_relation_size(leaf)), 0) from unnest($2::oid[]) as leaf)::text as bytes,
        (select count(*) from pg_index i where i.indrelid = any($2::oid[]))::int as indexes
      from ${rowsOf(root)} t`,
    values: [retention.boundary, root.leaves],
  };
}

/** Rows of `table` that go with old rows of `root` on one way that foreign keys declare, and the most that go with one of them. */
export function countGoingOneWay(
  model: Model,
  table: string,
  way: readonly Edge[],
  root: Relation,
  retention: Retention,
): Statement {
  const joins = way.map((edge, index) => {
    const child = index === 0 ? 'c' : `p${index - 1}`;
    return `join ${rowsOf(index === way.length - 1 ? root : relation(model, edge.parent))} p${index} on ${pointsAt(edge, child, `p${index}`)}`;
  });
  const top = `p${way.length - 1}`;
  return {
    text: `select coalesce(sum(rows), 0)::text as rows, coalesce(max(rows), 0)::int as largest
      from (select count(*) as rows from ${rowsOf(relation(model, table))} c ${joins.join(' ')}
        where ${isOld(retention, top, 1)} group by ${top}.tableoid, ${top}.ctid) as family`,
    values: [retention.boundary],
  };
}

/** Rows of `table` that go with old rows of `root`, by way of the edges that take; one way is a list of edges up to the root. */
export function countGoing(
  model: Model,
  table: string,
  ways: readonly (readonly Edge[])[],
  retention: Retention,
): Statement {
  const conditions = ways.map((way) => goesWith(model, way, retention, 'c', 0));
  return {
    text: `select count(*)::text as rows from ${rowsOf(relation(model, table))} c where ${conditions.join(' or ')}`,
    values: [retention.boundary],
  };
}

function goesWith(model: Model, way: readonly Edge[], retention: Retention, child: string, depth: number): string {
  const [edge, ...rest] = way;
  if (edge === undefined) return isOld(retention, child, 1);
  const parent = `p${depth}`;
  return `exists (select from ${rowsOf(relation(model, edge.parent))} ${parent}
    where ${pointsAt(edge, child, parent)} and ${goesWith(model, rest, retention, parent, depth + 1)})`;
}

/** Rows that point at nothing. */
export function countOrphans(model: Pick<Model, 'relations'>, edge: Edge): Statement {
  const given = edge.columns.map((column) => `c.${ident(column)} is not null`);
  return {
    text: `select count(*)::text as orphans from ${rowsOf(relation(model, edge.child))} c
      where ${given.join(' and ')}
        and not exists (select from ${rowsOf(relation(model, edge.parent))} p where ${pointsAt(edge, 'c', 'p')})`,
  };
}

/** Bytes of the rows of leaves. */
export function bytesOf(leaves: readonly string[]): Statement {
  return {
    text: `select coalesce(sum(pg_relation_size(leaf)), 0)::text as bytes from unnest($1::oid[]) as leaf`,
    values: [leaves],
  };
}

/** Pages of each leaf and, of all its rows, how many there are. */
export function leafPages(leaves: readonly string[]): Statement {
  return {
    text: `select leaf::text as oid, (pg_relation_size(leaf) / current_setting('block_size')::int)::int as pages
      from unnest($1::oid[]) as leaf order by leaf`,
    values: [leaves],
  };
}

/** True when `bound` of a type is not after `boundary`. */
export function boundPassed(type: RetentionType, bound: string, boundary: string): Statement {
  return { text: `select $1::${type} <= $2::${type} as passed`, values: [bound, boundary] };
}

/**
 * Indexes of tables with their size and, from what ANALYZE saw of their columns, an estimate of what their entries need: a
 * tuple of 8 bytes and its pointer of 4 beside the values, pages filled to nine tenths. Expressions have no width here.
 */
export function indexSizes(leaves: readonly string[]): Statement {
  return {
    text: `select x.relname as index, pg_relation_size(x.oid)::text as bytes,
        greatest(8192 * 2, ceil(greatest(x.reltuples, 0) * (12 + coalesce(w.width, 8)) / 0.9))::bigint::text as "neededBytes"
      from pg_index i
        join pg_class x on x.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
        join pg_namespace n on n.oid = t.relnamespace
        left join lateral (select sum(ceil(s.avg_width / 8.0) * 8) as width from pg_stats s
          where s.schemaname = n.nspname and s.tablename = t.relname
            and s.attname in (select a.attname from pg_attribute a
              where a.attrelid = t.oid and a.attnum = any(i.indkey::smallint[]))) w on true
      where i.indrelid = any($1::oid[]) and x.relkind = 'i'
      order by x.relname`,
    values: [leaves],
  };
}

/** Reclaims and analyzes a table. */
export function vacuumAnalyze(leaf: string): Statement {
  return { text: `vacuum (analyze) ${leaf}` };
}

/** Analyzes a table. */
export function analyze(leaf: string): Statement {
  return { text: `analyze ${leaf}` };
}
