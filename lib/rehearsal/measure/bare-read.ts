/** Reads every table once and does nothing with the rows: what a comparison of the same tables cannot beat. */
import type { PostgresServer } from '../servers/postgres-server';

const TABLES = `
  select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and c.relpersistence = 'p'
     and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'sealift')`;

/** Milliseconds for a sequential read of every table, by one session per server and database, all at once. */
export async function bareReadMs(servers: readonly PostgresServer[], databases: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(servers.flatMap((server) => databases.map((database) => readAll(server, database))));
  return performance.now() - startedAt;
}

function readAll(server: PostgresServer, database: string): Promise<void> {
  return server.withAdmin(database, async (session) => {
    await session.query('set enable_indexonlyscan = off; set enable_indexscan = off; set enable_bitmapscan = off');
    const { rows } = await session.query<{ name: string }>(TABLES);
    for (const { name } of rows) await session.query(`select pg_catalog.count(*) from only ${name}`);
  });
}
