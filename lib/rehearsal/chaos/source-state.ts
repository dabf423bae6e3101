/** What of the source must be the same after a migration that was given back: who may log in and do what, and how rows are told apart. */
import type { PostgresServer } from '../servers/postgres-server';

/** A line for each fact, in order, so that two states can be compared line by line. */
export interface SourceState {
  /** Roles, memberships, settings and database privileges, Sealift's own left out. */
  readonly access: readonly string[];
  /** Privileges of each database as they are written down. */
  readonly privileges: readonly string[];
  /** Replica identities of every table, by database. */
  readonly identities: readonly string[];
  /** Slots, publications, roles and ledgers of Sealift that are there, by name. */
  readonly ours: readonly string[];
}

const ACCESS = `
  select format('role %s %s', rolname, array[rolcanlogin, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication,
    rolbypassrls]::text || rolconnlimit || coalesce(rolvaliduntil::text, '')) as line
  from pg_roles where rolname not like 'sealift%' and rolname not like 'pg\\_%'
  union all
  select format('member %s of %s', m.member::regrole, m.roleid::regrole) from pg_auth_members m
  where m.member::regrole::text not like '%sealift%' and m.roleid::regrole::text not like '%sealift%'
  union all
  select format('database %s %s %s', datname, datallowconn, datconnlimit) from pg_database where not datistemplate
  union all
  select format('privilege %s %s %s %s', datname, grantee::regrole, privilege_type, is_grantable)
  from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
  where not datistemplate and grantee::regrole::text not like '%sealift%'
  union all
  select format('setting %s %s %s', setdatabase, setrole::regrole, setconfig) from pg_db_role_setting
  order by 1`;

const OURS_EVERYWHERE = `
  select format('slot %s', slot_name) as line from pg_replication_slots where slot_name like 'sealift%'
  union all
  select format('role %s', rolname) from pg_roles where rolname like 'sealift%'
  order by 1`;

/** Privileges are null until somebody grants: as they were means null again. */
const PRIVILEGES = `
  select format('privileges of %s: %s', datname, coalesce(datacl::text, 'default')) as line
  from pg_database where not datistemplate order by 1`;

const IDENTITIES = `
  select format('%s.%s %s', n.nspname, c.relname, c.relreplident) as line
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
    and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
  order by 1`;

const OURS = `
  select format('publication %s', pubname) as line from pg_publication where pubname like 'sealift%'
  union all
  select format('subscription %s', subname) from pg_subscription
  where subname like 'sealift%' and subdbid = (select oid from pg_database where datname = current_database())
  union all
  select 'ledger' from pg_namespace where nspname = 'sealift'
  order by 1`;

/** Reads the state of a server; `databases` are the applications'. */
export async function readSourceState(server: PostgresServer, databases: readonly string[]): Promise<SourceState> {
  const lines = (database: string, text: string): Promise<string[]> =>
    server.withAdmin(database, async (session) => {
      const { rows } = await session.query<{ line: string }>(text);
      return rows.map(({ line }) => line);
    });
  const access = await lines('postgres', ACCESS);
  const privileges = await lines('postgres', PRIVILEGES);
  const ours = await lines('postgres', OURS_EVERYWHERE);
  const identities: string[] = [];
  for (const database of ['postgres', ...databases]) {
    const named = (line: string) => `${database}: ${line}`;
    identities.push(...(await lines(database, IDENTITIES)).map(named));
    ours.push(...(await lines(database, OURS)).map(named));
  }
  return { access, privileges, identities, ours };
}

/** The lines that only one of the two has. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
  ];
}
