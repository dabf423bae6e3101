/** Which roles are RDS's own: fence, assessment and clean-up leave the same ones alone. */

/** Login roles that RDS is known to make, as a SQL list of literals (facts E8). */
export const RDS_LOGIN_ROLES = `('rdsadmin', 'rdsrepladmin', 'rdstopmgr', 'rdsproxyadmin', 'rdswriteforwarduser')`;

/**
 * SQL condition: role `r` of `pg_roles` is RDS's. A name that begins with `rds` proves nothing, because customers may give one too:
 * beyond the known names only a role that the current user may not alter counts as RDS's.
 */
export const OF_RDS = `(r.rolname in ${RDS_LOGIN_ROLES} or (r.rolname ~ '^rds' and not case
    when current_setting('server_version_num')::integer >= 160000 then pg_has_role(r.oid, 'member with admin option')
    else not r.rolreplication and not r.rolsuper
      and (select me.rolsuper or me.rolcreaterole from pg_roles me where me.rolname = current_user) end))`;

/** Groups that every RDS instance has; what they are members of depends on the major version. */
export const RDS_GROUPS = `('rds_superuser', 'rds_replication', 'rds_iam', 'rds_ad', 'rds_password', 'rds_reserved', 'rds_extension')`;
