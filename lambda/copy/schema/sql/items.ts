/** Statements of the queue of a schema, in the ledger of the database that is made. */
import { LEDGER_SCHEMA } from '../../../platform/names';
import type { Statement } from '../../../platform/postgres';
import { literal } from '../../../platform/quote';

const WORK = `${LEDGER_SCHEMA}.work`;

/** SQLSTATE by which the text of an item says that somebody else has done it. */
export const DONE_ALREADY = '55006';

/**
 * Open items of the first stage that has any: tried least first, then in their order, in which those of large tables come first.
 * The stage is asked for once, by a subquery of its own: joined, it was asked for again with each item.
 */
export function openItems(queue: string): Statement {
  return {
    text: `select w.item::text as item, w.payload->'locks' as locks
      from ${WORK} w
      where w.queue = $1 and w.state = 'open' and (w.payload->>'stage')::int =
        (select min((payload->>'stage')::int) from ${WORK} where queue = $1 and state = 'open')
      order by w.attempts, w.item
      limit 500`,
    values: [queue],
  };
}

/**
 * Open items of `stages` that need no other: every row of their tables is in, nothing of `copyQueue` that holds any is open, and
 * of the same tables no earlier stage is. The parents of partitions wait for all of them, and so do materialized views.
 */
export function earlyItems(queue: string, copyQueue: string, stages: readonly number[]): Statement {
  return {
    text: `with early as materialized (
        select item, attempts, (payload->>'stage')::int as stage, payload->'locks' as locks, payload->'tables' as tables
        from ${WORK} where queue = $1 and state = 'open' and (payload->>'stage')::int = any ($3)),
      awaited as materialized (
        select distinct '"' || replace(p.part->'table'->>'schema', '"', '""') || '"."'
          || replace(p.part->'table'->>'name', '"', '""') || '"' as relation
        from ${WORK} w cross join lateral jsonb_array_elements(w.payload->'parts') as p(part)
        where w.queue = $2 and w.state = 'open'),
      begun as materialized (
        select t.relation, min(e.stage) as stage
        from early e cross join lateral jsonb_array_elements_text(e.tables) as t(relation) group by 1)
      select e.item::text as item, e.locks as locks
      from early e cross join lateral jsonb_array_elements_text(e.tables) as t(relation)
      join begun b on b.relation = t.relation
      left join awaited a on a.relation = t.relation
      left join pg_class c on c.oid = to_regclass(t.relation)
      group by e.item, e.attempts, e.locks
      having bool_and(a.relation is null and b.stage = e.stage and coalesce(c.relkind = 'r', false))
      order by e.attempts, e.item
      limit 500`,
    values: [queue, copyQueue, stages],
  };
}

/** What an item does. */
export function payloadOf(queue: string, item: string): Statement {
  return { text: `select payload from ${WORK} where queue = $1 and item = $2::bigint`, values: [queue, item] };
}

/** Items that sessions of the migration are doing in this database, with what they lock; theirs is a name that ends in the number. */
export function runningItems(queue: string, prefix: string): Statement {
  return {
    text: `select w.item::text as item, w.payload->'locks' as locks
      from pg_stat_activity a join ${WORK} w on w.item = substring(a.application_name from '#([0-9]+)$')::bigint
      where w.queue = $1 and a.datname = current_database() and left(a.application_name, length($2)) = $2
        and a.state <> 'idle'`,
    values: [queue, prefix],
  };
}

/** Objects and done ones, by what they are, and the items that are not done. */
export function progressOf(queue: string): Statement {
  return {
    text: `select what, sum(objects)::int as total, coalesce(sum(objects) filter (where state = 'done'), 0)::int as done,
        count(*) filter (where state <> 'done')::int as left
      from (select payload->>'what' as what, jsonb_array_length(payload->'objects') as objects, state
            from ${WORK} where queue = $1) as items
      group by 1`,
    values: [queue],
  };
}

/** Blocks that the index builds under way have read, of those that they will read, decimal. */
export const buildProgress: Statement = {
  text: `select coalesce(sum(blocks_done), 0)::text as done, coalesce(sum(blocks_total), 0)::text as total
    from pg_stat_progress_create_index where datname = current_database()`,
};

/** Names a session after the item that it does. */
export function nameSession(name: string): Statement {
  return { text: 'select set_config($1, $2, false)', values: ['application_name', name] };
}

/** Settings of a transaction that makes objects: pg_dump's own, as far as they matter. */
const SETTINGS = `set local search_path = '';
set local check_function_bodies = off;
set local xmloption = content;
set local client_min_messages = warning;
set local default_tablespace = ''`;

