/**
 * Reads what stands in the way, a page at a time, with the statements that remove it and bring it back. Names are quoted by the
 * server; every text is read under an empty search path, so that all names in it are qualified.
 */
import type { Statement } from '../../postgres';
import { notOfExtension, USER_NAMESPACE } from '../../user-objects';
import type { ObstacleKind } from '../obstacle';
import { foreignKeys } from './foreign-keys';
import { indexes } from './indexes';

/** Tables that DMS writes to, as `c` in schema `n`. */
const TABLES = `c.relkind in ('r', 'p') and ${USER_NAMESPACE} and ${notOfExtension('pg_class', 'c.oid')}`;

const NOTHING_LONG = `'long', '[]'::jsonb, 'finish', '[]'::jsonb, 'orphans', '[]'::jsonb`;

/** What is read. */
export interface ObstacleQuery {
  readonly major: number;
  /** Only what fires in sessions that act as a replica. */
  readonly asReplica: boolean;
  readonly limit: number;
}

/** States in which something fires: as an ordinary session `O`, as a replica `R`, always `A` (manual, "pg_trigger"). */
function firing(column: string, asReplica: boolean): string {
  return asReplica ? `${column} in ('R', 'A')` : `${column} in ('O', 'A')`;
}

function switchedBack(column: string): string {
  return `case ${column} when 'R' then 'enable replica' when 'A' then 'enable always' else 'enable' end`;
}

/**
 * Triggers of users, those of partitions one by one: `only` keeps a switch from travelling down. Before 15 those of partitions were
 * internal, nobody's to switch but with their parent's.
 */
function triggers({ major, asReplica, limit }: ObstacleQuery): Statement {
  const [own, only, differing] =
    major >= 15
      ? ['not t.tgisinternal', 'only ', 'false']
      : [
          'not t.tgisinternal and t.tgparentid = 0',
          '',
          'exists (select from pg_trigger p where p.tgparentid = t.oid and p.tgenabled <> t.tgenabled)',
        ];
  return {
    text: `select format('%I on %I.%I', t.tgname, n.nspname, c.relname) as object,
        case when c.relkind = 'p' and '${only}' = '' then 1000 else 1 end as locks,
        jsonb_build_array(format('alter table ${only}%I.%I disable trigger %I', n.nspname, c.relname, t.tgname)) as remove,
        jsonb_build_object('restore', jsonb_build_array(format('alter table ${only}%I.%I %s trigger %I', n.nspname, c.relname,
          ${switchedBack('t.tgenabled')}, t.tgname)), ${NOTHING_LONG}) as prior,
        case when ${differing} then 'its partitions have it switched otherwise' end as unreturnable
      from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where ${own} and ${firing('t.tgenabled', asReplica)} and ${TABLES}
      order by c.oid, t.oid limit $1`,
    values: [limit],
  };
}

/** Rules on writing; those on reading are views. */
function rules({ asReplica, limit }: ObstacleQuery): Statement {
  return {
    text: `select format('%I on %I.%I', r.rulename, n.nspname, c.relname) as object, 1 as locks,
        jsonb_build_array(format('alter table %I.%I disable rule %I', n.nspname, c.relname, r.rulename)) as remove,
        jsonb_build_object('restore', jsonb_build_array(format('alter table %I.%I %s rule %I', n.nspname, c.relname,
          ${switchedBack('r.ev_enabled')}, r.rulename)), ${NOTHING_LONG}) as prior,
        null as unreturnable
      from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
      where r.ev_type <> '1' and ${firing('r.ev_enabled', asReplica)} and ${TABLES}
      order by c.oid, r.oid limit $1`,
    values: [limit],
  };
}

/**
 * Identities that take no value but their own (manual, "CREATE TABLE", `GENERATED ALWAYS`): an INSERT of DMS names every column. A
 * partitioned table hands its identity down from 17 on.
 */
function identities({ limit }: ObstacleQuery): Statement {
  const alter = (how: string) =>
    `jsonb_build_array(format('alter table %I.%I alter column %I set generated ${how}', n.nspname, c.relname, a.attname))`;
  return {
    text: `select format('%I on %I.%I', a.attname, n.nspname, c.relname) as object,
        case when c.relkind = 'p' then 1000 else 1 end as locks, ${alter('by default')} as remove,
        jsonb_build_object('fact', format('%I.%I.%I', n.nspname, c.relname, a.attname), 'restore', ${alter('always')}, ${NOTHING_LONG}) as prior,
        null as unreturnable
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where a.attidentity = 'a' and not a.attisdropped and not c.relispartition and ${TABLES}
      order by c.oid, a.attnum limit $1`,
    values: [limit],
  };
}

/** The next obstacles of a kind, at most `limit`; empty when none is left. */
export function obstaclesOf(kind: ObstacleKind, query: ObstacleQuery): Statement {
  const readers: Record<ObstacleKind, (query: ObstacleQuery) => Statement> = {
    rule: rules,
    trigger: triggers,
    'foreign key': ({ asReplica, limit }) => foreignKeys(asReplica, limit),
    identity: identities,
    index: ({ limit }) => indexes(limit),
  };
  return readers[kind](query);
}

/** Names without a schema would be read otherwise elsewhere. */
export const emptySearchPath: Statement = { text: `select set_config('search_path', '', true)` };

/** Our definitions are nobody's event: whoever records or refuses definitions has triggers that would act on them. */
export const silenceEvents: Statement = {
  text: `select set_config('session_replication_role', 'replica', true)`,
};

/** Event triggers that are switched on, with their states. */
export const eventTriggers: Statement = {
  text: `select e.evtname::text as name, e.evtenabled::text as state from pg_event_trigger e
    where e.evtenabled <> 'D' and ${notOfExtension('pg_event_trigger', 'e.oid')} order by 1`,
};

/** Owners of the tables that definitions change, and of those that they refer to. */
export const ownersOfTables: Statement = {
  text: `select distinct pg_get_userbyid(c.relowner)::text as role
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${TABLES} order by 1`,
};

/** A statement that was read before. */
export function asRead(text: string): Statement {
  return { text };
}
