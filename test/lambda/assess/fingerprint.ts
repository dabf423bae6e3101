/** What tells whether anything was written to a server. */
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';

/** What a dump of the catalogue and a count of transactions would tell: any write moves the latter. */
export async function fingerprint(server: PostgresServer, databases: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const database of databases) {
    await server.withAdmin(database, async (session) => {
      const { rows } = await session.query<{ fact: string }>(FINGERPRINT);
      found.push(...rows.map(({ fact }) => `${database} ${fact}`));
    });
  }
  return found;
}

const FINGERPRINT = `
  select 'next xid ' || pg_snapshot_xmax(pg_current_snapshot())::text as fact
  union all select 'relation ' || to_jsonb(c)::text from (select oid, relname, relowner, relacl, relreplident, relkind from pg_class) c
  union all select 'role ' || to_jsonb(r)::text from pg_authid r
  union all select 'member ' || to_jsonb(m)::text from pg_auth_members m
  union all select 'database ' || to_jsonb(d)::text from (select datname, datacl, datconnlimit from pg_database) d
  union all select 'setting ' || to_jsonb(s)::text from pg_db_role_setting s
  union all select 'schema ' || to_jsonb(n)::text from pg_namespace n
  union all select 'slot ' || slot_name from pg_replication_slots
  union all select 'publication ' || pubname from pg_publication
  union all select 'subscription ' || subname from pg_subscription
  order by 1`;
