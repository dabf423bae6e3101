/** What a target holds, and the statements that empty it. */
import { HOME_DATABASE } from '../../../platform/names';
import type { Statement } from '../../../platform/postgres';
import { ident } from '../../../platform/quote';
import { RDS_LOGIN_ROLES } from '../../../platform/rds-roles';

/** Databases but templates, the home database and RDS's own. */
export const foundDatabases: Statement = {
  text: `select datname as name, pg_get_userbyid(datdba) as owner from pg_database
    where not datistemplate and datname not in ('rdsadmin', '${HOME_DATABASE}') order by datname`,
};

/** Whether the database holds a ledger of the migration's target, and relations of users. */
export function holdings(migrationId: string): readonly [ledger: Statement, relations: Statement] {
  return [
    {
      text: `select exists (select from sealift.migration where migration_id = $1 and side = 'target') as ours`,
      values: [migrationId],
    },
    {
      text: `select count(*)::integer as relations from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname not in ('pg_catalog', 'information_schema', 'sealift') and n.nspname !~ '^pg_(toast|temp)'
          and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
          and not exists (select from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`,
    },
  ];
}

/** Tells every session in a database to end, but RDS's own, which nobody may end; one row for each. */
export function endSessionsIn(database: string): Statement {
  return {
    text: `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = $1 and pid <> pg_backend_pid() and backend_type = 'client backend'
        and usename not in ${RDS_LOGIN_ROLES}`,
    values: [database],
  };
}

/** Outside a transaction. */
export function dropDatabase(name: string): Statement {
  return { text: `drop database if exists ${ident(name)}` };
}

/** Schemas of users in the present database, the ledger's not among them. */
export const userSchemas: Statement = {
  text: `select nspname as name, pg_get_userbyid(nspowner) as owner from pg_namespace
    where nspname not in ('pg_catalog', 'information_schema', 'sealift') and nspname !~ '^pg_' order by nspname`,
};

/** Extensions but what every database has. */
export const userExtensions: Statement = {
  text: `select extname as name from pg_extension where extname <> 'plpgsql' order by extname`,
};

/** Takes an extension and what hangs on it. */
export function dropExtension(name: string): Statement {
  return { text: `drop extension if exists ${ident(name)} cascade` };
}

/** Takes a schema and everything in it. */
export function dropSchema(name: string): Statement {
  return { text: `drop schema if exists ${ident(name)} cascade` };
}

/** As every new database has it; from 15 it belongs to whom the database belongs, and nobody else creates in it. */
export function createPublicSchema(major: number): readonly Statement[] {
  return [
    { text: 'create schema public' },
    { text: `grant ${major >= 15 ? 'usage' : 'all'} on schema public to public` },
    { text: `comment on schema public is 'standard public schema'` },
  ];
}

/** Those of the roles that exist. */
export function existingRoles(names: readonly string[]): Statement {
  return { text: 'select rolname as role from pg_roles where rolname = any($1) order by rolname', values: [names] };
}

/** Takes a role that owns nothing any more. */
export function dropRole(name: string): Statement {
  return { text: `drop role if exists ${ident(name)}` };
}

/** Takes the rights that a role was given in the present database and on databases. */
export function dropOwned(name: string): Statement {
  return { text: `drop owned by ${ident(name)}` };
}
