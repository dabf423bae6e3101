/** What `assess` reads in each database; every statement only reads. */
import type { Statement } from '../../platform/postgres';

/** Schemas of users: the ledger, the system and what lives for one session are left out. */
export const USER_SCHEMA = `n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pglogical')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'`;

/** Tables of extensions that the master does not own are not published: they belong to the extension's scripts. */
const PUBLISHED = `(pg_has_role(c.relowner, 'usage') or not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))`;

/** Size of the database, its tables, and the planner's guess of their rows, which is -1 for a table never analyzed. */
export const databaseSize: Statement = {
  text: `select current_database()::text as name, pg_database_size(current_database())::text as bytes,
      (count(*) filter (where c.relkind = 'r'))::int as tables, count(*)::int as relations,
      coalesce(sum(greatest(c.reltuples, 0)) filter (where c.relkind = 'r'), 0)::bigint::text as "estimatedRows"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${USER_SCHEMA}`,
};

/** True when users keep anything here that a migration must carry. */
export const holdsUserRelations: Statement = {
  text: `select exists (
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm', 'S', 'v', 'f') and ${USER_SCHEMA}
        and not exists (select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')) as present`,
};

/** An index that identifies rows: PostgreSQL skips invalid, deferrable and partial ones without a word (facts B2, fault 37). */
const USABLE = 'i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null';

/**
 * Permanent tables whose UPDATE and DELETE would fail once they are published, why, and whether the master has or can take
 * the rights of their owner. Partitioned tables hold no rows, their leaves count.
 */
const identityProblems = `
    select c.oid, n.nspname::text as schema, c.relname::text as name, r.rolname::text as owner,
      pg_has_role(r.oid, 'usage') or me.rolsuper or (not r.rolsuper and case
        when current_setting('server_version_num')::int >= 160000 then pg_has_role(r.oid, 'member with admin option')
        else me.rolcreaterole end) as alterable,
      case
        when c.relreplident = 'n' then 'its replica identity is NOTHING'
        when c.relreplident = 'i' then 'its replica identity index is missing or unusable'
        when exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and not i.indimmediate)
          then 'its primary key is deferrable'
        when exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) then 'its primary key is invalid'
        when exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is not null)
          then 'it has no primary key, only a partial unique index'
        when exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and not i.indimmediate)
          then 'it has no primary key, only a deferrable unique constraint'
        else 'it has no primary key' end as reason,
      (select x.relname::text from pg_index i join pg_class x on x.oid = i.indexrelid
        where i.indrelid = c.oid and ${USABLE} and i.indexprs is null
          and not exists (select from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any (i.indkey::smallint[])
              and (not a.attnotnull or a.attgenerated <> ''))
        order by i.indnkeyatts, x.relname limit 1) as candidate
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_roles r on r.oid = c.relowner
    join pg_roles me on me.rolname = current_user
    where c.relkind = 'r' and c.relpersistence = 'p' and ${USER_SCHEMA} and ${PUBLISHED}
      and c.relreplident <> 'f'
      and not exists (select from pg_index i where i.indrelid = c.oid and ${USABLE}
        and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end)`;

/** The tables that need a replica identity; `candidate` is an index that can serve as one. */
export const tablesWithoutIdentity: Statement = {
  text: `select schema, name, owner, alterable, reason, candidate from (${identityProblems}) p order by 1, 2`,
};

/**
 * Columns that stop apply under replica identity FULL: the target compares whole rows and finds no equality operator for
 * their type. Looks through domains, arrays and composite types; a type counts as comparable when it, or one that it is
 * binary-coercible to, has a default operator class.
 */
