/** Extensions of the source, and what the target offers. */
import type { Statement } from '../../../platform/postgres';

/** Extensions of a database, in the order in which they were made, which is that of their dependencies; plpgsql is everywhere. */
export const installedExtensions: Statement = {
  text: `select e.extname as name, e.extversion as version, n.nspname as schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by e.oid`,
};

/**
 * What the target has of the extensions named: the version that it would install, the one that is installed, and whether the
 * master user may install it. RDS lists what it supports in `rds.extensions`, and what the account allows in
 * `rds.allowed_extensions`; both are missing elsewhere, where only trusted ones are not a superuser's (13 and later).
 */
export function offeredExtensions(names: readonly string[]): Statement {
  return {
    text: `with asked as (
        select string_to_array(replace(current_setting('rds.extensions', true), ' ', ''), ',') as supported,
          nullif(string_to_array(replace(current_setting('rds.allowed_extensions', true), ' ', ''), ','), '{}') as allowed,
          (select rolsuper from pg_roles where rolname = current_user) as superuser)
      select a.name, a.default_version as version, a.installed_version as installed, v.schema,
        coalesce((asked.allowed is null or '*' = any (asked.allowed) or a.name = any (asked.allowed))
          and case when asked.supported is not null then a.name = any (asked.supported)
            else asked.superuser or v.trusted or not v.superuser end, false) as allowed
      from asked, pg_available_extensions a
      left join pg_available_extension_versions v on v.name = a.name and v.version = a.default_version
      where a.name = any ($1)`,
    values: [names],
  };
}
