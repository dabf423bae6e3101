/** `pg_dump` of databases to nowhere: what operators did before there was a scan. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { PostgresServer } from '../servers/postgres-server';

const run = promisify(execFile);

/** The role that dumps; it is there only while that is measured. */
const ROLE = 'measured_dump';

/** The `pg_dump` of this machine. */
export interface PgDump {
  readonly major: number;
  /** As it names itself. */
  readonly version: string;
}

/** Finds the `pg_dump` on the path; null where there is none: the servers from npm bring none. */
export async function findPgDump(): Promise<PgDump | null> {
  try {
    const version = (await run('pg_dump', ['--version'])).stdout.trim();
    return { version, major: Number(/ (\d+)/.exec(version)?.[1]) };
  } catch {
    return null;
  }
}

/** Milliseconds that dumping `databases` takes, one after the other, when they were dumped once before. */
export async function dumpMs(server: PostgresServer, databases: readonly string[]): Promise<number> {
  const password = randomBytes(18).toString('base64url');
  return server.withAdmin('postgres', async (session) => {
    await session.query(`create role ${ROLE} superuser login password '${password}'`);
    try {
      await dumpAll(server, databases, password);
      const startedAt = performance.now();
      await dumpAll(server, databases, password);
      return performance.now() - startedAt;
    } finally {
      await session.query(`drop role ${ROLE}`);
    }
  });
}

async function dumpAll(server: PostgresServer, databases: readonly string[], password: string): Promise<void> {
  for (const database of databases) {
    const to = ['--file', '/dev/null', '--host', '127.0.0.1', '--port', String(server.port), '--username', ROLE];
    await run('pg_dump', [...to, database], { env: { ...process.env, PGPASSWORD: password, PGSSLMODE: 'require' } });
  }
}
