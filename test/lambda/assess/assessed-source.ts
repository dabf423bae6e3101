/** A healthy source shaped like an RDS instance, and `assess` run on it as the step would. */
import { join } from 'node:path';
import type { Client } from 'pg';
import { assess, assessInput } from '../../../lambda/assess/assess';
import type { CheckId } from '../../../lambda/assess/check';
import type { ManagedInspection } from '../../../lambda/assess/managed';
import { SCHEMA_VERSION } from '../../../lambda/contract';
import type { Check, Inspection } from '../../../lambda/contract/assessment';
import type { EvidencePointer, InstanceFacts } from '../../../lambda/contract/instance';
import type { Output } from '../../../lambda/contract/payloads';
import type { CopySettings, Policy } from '../../../lambda/contract/settings';
import { streamName } from '../../../lambda/platform/names';
import { Server } from '../../../lambda/platform/postgres';
import { World } from '../../../lambda/platform/world';
import { binariesFor } from '../../../lib/rehearsal/servers/binaries';
import { createCertificateAuthority } from '../../../lib/rehearsal/servers/certificate-authority';
import { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { RunDirectory } from '../../../lib/rehearsal/servers/run-directory';
import { fingerprint } from './fingerprint';

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

export const EXECUTION = 'arn:aws:states:eu-central-1:111122223333:execution:assess:one';
export const MIGRATION_ID = 'guard';
/** Slot and publication of this migration in database `app`. */
export const OUR_STREAM = streamName(MIGRATION_ID, 'app');
export const MASTER = { username: 'dbadmin', password: 'master-password-0123456789' };
export const HEALTHY_SETTINGS = {
  shared_buffers: '32MB',
  fsync: false,
  autovacuum: false,
  max_prepared_transactions: 5,
  max_slot_wal_keep_size: '2GB',
} as const;

export const POLICY: Policy = {
  road: 'snapshot',
  missingReplicaIdentity: 'full',
  largeObjects: 'block',
  unloggedTables: 'warn',
  excludeDatabases: [],
  cutoverBudgetSeconds: 60,
  longTransactions: { action: 'wait', afterSeconds: 60 },
  cutoverMaxLagBytes: 1_000_000,
  slotSafeBytes: 1_073_741_824,
  verifyWorkers: 1,
  before: { prunedTables: 0, scans: true },
  scan: { repair: 'block', maxBadRows: 100, workers: 1 },
  replicationConnection: { host: null, port: null, sslMode: 'require', rootCertificatePath: null },
  rollback: { windowHours: 0, host: null, port: null },
  recordTtlSeconds: 5,
};

/** How rows travel; `app_writer` of the healthy source keeps its password. */
export const COPY_SETTINGS: CopySettings = {
  workers: 4,
  builds: 2,
  skipExtensions: [],
  passwords: { app_writer: 'arn:aws:secretsmanager:eu-central-1:1:secret:writer-Ab12Cd' },
  rolePasswordsArn: 'arn:aws:secretsmanager:eu-central-1:1:secret:roles-Ab12Cd',
};

/** Everything that AWS says of a healthy migration; `major` is the source's. */
export function healthyInspection(major: number): ManagedInspection {
  const source: InstanceFacts = {
    endpoint: { bucket: 'evidence', key: 'endpoint-source' },
    instanceId: 'source',
    arn: 'arn:aws:rds:eu-central-1:111122223333:db:source',
    resourceId: 'db-SOURCE',
    status: 'available',
    engine: 'postgres',
    engineVersion: `${major}.10`,
    instanceClass: 'db.m6g.large',
    masterUsername: MASTER.username,
    masterSecretArn: null,
    encryption: { type: 'none', keyArn: null },
    multiAz: false,
    publiclyAccessible: false,
    deletionProtection: true,
    backupRetentionDays: 7,
    allocatedStorageGib: 20,
    parameterGroups: [{ name: 'source-17', applyStatus: 'in-sync' }],
  };
  return {
    source,
    target: { stackName: 'Sealift-guard-Target', stackStatus: 'CREATE_COMPLETE', seed: 'none', instance: null },
    key: {
      arn: 'arn:aws:kms:eu-central-1:1:key/wanted',
      state: 'Enabled',
      usage: 'ENCRYPT_DECRYPT',
      managedByCustomer: true,
    },
    record: { kind: 'route53', name: 'db.example.test', pointsTo: 'source', ttlSeconds: 5 },
    surroundings: healthySurroundings(major),
  };
}

/** What else AWS says of it. */
export function healthySurroundings(major: number): ManagedInspection['surroundings'] {
  return {
    inspectedAt: '2026-11-20T12:00:00.000Z',
    source: {
      storageType: 'gp3',
      maxAllocatedStorageGib: null,
      readReplicas: [],
      iamAuthentication: false,
      optionGroups: [`default:postgres-${major}`],
      attachedRoles: [],
      latestRestorableTime: '2026-11-20T11:55:00.000Z',
    },
    target: {
      instanceClass: 'db.m6g.large',
      engineVersion: `${major}.10`,
      allocatedStorageGib: 20,
      maxAllocatedStorageGib: null,
      storageType: 'gp3',
      multiAz: true,
      parameterGroup: `sealift-guard-target-${major}`,
    },
    offer: { minStorageGib: 20, maxStorageGib: 65_536, multiAz: true, encryption: true },
    quotas: [
      { name: 'DBInstances', used: 3, max: 40 },
      { name: 'AllocatedStorage', used: 300, max: 100_000 },
      { name: 'ManualSnapshots', used: 5, max: 100 },
    ],
    parameters: [],
  };
}

/** What a run of the step is given beyond the healthy case. */
export interface Circumstances {
  readonly policy?: Partial<Policy>;
  readonly inspection?: Inspection;
  readonly execution?: string;
  readonly takeOver?: string;
  /** Takes the copy road with these settings. */
  readonly copy?: Partial<CopySettings>;
}

/** The step's world with the servers of this machine instead of a secret and an endpoint, and without a bucket. */
class AssessWorld extends World {
  report: unknown = null;
  readonly opened: Server[] = [];

  constructor(
    private readonly on: PostgresServer,
    circumstances: Circumstances,
  ) {
    const call = { schemaVersion: SCHEMA_VERSION, execution: circumstances.execution ?? EXECUTION } as const;
    super('assess', call, () => 240_000, {
      migrationId: MIGRATION_ID,
      sourceInstance: 'source',
      masterSecretArn: 'arn:master',
      replicationSecretArn: 'arn:replication',
      targetStack: 'Sealift-guard-Target',
      targetInstance: 'sealift-guard-target',
      keyArn: 'arn:aws:kms:eu-central-1:1:key/wanted',
      evidenceBucket: 'evidence',
      switch: { kind: 'route53', hostedZoneId: 'Z1', recordName: 'db.example.test', ttlSeconds: 5 },
      policy: { ...POLICY, ...(circumstances.copy && { road: 'copy' as const }), ...circumstances.policy },
      ...(circumstances.copy && { copy: { ...COPY_SETTINGS, ...circumstances.copy } }),
      trustedCa: on.caPem,
    });
  }

  override async openSource(): Promise<Server<'source'>> {
    const server = new Server('source', {
      endpoint: { host: '127.0.0.1', port: this.on.port },
      credentials: MASTER,
      applicationName: this.applicationName(),
      trustedCa: this.on.caPem,
    });
    this.opened.push(server);
    return server;
  }

  readonly documents: Record<string, string> = {};

  override async keepDocument(name: string, kind: 'html' | 'txt', text: string): Promise<EvidencePointer> {
    this.documents[kind] = text;
    return { bucket: 'evidence', key: `${name}.${kind}` };
  }

  override async keepEvidence(name: string, content: object): Promise<EvidencePointer> {
    this.report = JSON.parse(JSON.stringify(content));
    return { bucket: 'evidence', key: name };
  }
}

/** The answer of the step, and the whole report. */
export interface Assessment {
  readonly output: Output<'assess'>;
  readonly report: { readonly checks: readonly Check[] } & Readonly<Record<string, unknown>>;
  check(id: CheckId): Check;
  /** The page and the screen of text. */
  readonly documents: Readonly<Record<string, string>>;
}

/** A server of one test file with databases `app` and `Odd "name"`, made by the master and its roles. */
export class AssessedSource {
  private constructor(
    private readonly run: RunDirectory,
    readonly server: PostgresServer,
  ) {}

  static async start(major: number): Promise<AssessedSource> {
    const run = await RunDirectory.create();
    try {
      const authority = await createCertificateAuthority();
      const server = run.add(
        await PostgresServer.create({
          binaries: await binariesFor(major),
          directory: join(run.path, 'source'),
          certificate: await authority.issue(['localhost']),
          settings: HEALTHY_SETTINGS,
        }),
      );
      await server.start();
      await shapeAsRds(server, { masterUsername: MASTER.username, masterPassword: MASTER.password });
      const source = new AssessedSource(run, server);
      await source.fill();
      return source;
    } catch (error) {
      await run.stopAll();
      throw error;
    }
  }

  async assess(circumstances: Circumstances = {}): Promise<Assessment> {
    const world = new AssessWorld(this.server, circumstances);
    const inspection = circumstances.inspection ?? healthyInspection(this.server.major);
    try {
      const { execution } = world.call;
      const takeOver = circumstances.takeOver ?? null;
      const input = { schemaVersion: SCHEMA_VERSION, execution, inspection, takeOver } as const;
      // No check of these tests rests on the rate of WAL.
      const output = await assess(assessInput.parse(JSON.parse(JSON.stringify(input))), world, 0);
      const report = world.report as Assessment['report'];
      return {
        output,
        report,
        documents: world.documents,
        check(id) {
          const found = report.checks.filter((check) => check.id === id);
          if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} checks ${id}`);
          return found[0];
        },
      };
    } finally {
      await Promise.all(world.opened.map((server) => server.close()));
    }
  }

  /** Runs statements as `rdsadmin`. */
  async admin(database: string, ...statements: readonly string[]): Promise<void> {
    await this.server.withAdmin(database, async (session) => {
      for (const statement of statements) await session.query(statement);
    });
  }

  /** A connected session of the master user, as an application that borrows it; the caller ends it. */
  async master(database: string): Promise<Client> {
    const client = await this.server.admin(database);
    await client.query(`set session authorization ${client.escapeIdentifier(MASTER.username)}`);
    return client;
  }

  /** Restarts the server with other settings. */
  async restart(settings: Record<string, string | number | boolean> = {}): Promise<void> {
    await this.server.stop();
    await this.server.configure({ ...HEALTHY_SETTINGS, ...settings });
    await this.server.start();
  }

  /** The facts that any change of the server's databases moves. */
  fingerprint(): Promise<readonly string[]> {
    return fingerprint(this.server, ['postgres', 'app', 'Odd "name"']);
  }

  async close(): Promise<void> {
    await this.run.stopAll();
  }

  private async fill(): Promise<void> {
    const master = await this.master('postgres');
    await master.query(`create role app_owner nologin; create role app_writer login password 'writer'`);
    await master.query('grant app_owner to current_user');
    await master.query('create database app owner app_owner');
    await master.query('create database "Odd ""name""" owner app_owner');
    await master.end();
    for (const database of ['app', 'Odd "name"']) {
      const session = await this.master(database);
      await session.query('set role app_owner');
      await session.query(`create table keyed (id bigint generated always as identity primary key, body jsonb);
        insert into keyed (body) select '{}' from generate_series(1, 50); analyze keyed;
        create schema "Odd ""schema"""; create table "Odd ""schema"""."Odd; table" (id int primary key)`);
      await session.end();
    }
  }
}
