/** What `assess` reads of a server that AWS does not manage: its own files and settings; every statement only reads. */
import type { Statement } from '../../platform/postgres';
import { OF_RDS } from '../../platform/rds-roles';

/** Settings of the server and how this session came; `clientAddress` is null over a Unix socket. */
export const hostSettings: Statement = {
  text: `select current_setting('listen_addresses') as "listenAddresses",
      current_setting('password_encryption') as "passwordEncryption",
      host(inet_client_addr()) as "clientAddress",
      current_setting('max_connections')::int as "maxConnections",
      current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true), '0')::int as "reservedConnections",
      (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())::int
        as "usedConnections",
      current_setting('max_worker_processes')::int as "workerProcesses"`,
};

/** May the current user read pg_hba.conf as the server reads it? Both the view and its function are the superuser's. */
export const mayReadRules: Statement = {
  text: `select has_table_privilege('pg_catalog.pg_hba_file_rules', 'select')
      and has_function_privilege('pg_catalog.pg_hba_file_rules()', 'execute') as readable`,
};

/** Lines of pg_hba.conf as they lie on the disk, in the order in which they decide; a reload may still be due. */
export const authenticationRules: Statement = {
  text: `select line_number as line, type, coalesce(database, '{}') as databases, coalesce(user_name, '{}') as users,
      address, netmask, auth_method as method
    from pg_catalog.pg_hba_file_rules where error is null order by line_number`,
};

/** Logins that every step would take for RDS's own: the fence would leave them in, and the copy would not make them. */
export const reservedLogins: Statement = {
  text: `select r.rolname::text as name from pg_roles r
    where r.rolcanlogin and r.rolname <> current_user and (r.rolname ~ '^rds_' or ${OF_RDS}) order by 1`,
};
