/** A source and an empty target shaped like RDS instances, and what a superuser or the steps open on them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../../../../lambda/contract';
import { type Expectation, ensureLedger } from '../../../../lambda/platform/ledger';
import { upsertMigration } from '../../../../lambda/platform/ledger-sql';
import { Server, type Side } from '../../../../lambda/platform/postgres';
import { World } from '../../../../lambda/platform/world';
import type { Binaries } from '../../../../lib/rehearsal/servers/binaries';
import { readAdminPassword, type Settings } from '../../../../lib/rehearsal/servers/data-directory';
import type { PostgresServer } from '../../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../../lib/rehearsal/servers/rds-shape';
import { type RehearsedRun, startRun } from '../../../rehearsal/servers/rehearsed-run';
import { POLICY } from '../../seed/stage';

export const MASTER = { username: 'dbadmin', password: 'master-password-0123456789' };

/** Nobody waits for such a dump. */
export const LIMITS = { timeoutMs: 60_000, memoryBytes: 512 * 1024 * 1024 };

const MIGRATION_ID = 'pair';
const EXECUTION = 'arn:aws:states:eu-central-1:111122223333:execution:migrate:one';

/** The world of a step that ends when `remainingMs` says so. */
export function worldOf(remainingMs: () => number = () => 240_000): World {
  return new World('prepare', { schemaVersion: SCHEMA_VERSION, execution: EXECUTION, epoch: '1' }, remainingMs, {
    migrationId: MIGRATION_ID,
    sourceInstance: 'source',
    masterSecretArn: 'arn:master',
    replicationSecretArn: 'arn:replication',
    targetStack: 'target',
    targetInstance: 'target',
    keyArn: 'arn:key',
    evidenceBucket: 'evidence',
    switch: { kind: 'route53', hostedZoneId: 'zone', recordName: 'db.example.test', ttlSeconds: 5 },
    policy: POLICY,
    trustedCa: '',
  });
}

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

  static async start(
    sourceMajor: number,
    targetMajor: number,
    settings: Settings = {},
    binaries?: Binaries,
  ): Promise<Pair> {
    const rehearsed = await startRun();
    try {
      const servers = await Promise.all([
        startShaped(rehearsed, sourceMajor, settings, binaries),
        startShaped(rehearsed, targetMajor, settings, binaries),
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

  /** A server as its superuser opens it. */
  async connectAsAdmin<S extends Side>(side: S): Promise<Server<S>> {
    const postgres = side === 'source' ? this.source : this.target;
    const password = await readAdminPassword(postgres.dataDirectory);
    return this.connect(side, 'test', { username: 'rdsadmin', password });
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

  /** Makes a database on the target with a ledger in which this migration is seeding. */
  async claim(database: string): Promise<Expectation> {
    await this.run('target', database, '');
    const session = await this.connect('target').session(database);
    await ensureLedger(session);
    const row = { migrationId: MIGRATION_ID, side: 'target', phase: 'seeding', epoch: '1' } as const;
    await session.execute(upsertMigration({ ...row, execution: EXECUTION, systemIdentifier: '1' }));
    return { migrationId: MIGRATION_ID, epoch: '1', phases: ['seeding'] };
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map((server) => server.close()));
    await this.rehearsed.run.stopAll();
  }
}

async function startShaped(
  rehearsed: RehearsedRun,
  major: number,
  settings: Settings,
  binaries?: Binaries,
): Promise<PostgresServer> {
  const server = await rehearsed.create(major, settings, binaries);
  await server.start();
  await shapeAsRds(server, { masterUsername: MASTER.username, masterPassword: MASTER.password });
  return server;
}
