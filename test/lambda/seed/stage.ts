/** A source shaped like an RDS instance with two databases, and the world of a step, for the tests of seed and replicate. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import { SCHEMA_VERSION, type StepName } from '../../../lambda/contract';
import type { Call } from '../../../lambda/contract/call';
import type { Policy } from '../../../lambda/contract/settings';
import { replicationRole } from '../../../lambda/platform/names';
import { Server, type Side } from '../../../lambda/platform/postgres';
import { World } from '../../../lambda/platform/world';
import { binariesFor } from '../../../lib/rehearsal/servers/binaries';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../lib/rehearsal/servers/certificate-authority';
import { copyUnderLoad } from '../../../lib/rehearsal/servers/physical-copy';
import { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

export const MIGRATION_ID = 'stage';
/** The last one also holds the home ledger. */
export const DATABASES = ['app', 'Odd "name"', 'postgres'] as const;
export const EXECUTION = 'arn:aws:states:eu-central-1:111122223333:execution:migrate:one';
export const MASTER = { username: 'dbadmin', password: 'master-password-0123456789' };
export const REPLICATION = {
  username: replicationRole(MIGRATION_ID),
  password: randomBytes(18).toString('base64url'),
};

export const POLICY: Policy = {
  road: 'snapshot',
  missingReplicaIdentity: 'full',
  largeObjects: 'block',
  unloggedTables: 'warn',
  excludeDatabases: [],
  cutoverBudgetSeconds: 60,
  longTransactions: { action: 'wait', afterSeconds: 60 },
  cutoverMaxLagBytes: 1_000_000,
  slotSafeBytes: 1_000_000,
  verifyWorkers: 1,
  before: { prunedTables: 0, scans: true },
  scan: { repair: 'block', maxBadRows: 100, workers: 1 },
  replicationConnection: { host: null, port: null, sslMode: 'require', rootCertificatePath: null },
  rollback: { windowHours: 0, host: null, port: null },
  recordTtlSeconds: 5,
};

/** Servers of one test file; `close` stops them all. */
export class Stage {
  private readonly open: Server[] = [];

  private constructor(
    readonly run: RunDirectory,
    readonly authority: CertificateAuthority,
    readonly source: PostgresServer,
  ) {}

  /** Starts a source of the major version given. */
  static async start(major: number, settings: Record<string, string | number> = {}): Promise<Stage> {
    const run = await RunDirectory.create();
    const authority = await createCertificateAuthority();
    const source = run.add(
      await PostgresServer.create({
        binaries: await binariesFor(major),
        directory: join(run.path, 'source'),
        certificate: await authority.issue(['localhost']),
        settings: { shared_buffers: '32MB', ...settings },
      }),
    );
    await source.start();
    await shapeAsRds(source, { masterUsername: MASTER.username, masterPassword: MASTER.password });
    const stage = new Stage(run, authority, source);
    await stage.fill();
    return stage;
  }

  /** A further server on a physical copy of the source, taken while it runs; not started. */
  async copy(name: string, settings: Record<string, string | number> = {}): Promise<PostgresServer> {
    const directory = join(this.run.path, name);
    await copyUnderLoad(this.source, directory);
    return this.run.add(
      await PostgresServer.open({
        binaries: await binariesFor(this.source.major),
        directory,
        certificate: await this.authority.issue(['localhost']),
        settings: { shared_buffers: '32MB', ...settings },
      }),
    );
  }

  /** Connections of a step, as its world would open them. */
  server<S extends Side>(side: S, postgres: PostgresServer, world: World): Server<S> {
    const server = new Server(side, {
      endpoint: { host: '127.0.0.1', port: postgres.port },
      credentials: MASTER,
      applicationName: world.applicationName(),
      trustedCa: this.authority.caPem,
    });
    this.open.push(server);
    return server;
  }

  /** The world of a step. */
  world(step: StepName, epoch: string, options: { policy?: Partial<Policy>; execution?: string } = {}): World {
    const call: Call & { epoch: string } = {
      schemaVersion: SCHEMA_VERSION,
      execution: options.execution ?? EXECUTION,
      epoch,
    };
    return new World(step, call, () => 240_000, {
      migrationId: MIGRATION_ID,
      sourceInstance: 'source',
      masterSecretArn: 'arn:master',
      replicationSecretArn: 'arn:replication',
      targetStack: 'target',
      targetInstance: 'target',
      keyArn: 'arn:key',
      evidenceBucket: 'evidence',
      switch: { kind: 'route53', hostedZoneId: 'zone', recordName: 'db.example.test', ttlSeconds: 5 },
      policy: { ...POLICY, ...options.policy },
      trustedCa: this.authority.caPem,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map((server) => server.close()));
    await this.run.stopAll();
  }

  private async fill(): Promise<void> {
    await this.source.withAdmin('postgres', async (session) => {
      await session.query(`create role app_owner nologin; create role app_writer login password 'writer';
        create role "Odd Owner" login password 'odd'`);
      await session.query(`grant "Odd Owner" to ${MASTER.username} with admin option`);
      if (this.source.major >= 16) {
        await session.query(
          `grant app_owner, app_writer to ${MASTER.username} with admin option, inherit false, set false`,
        );
      }
      for (const database of DATABASES.slice(0, -1)) {
        await session.query(`create database ${session.escapeIdentifier(database)} owner app_owner`);
      }
      await session.query(`revoke all on database app from public; grant connect on database app to app_writer`);
    });
    for (const database of DATABASES) await this.source.withAdmin(database, fillDatabase);
  }
}

async function fillDatabase(session: Client): Promise<void> {
  await session.query(`
    create schema "Odd ""schema""" authorization "Odd Owner";
    create table keyed (id bigint generated always as identity primary key, body text);
    create table keyless (at timestamptz not null default now(), body text);
    create table uniquely (code text not null, body jsonb);
    create unique index uniquely_code on uniquely (code);
    create table nothing (id int primary key, body text);
    alter table nothing replica identity nothing;
    create table "Odd ""schema"""."Odd; table" (id int primary key, body text);
    create table parted (id int, at date not null, body text, primary key (id, at)) partition by range (at);
    create table parted_1 partition of parted for values from ('2020-01-01') to ('2021-01-01');
    create unlogged table scratch (id int);
    alter table keyed owner to app_owner; alter table keyless owner to app_owner; alter table uniquely owner to app_owner;
    alter table nothing owner to app_owner; alter table parted owner to app_owner; alter table parted_1 owner to app_owner;
    alter table scratch owner to app_owner; alter table "Odd ""schema"""."Odd; table" owner to "Odd Owner";
    insert into keyed (body) select repeat('x', 100) from generate_series(1, 1000);
    insert into keyless (body) select 'k' || n from generate_series(1, 100) n;
    insert into uniquely select 'c' || n, '{}' from generate_series(1, 100) n;
    insert into nothing select n, 'n' from generate_series(1, 100) n;
    insert into parted select n, '2020-05-05', 'p' from generate_series(1, 100) n`);
}
