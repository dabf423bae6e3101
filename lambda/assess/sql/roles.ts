/** What `assess` reads of roles and privileges; probed, never assumed: RDS patches some of PostgreSQL's rules (facts E1, E7). */
import type { Statement } from '../../platform/postgres';
import { OF_RDS } from '../../platform/rds-roles';

/**
 * May the current user ALTER role `r`, and grant itself membership in it? From 16 both need ADMIN OPTION on the role; before,
 * CREATEROLE suffices, but a REPLICATION role belongs to superusers (CREATE ROLE, notes of each major).
 */
const MAY_ALTER = `(me.rolsuper or (not r.rolsuper and me.rolcreaterole and case
    when current_setting('server_version_num')::int >= 160000 then pg_has_role(r.oid, 'member with admin option')
    else not r.rolreplication end))`;

/** What the master user may do on the server; each a probe of the present privileges. */
export const masterPrivileges: Statement = {
  text: `select me.rolsuper as superuser,
      me.rolsuper or me.rolcreaterole as "createsRoles",
      me.rolsuper or me.rolreplication
        or exists (select from pg_roles r where r.rolname = 'rds_replication' and pg_has_role(r.oid, 'usage'))
        as "createsSlots",
      me.rolsuper
        or (me.rolcreaterole and me.rolreplication and current_setting('server_version_num')::int >= 160000)
        or exists (select from pg_roles r where r.rolname = 'rds_replication' and ${MAY_ALTER})
        as "grantsReplication",
      me.rolsuper
        or exists (select from pg_roles r where r.rolname in ('pg_create_subscription') and pg_has_role(r.oid, 'usage'))
        or (current_setting('server_version_num')::int < 160000
          and exists (select from pg_roles r where r.rolname = 'rds_superuser' and pg_has_role(r.oid, 'usage')))
        as "createsSubscriptions",
      me.rolsuper or pg_has_role('pg_signal_backend', 'usage') as signals,
      me.rolsuper or pg_has_role('pg_read_all_stats', 'usage') as "seesActivity"
    from pg_roles me where me.rolname = current_user`,
};

/**
 * Roles that can log in and are not the system's, RDS's, ours or the master: the fence takes the login of each.
 */
export function loginRoles(ourPrefix: string): Statement {
  return {
    text: `select r.rolname::text as name, r.rolsuper as superuser, r.rolreplication as replication,
        r.rolbypassrls as "bypassRls", ${MAY_ALTER} as "mayAlter"
      from pg_roles r, pg_roles me
      where me.rolname = current_user and r.rolcanlogin and r.oid <> me.oid
        and not ${OF_RDS} and not starts_with(r.rolname, 'pg_') and not starts_with(r.rolname, $1)
      order by r.rolname`,
    values: [ourPrefix],
  };
}

/**
 * Owners of tables, sequences and materialized views, those of extensions left out. `held`: the master has the owner's rights now; `obtainable`: it may
 * grant itself membership.
 */
export const owners: Statement = {
  text: `select r.rolname::text as name, pg_has_role(r.oid, 'usage') as held,
      me.rolsuper or (not r.rolsuper and case
        when current_setting('server_version_num')::int >= 160000 then pg_has_role(r.oid, 'member with admin option')
        else me.rolcreaterole end) as obtainable,
      count(*)::int as objects
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_roles r on r.oid = c.relowner
    join pg_roles me on me.rolname = current_user
    where c.relkind in ('r', 'p', 'S', 'm')
      and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
      and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    group by 1, 2, 3 order by 1`,
};

/** Functions that set up a subscription's origin and that the current user may not execute; grants are per database. */
export const deniedOriginFunctions: Statement = {
  text: `select p.oid::regprocedure::text as signature
    from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.proname in ('pg_replication_origin_advance', 'pg_replication_origin_progress')
      and not has_function_privilege(p.oid, 'execute')
    order by 1`,
};
