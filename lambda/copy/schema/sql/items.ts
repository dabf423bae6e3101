/** Statements of the queue of a schema, in the ledger of the database that is made. */
import { LEDGER_SCHEMA } from '../../../platform/names';
import type { Statement } from '../../../platform/postgres';
import { literal } from '../../../platform/quote';

const WORK = `${LEDGER_SCHEMA}.work`;

/** SQLSTATE by which the text of an item says that somebody else has done it. */
export const DONE_ALREADY = '55006';

/**
 * Open items of the first stage that has any: tried least first, then by the rows of their table, most first. The rows are those of the
 * statistics system: `pg_relation_size` would wait for the very builds that run. The stage is
 * asked for once, by a subquery of its own: joined, it was asked for again with each item.
 */
export function openItems(queue: string): Statement {
  return {
    text: `select w.item::text as item, w.payload->'locks' as locks
      from ${WORK} w
      where w.queue = $1 and w.state = 'open' and (w.payload->>'stage')::int =
        (select min((payload->>'stage')::int) from ${WORK} where queue = $1 and state = 'open')
      order by w.attempts, coalesce(pg_stat_get_live_tuples(to_regclass(w.payload->>'table')), 0) desc, w.item
      limit 500`,
    values: [queue],
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

/** Items and done ones, by what they are. */
export function progressOf(queue: string): Statement {
  return {
    text: `select payload->>'what' as what, count(*)::int as total, count(*) filter (where state = 'done')::int as done
      from ${WORK} where queue = $1 group by 1`,
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
 * An item as one text: it takes the item's row, does the statements and marks the item, in one transaction that goes on when its
 * client is gone. Fails with 55P03 while somebody else does the item, and with `DONE_ALREADY` when it is done.
 */
export function itemText(queue: string, item: string, statements: readonly string[]): Statement {
  const where = `queue = ${literal(queue)} and item = ${literal(item)}::bigint`;
  const take = `begin
    perform from ${WORK} where ${where} and state = 'open' for update nowait;
    if not found then raise exception using errcode = ${literal(DONE_ALREADY)}, message = 'the item is done'; end if;
  end`;
  const mark = `update ${WORK} set state = 'done', attempts = attempts + 1, updated_at = clock_timestamp() where ${where}`;
  return {
    text: ['begin', `do ${literal(take)}`, SETTINGS, ...statements, 'reset role', mark, 'commit'].join(';\n'),
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

/**
 * Relations with statistics of their own, with the decimal OID of their row, as SQL: a partitioned table stands for its partitions,
 * of which it analyzes every one.
 */
export const analyzable: Statement = {
  text: `select c.oid::text as oid, format('%I.%I', n.nspname, c.relname) as relation
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relpersistence <> 't' and n.nspname <> '${LEDGER_SCHEMA}'
    order by c.oid`,
};

/** Gathers the statistics of relations. */
export function analyze(relations: readonly string[]): string {
  return `analyze ${relations.join(', ')}`;
}
