/** A source and an empty target shaped like RDS instances, and what a superuser or the steps open on them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, type Side } from '../../../../lambda/platform/postgres';
import type { Settings } from '../../../../lib/rehearsal/servers/data-directory';
import type { PostgresServer } from '../../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../../lib/rehearsal/servers/rds-shape';
import { type RehearsedRun, startRun } from '../../../rehearsal/servers/rehearsed-run';

export const MASTER = { username: 'dbadmin', password: 'master-password-0123456789' };

/** Nobody waits for such a dump. */
export const LIMITS = { timeoutMs: 60_000, memoryBytes: 512 * 1024 * 1024 };

/** A file of statements beside the tests. */
export function statementsOf(name: string): string {
  return readFileSync(join(__dirname, name), 'utf8');
}

/** Both servers of one test file; `close` stops them. */
export class Pair {
  private readonly open: Server[] = [];

  private constructor(
    private readonly rehearsed: RehearsedRun,
    readonly source: PostgresServer,
    readonly target: PostgresServer,
  ) {}

  static async start(sourceMajor: number, targetMajor: number, settings: Settings = {}): Promise<Pair> {
    const rehearsed = await startRun();
    try {
      const servers = await Promise.all([
        startShaped(rehearsed, sourceMajor, settings),
        startShaped(rehearsed, targetMajor, settings),
      ]);
      return new Pair(rehearsed, ...servers);
    } catch (error) {
      await rehearsed.run.stopAll();
      throw error;
    }
  }

  /** A server as a step opens it; `as` defaults to the master user. */
  connect<S extends Side>(side: S, applicationName = 'test', as = MASTER): Server<S> {
    const postgres = side === 'source' ? this.source : this.target;
    const server = new Server(side, {
      endpoint: { host: '127.0.0.1', port: postgres.port },
      credentials: as,
      applicationName,
      trustedCa: postgres.caPem,
    });
    this.open.push(server);
    return server;
  }

  /** Runs statements in a database of a side, as the superuser; a database that is missing is made first. */
  async run(side: Side, database: string, text: string): Promise<void> {
    const postgres = side === 'source' ? this.source : this.target;
    await postgres.withAdmin('postgres', async (session) => {
      const { rowCount } = await session.query('select from pg_database where datname = $1', [database]);
      const owner = session.escapeIdentifier(MASTER.username);
      if (rowCount === 0) await session.query(`create database ${session.escapeIdentifier(database)} owner ${owner}`);
    });
    await postgres.withAdmin(database, (session) => session.query(text));
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map((server) => server.close()));
    await this.rehearsed.run.stopAll();
  }
}

async function startShaped(rehearsed: RehearsedRun, major: number, settings: Settings): Promise<PostgresServer> {
  const server = await rehearsed.create(major, settings);
  await server.start();
  await shapeAsRds(server, { masterUsername: MASTER.username, masterPassword: MASTER.password });
  return server;
}
