/** What `assess` reads of code that runs by itself: functions during apply, generated columns, jobs. */
import type { Statement } from '../../platform/postgres';
import { USER_SCHEMA } from './tables';

/** Functions that apply calls: by checks, index expressions, generated columns, and triggers that fire on apply. */
const CALLED = `
    select d.refobjid as oid from pg_depend d join pg_constraint k on k.oid = d.objid
    where d.classid = 'pg_constraint'::regclass and d.refclassid = 'pg_proc'::regclass and k.contype = 'c'
    union
    select d.refobjid from pg_depend d join pg_class i on i.oid = d.objid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_proc'::regclass and i.relkind in ('i', 'I')
    union
    select d.refobjid from pg_depend d join pg_attrdef f on f.oid = d.objid
    join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
    where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_proc'::regclass and a.attgenerated <> ''
    union
    select t.tgfoid from pg_trigger t where not t.tgisinternal and t.tgenabled in ('R', 'A')`;

/**
 * Functions that apply calls, that set no search_path of their own, and whose text names a user's relation or function without
 * its schema: apply runs with an empty search_path. `path` holds the schemas of what is named. A text is searched, not parsed: a
 * name that must be quoted counts only in quotes.
 */
export const searchPathFunctions: Statement = {
  text: `select n.nspname::text as schema, p.proname::text as name,
      pg_get_function_identity_arguments(p.oid) as arguments, used.names, used.path
    from (${CALLED}) called
    join pg_proc p on p.oid = called.oid
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
    cross join lateral (
      select (array_agg(distinct u.name))[1:5] as names, array_agg(distinct u.schema) as path
      from (
        select c.relname::text as name, n.nspname::text as schema
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and ${USER_SCHEMA}
        union
        select f.proname::text, n.nspname::text
        from pg_proc f join pg_namespace n on n.oid = f.pronamespace
        where f.oid <> p.oid and ${USER_SCHEMA}) u
      where strpos(lower(p.prosrc), lower(quote_ident(u.name))) > 0 and case when quote_ident(u.name) = u.name
        then p.prosrc ~* ('(^|[^.[:alnum:]_"])' || u.name || '($|[^[:alnum:]_"])')
        else p.prosrc ~ ('(^|[^.])' || regexp_replace(quote_ident(u.name), '([^[:alnum:]_])', '\\\\\\1', 'g')) end
      having count(*) > 0) used
    where l.lanname in ('sql', 'plpgsql') and ${USER_SCHEMA}
      and not exists (select from unnest(p.proconfig) s(setting) where starts_with(s.setting, 'search_path='))
    order by 1, 2, 3 limit 100`,
};

/** Generated columns, and those whose expression calls a function of users: the target computes it anew (facts B1). */
export const generatedColumns: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name, a.attname::text as column,
      exists (select from pg_attrdef f
        join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_proc'::regclass
        where f.adrelid = c.oid and f.adnum = a.attnum) as "callsFunction"
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where a.attgenerated <> '' and not a.attisdropped and c.relkind in ('r', 'p') and ${USER_SCHEMA}
    order by 4 desc, 1, 2, 3 limit 1000`,
};

/** True when pg_cron's table of jobs exists here and can be read. */
export const jobsReadable: Statement = {
  text: `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'cron' and c.relname = 'job' and c.relkind = 'r'
        and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')) as readable`,
};

/** Active jobs of pg_cron; their commands, which may hold anything, are not read. Columns came and went with its versions. */
export const activeJobs: Statement = {
  text: `select (j.job->>'jobid')::text as id, coalesce(j.job->>'jobname', '') as name, coalesce(j.job->>'schedule', '') as schedule,
      coalesce(j.job->>'database', '') as database, coalesce(j.job->>'username', '') as role
    from (select to_jsonb(job) as job from cron.job) j
    where coalesce((j.job->>'active')::boolean, true)
    order by (j.job->>'jobid')::bigint limit 100`,
};