export const incomparableColumns: Statement = {
  text: `with recursive
    full_tables as (
      select oid, schema, name from (${identityProblems}) p where candidate is null
      union
      select c.oid, n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence = 'p' and c.relreplident = 'f' and ${USER_SCHEMA} and ${PUBLISHED}),
    used as (
      select t.schema, t.name, a.attname::text as column, a.atttypid as type
      from full_tables t join pg_attribute a on a.attrelid = t.oid
      where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
    parts(whole, part) as (
      select type, type from used
      union
      select p.whole, next.part from parts p join pg_type y on y.oid = p.part
      cross join lateral (
        select y.typbasetype where y.typtype = 'd'
        union all select y.typelem where y.typcategory = 'A' and y.typelem <> 0
        union all select a.atttypid from pg_attribute a
          where y.typtype = 'c' and a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped) next(part))
    select u.schema, u.name, u.column, format_type(u.type, null) as type
    from used u
    where exists (
      select from parts p join pg_type y on y.oid = p.part
      where p.whole = u.type and y.typtype = 'b' and not (y.typcategory = 'A' and y.typelem <> 0)
        and not exists (
          select from pg_opclass o join pg_am m on m.oid = o.opcmethod
          where m.amname in ('btree', 'hash') and o.opcdefault and (o.opcintype = y.oid or exists (
            select from pg_cast k where k.castsource = y.oid and k.casttarget = o.opcintype and k.castmethod = 'b'))))
    order by 1, 2, 3`,
};

/** Unlogged tables, and partitions that are. */
export const unloggedTables: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'u' and ${USER_SCHEMA} order by 1, 2`,
};

/** Foreign tables. */
export const foreignTables: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'f' and ${USER_SCHEMA} order by 1, 2`,
};

/** User mappings of foreign servers; their options, which may hold a password, are not read. */
export const userMappings: Statement = {
  text: `select srvname::text as server, usename::text as role from pg_user_mappings order by 1, 2`,
};

/** Number of large objects; `pg_largeobject` itself is closed to everybody. */
export const largeObjects: Statement = { text: 'select count(*)::int as count from pg_largeobject_metadata' };

/** Publications of the database. */
export const publications: Statement = { text: 'select pubname::text as name from pg_publication order by 1' };

/**
 * Tables whose row security applies to the master user: forced on owners, and the master does not bypass it. Without FORCE
 * the owner's rights, which the migration takes, see every row.
 */
export const forcedRowSecurity: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles me on me.rolname = current_user
    where c.relkind in ('r', 'p') and c.relrowsecurity and c.relforcerowsecurity and ${USER_SCHEMA}
      and not (me.rolsuper or me.rolbypassrls)
    order by 1, 2`,
};

/** Event triggers that fire in ordinary sessions: they see the migration's publication, ledger and identities (facts E6). */
export const eventTriggers: Statement = {
  text: `select evtname::text as name from pg_event_trigger
    where evtenabled in ('O', 'A') and evtowner not in (select oid from pg_roles where rolname = 'rdsadmin') order by 1`,
};

/** Triggers that fire while changes are applied: ENABLE REPLICA and ENABLE ALWAYS (facts B3). */
export const replicaTriggers: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name, t.tgname::text as trigger
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where t.tgenabled in ('R', 'A') and not t.tgisinternal and ${USER_SCHEMA} order by 1, 2, 3`,
};

/** Sessions that hold a lock against readers on a user's table: DDL, TRUNCATE, LOCK TABLE or VACUUM FULL at work. */
export const exclusiveLocks: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name, l.pid
    from pg_locks l
    join pg_class c on c.oid = l.relation
    join pg_namespace n on n.oid = c.relnamespace
    where l.database = (select oid from pg_database where datname = current_database())
      and l.granted and l.mode = 'AccessExclusiveLock' and l.pid <> pg_backend_pid()
      and c.relkind in ('r', 'p', 'm') and ${USER_SCHEMA}
    order by 1, 2`,
};

/** Extensions with their versions. */
export const extensions: Statement = {
  text: `select extname::text || ' ' || extversion as name from pg_extension where extname <> 'plpgsql' order by 1`,
};

/** Extensions beside plpgsql with the newest version that the server's files hold. */
export const installedExtensions: Statement = {
  text: `select e.extname::text as name, e.extversion as version, a.default_version as available
    from pg_extension e left join pg_available_extensions a on a.name = e.extname
    where e.extname <> 'plpgsql' order by 1`,
};

/** Tables of extensions that nobody publishes: they arrive with the snapshot, later changes do not. */
export const extensionTables: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and ${USER_SCHEMA} and not ${PUBLISHED} order by 1, 2`,
};
