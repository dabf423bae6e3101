/** Stands in for what RDS has patched into PostgreSQL and no grant can give. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { PostgresServer } from './postgres-server';

/**
 * Members of rds_replication, direct or through other roles, that lack the REPLICATION attribute. Superusers need none, and
 * pg_has_role would call them members of everything.
 */
const MEMBERS_WITHOUT_REPLICATION = `
  with recursive member as (
    select m.member
      from pg_auth_members m
     where m.roleid = (select oid from pg_roles where rolname = 'rds_replication')
    union
    select m.member
      from pg_auth_members m
      join member on member.member = m.roleid
  )
  select r.rolname
    from member
    join pg_roles r on r.oid = member.member
   where not r.rolreplication
     and not r.rolsuper`;

/**
 * Gives every member of `rds_replication` the REPLICATION attribute, over and over, and nothing else. It stands in for RDS's
 * own behaviour: there membership suffices to stream, community PostgreSQL asks for the attribute. A new member can stream
 * at most `intervalMs` later than on RDS. Survives stops and restarts of the server; returns a function that ends it.
 */
export function startRdsHooks(server: PostgresServer, intervalMs = 100): () => Promise<void> {
  const ending = new AbortController();
  const loop = run(server, intervalMs, ending.signal);
  return async () => {
    ending.abort();
    await loop;
  };
}

/** Gives every present member of `rds_replication` the REPLICATION attribute, once. */
export async function grantReplicationToMembers(session: Client): Promise<void> {
  const members = await session.query<{ rolname: string }>(MEMBERS_WITHOUT_REPLICATION);
  for (const { rolname } of members.rows) {
    await session.query(`alter role ${session.escapeIdentifier(rolname)} replication`);
  }
}

async function run(server: PostgresServer, intervalMs: number, signal: AbortSignal): Promise<void> {
  let session: Client | null = null;
  // Ends with the signal; a server that is down or restarts costs one failed turn per interval.
  while (!signal.aborted) {
    try {
      if (server.running) {
        session ??= await server.admin();
        await grantReplicationToMembers(session);
      }
    } catch {
      await session?.end().catch(() => undefined);
      session = null;
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  await session?.end().catch(() => undefined);
}
