/** Everything about a server's catalogue that a migration may touch, so that `before` equals `after` or names what differs. */
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';

const SHARED = {
  roles: `select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
      rolconnlimit, rolpassword, rolvaliduntil from pg_authid`,
  memberships: `select pg_get_userbyid(roleid) as role, pg_get_userbyid(member) as member,
      pg_get_userbyid(grantor) as grantor, to_jsonb(m) - 'oid' as options from pg_auth_members m`,
  databases: `select datname, pg_get_userbyid(datdba) as owner, datacl::text as acl, datconnlimit, datallowconn from pg_database`,
  slots: 'select slot_name, plugin, database, temporary from pg_replication_slots',
  settings: 'select setdatabase, setrole, setconfig from pg_db_role_setting',
  subscriptions: 'select subname, subenabled from pg_subscription',
  origins: 'select roname from pg_replication_origin',
};

const LOCAL = {
  schemas:
    "select nspname, nspowner::regrole::text as owner, nspacl::text as acl from pg_namespace where nspname !~ '^pg_'",
  relations: `select c.oid::regclass::text as name, relkind, relowner::regrole::text as owner, relacl::text as acl,
      relreplident, relpersistence from pg_class c join pg_namespace n on n.oid = relnamespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  indexes: `select indexrelid::regclass::text as name, indisreplident, indisvalid from pg_index i
    join pg_class c on c.oid = indexrelid join pg_namespace n on n.oid = relnamespace where nspname !~ '^pg_'`,
  publications: `select pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate from pg_publication`,
  published: 'select pubname, schemaname, tablename from pg_publication_tables',
  functions: `select p.oid::regprocedure::text as name, proacl::text as acl from pg_proc p
    join pg_namespace n on n.oid = pronamespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  extensions: 'select extname, extversion from pg_extension',
  defaults: 'select defaclrole, defaclnamespace, defaclacl::text from pg_default_acl',
};

/** Facts by catalogue, each a sorted list of JSON rows. */
export async function catalogFacts(
  server: PostgresServer,
  databases: readonly string[],
): Promise<Record<string, string[]>> {
  const facts: Record<string, string[]> = {};
  const read = (database: string, queries: Record<string, string>) =>
    server.withAdmin(database, async (session) => {
      for (const [name, text] of Object.entries(queries)) {
        const { rows } = await session.query(text);
        facts[`${database} ${name}`] = rows.map((row) => JSON.stringify(row)).sort();
      }
    });
  await read('postgres', SHARED);
  for (const database of new Set(['postgres', ...databases])) await read(database, LOCAL);
  return facts;
}
