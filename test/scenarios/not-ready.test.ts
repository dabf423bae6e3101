import type { Client } from 'pg';
import type { PostgresServer } from '../../lib/rehearsal/servers/postgres-server';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** Everything that a migration could leave on a source, as text; `sealift` schemas included. */
const CATALOGUE = `
  select 'relation' as kind, c.oid::regclass::text as object, concat_ws(' ', c.relkind, c.relreplident, c.relacl::text, c.relowner) as definition
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^(pg_toast|pg_temp)' and n.nspname <> 'rehearsal'
  union all select 'schema', nspname::text, nspacl::text from pg_namespace where nspname !~ '^pg_(toast_)?temp'
  union all select 'function', p.oid::regprocedure::text, p.proacl::text from pg_proc p
  union all select 'trigger', t.tgname::text, t.tgenabled::text from pg_trigger t
  union all select 'publication', pubname::text, '' from pg_publication
  union all select 'subscription', subname::text, '' from pg_subscription
  union all select 'slot', slot_name::text, '' from pg_replication_slots
  union all select 'role', rolname::text, concat_ws(' ', rolcanlogin, rolconnlimit, rolreplication, rolvaliduntil) from pg_roles
  union all select 'member', concat_ws(' in ', member::regrole, roleid::regrole, grantor::regrole), admin_option::text from pg_auth_members
  union all select 'database', datname::text, concat_ws(' ', datconnlimit, datallowconn, datacl::text) from pg_database
  union all select 'setting', concat_ws(' ', setdatabase, setrole), setconfig::text from pg_db_role_setting
  order by 1, 2, 3`;

async function catalogueOf(server: PostgresServer, databases: readonly string[]): Promise<string[]> {
  const facts: string[] = [];
  for (const database of [...databases, 'postgres']) {
    const found = await server.withAdmin(database, (session: Client) => session.query(CATALOGUE));
    facts.push(...found.rows.map((row) => `${database} ${Object.values(row).join(' | ')}`));
  }
  return facts;
}

test(
  'a keyless table that may get no replica identity blocks, and nothing on the source is changed',
  async () => {
    let before: string[] = [];
    let after: string[] = [];
    const { report } = await rehearseTiny({
      policy: { missingReplicaIdentity: 'block' },
      beforeMigration: async ({ source, databases }) => {
        before = await catalogueOf(source, databases);
      },
      afterMigration: async ({ source, databases }) => {
        after = await catalogueOf(source, databases);
      },
    });
    expect(report).toMatchObject({ outcome: 'aborted', writableSide: 'source', reason: { error: 'Blocked' } });
    expect(report.checks.filter(({ verdict }) => verdict === 'block').map(({ id }) => id)).toContain(
      'replica-identity',
    );
    expect(before.length).toBeGreaterThan(500);
    expect(after).toEqual(before);
  },
  SCENARIO_TIMEOUT_MS,
);