/**
 * Memory of a build beside others: all of them together take half of what the server is told that it has for caching, which on
 * RDS is a quarter of the instance's memory, as much as its own buffers; never less than the server gives by itself,
 * and at most 2 GB, what a build can use.
 */
function memorySetting(builds: number): string {
  return `do ${literal(`begin
    perform set_config('maintenance_work_mem', greatest(
      (select setting::bigint from pg_settings where name = 'maintenance_work_mem'),
      least((select setting::bigint * 4 from pg_settings where name = 'effective_cache_size') / ${builds}, 2097151))::text || 'kB', true);
  end`)}`;
}

/**
 * An item as one text: it takes the item's row, does the statements and marks the item, in one transaction that goes on when its
 * client is gone. Fails with 55P03 while somebody else does the item, and with `DONE_ALREADY` when it is done.
 */
export function itemText(
  { queue, item }: { readonly queue: string; readonly item: string },
  statements: readonly string[],
  builds: number,
): Statement {
  const where = `queue = ${literal(queue)} and item = ${literal(item)}::bigint`;
  const take = `begin
    perform from ${WORK} where ${where} and state = 'open' for update nowait;
    if not found then raise exception using errcode = ${literal(DONE_ALREADY)}, message = 'the item is done'; end if;
  end`;
  const mark = `update ${WORK} set state = 'done', attempts = attempts + 1, updated_at = clock_timestamp() where ${where}`;
  return {
    text: [
      'begin',
      `do ${literal(take)}`,
      SETTINGS,
      memorySetting(builds),
      ...statements,
      'reset role',
      mark,
      'commit',
    ].join(';\n'),
  };
}

/** The settings of an item's transaction alone, for who looks for the statement that fails. */
export const itemSettings: Statement = { text: SETTINGS };

/** A statement of the dump as it is. */
export function dumped(text: string): Statement {
  return { text };
}

/** Partitioned tables as `"schema"."name"`, quoted throughout. */
export const partitionedTables: Statement = {
  text: `select '"' || replace(n.nspname, '"', '""') || '"."' || replace(c.relname, '"', '""') || '"' as relation
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'p'`,
};

/** Materialized views that hold rows, as SQL, each behind those that it reads. */
export const filledViews: Statement = {
  text: `with recursive reads as (
      select distinct r.ev_class as reader, d.refobjid as read
      from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
      where d.refclassid = 'pg_class'::regclass and r.ev_class <> d.refobjid),
    depth (oid, deep) as (
      select oid, 0 from pg_class where relkind = 'm' and relispopulated
      union
      select reads.reader, depth.deep + 1 from depth join reads on reads.read = depth.oid where depth.deep < 100)
    select format('%I.%I', n.nspname, c.relname) as relation
    from depth join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and n.nspname <> '${LEDGER_SCHEMA}'
    group by 1 order by max(deep), 1`,
};

/** Fills a materialized view. */
export function refresh(relation: string): string {
  return `refresh materialized view ${relation}`;
}

/** Begins a transaction whose end is `undo`. */
export const beginTransaction: Statement = { text: 'begin' };

/** Takes back what a failed item did. */
export const undo: Statement = { text: 'rollback' };

/** Counts a failed attempt, so that the item comes last the next time; not while somebody does it. */
export function noteAttempt(queue: string, item: string): Statement {
  return {
    text: `update ${WORK} set attempts = attempts + 1
      where (queue, item) in (select queue, item from ${WORK} where queue = $1 and item = $2::bigint for update skip locked)`,
    values: [queue, item],
  };
}

/** A relation to analyze. */
export interface Analyzed {
  /** On the source, decimal. */
  readonly oid: string;
  /** As `"schema"."name"`, quoted throughout. */
  readonly relation: string;
  /** With TOAST, decimal; null for what is no plain table, whose rows are there at the end only. */
  readonly bytes: string | null;
  /** It has extended statistics, which are made with the last objects. */
  readonly extended: boolean;
  /** Its parent analyzes it. */
  readonly partition: boolean;
}

/** Relations with statistics of their own, those of extensions and systems among them. */
export const analyzedRelations: Statement = {
  text: `select c.oid::text as oid,
      '"' || replace(n.nspname, '"', '""') || '"."' || replace(c.relname, '"', '""') || '"' as relation,
      c.relispartition as partition, case when c.relkind = 'r' then pg_table_size(c.oid)::text end as bytes,
      exists (select from pg_statistic_ext s where s.stxrelid = c.oid) as extended
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema', '${LEDGER_SCHEMA}')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
    order by c.oid`,
};

/** Gathers the statistics of a relation. */
export function analyze(relation: string): string {
  return `analyze ${relation}`;
}
