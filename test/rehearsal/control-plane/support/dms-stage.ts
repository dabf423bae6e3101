import { join } from 'node:path';
import {
  CreateReplicationTaskCommand,
  DatabaseMigrationServiceClient,
  DescribeConnectionsCommand,
  DescribeReplicationTasksCommand,
  DescribeTableStatisticsCommand,
  type ReplicationTask,
  StartReplicationTaskCommand,
  type StartReplicationTaskCommandInput,
  StopReplicationTaskCommand,
  type TableStatistics,
  TestConnectionCommand,
} from '@aws-sdk/client-database-migration-service';
import type { Client } from 'pg';
import { authorizeByIam } from '../../../../lib/rehearsal/control-plane/authorize-by-iam';
import type { Certificate, Endpoint, ReplicationInstance } from '../../../../lib/rehearsal/control-plane/dms/resources';
import { LocalDatabaseHost } from '../../../../lib/rehearsal/control-plane/rds/local-database-host';
import { createIam, type Iam } from '../../../../lib/rehearsal/iam/iam';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../../lib/rehearsal/servers/certificate-authority';
import type { PostgresServer } from '../../../../lib/rehearsal/servers/postgres-server';
import { RunDirectory } from '../../../../lib/rehearsal/servers/run-directory';
import { ACCOUNT, eventually, type LocalAws, REGION, startLocalAws } from './local-aws';

/** A password of the stage's master users. */
const PASSWORD = 'a master password';

/** Role that reads the endpoints' secrets. */
export const SECRETS_ROLE = `arn:aws:iam::${ACCOUNT}:role/dms-secrets`;

/** Selects every table of schema `public`. */
export const EVERYTHING = mappings({ schema: 'public', table: '%' });

/** Table mappings of one selection rule. */
export function mappings(locator: { schema: string; table: string }): string {
  return JSON.stringify({
    rules: [
      {
        'rule-type': 'selection',
        'rule-id': '1',
        'rule-name': '1',
        'object-locator': { 'schema-name': locator.schema, 'table-name': locator.table },
        'rule-action': 'include',
      },
    ],
  });
}

/** What a task of a test is made of. */
export interface MoveOptions {
  readonly type?: 'full-load' | 'cdc' | 'full-load-and-cdc';
  readonly source?: Readonly<Record<string, unknown>>;
  readonly target?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly mappings?: string;
  readonly cdcStartPosition?: string;
}

/** Settings under which DMS carries everything that it can. */
export const FAITHFUL = {
  source: { MapBooleanAsBoolean: true, TrimSpaceInChar: false },
  target: { MapBooleanAsBoolean: true, AfterConnectScript: "SET session_replication_role='replica'" },
  settings: { TargetMetadata: { SupportLobs: true, LimitedSizeLobMode: true, LobMaxSize: 1_024 } },
};

/** Two servers in the shape of RDS behind a control plane, and a replication instance that may read their secrets. */
export class DmsStage {
  #serial = 0;
  #awsClosed = false;

  private constructor(
    readonly aws: LocalAws,
    readonly iam: Iam,
    readonly authority: CertificateAuthority,
    readonly client: DatabaseMigrationServiceClient,
    private readonly run: RunDirectory,
    private readonly host: LocalDatabaseHost,
    readonly certificate: Certificate,
  ) {}

  /** Starts everything; the caller closes it. */
  static async start(): Promise<DmsStage> {
    const run = await RunDirectory.create();
    const authority = await createCertificateAuthority();
    const host = new LocalDatabaseHost({
      directory: join(run.path, 'servers'),
      certificateAuthority: authority,
      onServer: (server) => run.add(server),
      settings: { shared_buffers: '32MB', fsync: false },
    });
    const iam = createIam();
    const aws = await startLocalAws({
      directory: run.path,
      databaseHost: host,
      authorize: authorizeByIam(iam),
      authorizeAssumeRole: (request) => iam.authorizeAssumeRole(request),
    });
    const { rds, secrets, dms } = aws.plane;
    rds.parameterGroups.create('logical', 'postgres17', { parameters: { 'rds.logical_replication': '1' } });
    const instances = ['source', 'target'].map((instanceId) =>
      rds.instances.create({
        instanceId,
        engineVersion: '17.10',
        master: { username: 'dbadmin', password: PASSWORD },
        settings: { parameterGroup: 'logical', backupRetentionDays: 0 },
      }),
    );
    await Promise.all(instances.map(({ settled }) => settled));
    for (const { instanceId, hostName, database } of instances) {
      const value = { username: 'dbadmin', password: PASSWORD, host: hostName, port: database?.endpointPort };
      secrets.create({ name: instanceId, value: JSON.stringify(value) });
    }
    putRole(iam, 'dms-vpc-role', 'dms.amazonaws.com', []);
    putRole(iam, 'dms-secrets', `dms.${REGION}.amazonaws.com`, [
      { actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], resource: '*' },
    ]);
    const certificate = dms.endpoints.importCertificate({ identifier: 'rds-ca', pem: authority.caPem });
    const client = new DatabaseMigrationServiceClient(aws.client());
    const stage = new DmsStage(aws, iam, authority, client, run, host, certificate);
    const replicationInstance = dms.instances.create({
      identifier: 'mover',
      settings: { instanceClass: 'dms.t3.medium' },
      tags: new Map(),
    });
    await replicationInstance.settled;
    return stage;
  }

  /** The replication instance. */
  get instance(): ReplicationInstance {
    const [instance] = this.aws.plane.dms.instances.list();
    if (!instance) throw new Error('the stage has no replication instance');
    return instance;
  }

  /** The server of a side. */
  server(side: 'source' | 'target'): PostgresServer {
    const server = this.host.server(side);
    if (!server) throw new Error(`no server behind ${side}`);
    return server;
  }

  /** Makes a database on both sides, filled by `schema`; sides may differ by `target`. */
  async databases(schema: string, target: string = schema): Promise<Databases> {
    const name = `db${++this.#serial}`;
    const open = async (side: 'source' | 'target', statements: string) => {
      await this.server(side).withAdmin('postgres', (admin) => admin.query(`create database ${name} owner dbadmin`));
      const session = await this.server(side).admin(name);
      await session.query('set role dbadmin');
      await session.query(statements);
      return session;
    };
    return { name, source: await open('source', schema), target: await open('target', target) };
  }

  /** Makes an endpoint of a database. */
  endpoint(
    side: 'source' | 'target',
    databaseName: string,
    settings: Readonly<Record<string, unknown>> = {},
  ): Endpoint {
    return this.aws.plane.dms.endpoints.create({
      identifier: `e${++this.#serial}`,
      type: side,
      databaseName,
      sslMode: 'verify-full',
      certificateArn: this.certificate.arn,
      postgreSqlSettings: { SecretsManagerSecretId: side, SecretsManagerAccessRoleArn: SECRETS_ROLE, ...settings },
      tags: new Map(),
    });
  }

  /** Makes a task with its endpoints, tests the connections, and waits until it is ready. */
  async move(databases: Databases, options: MoveOptions = {}): Promise<Move> {
    const source = this.endpoint('source', databases.name, { CaptureDdls: false, ...options.source });
    const target = this.endpoint('target', databases.name, options.target);
    for (const endpoint of [source, target]) await this.testConnection(endpoint.arn);
    const { ReplicationTask: task } = await this.client.send(
      new CreateReplicationTaskCommand({
        ReplicationTaskIdentifier: `task-${++this.#serial}`,
        ReplicationInstanceArn: this.instance.arn,
        SourceEndpointArn: source.arn,
        TargetEndpointArn: target.arn,
        MigrationType: options.type ?? 'full-load-and-cdc',
        TableMappings: options.mappings ?? EVERYTHING,
        ReplicationTaskSettings: JSON.stringify(options.settings ?? {}),
        ...(options.cdcStartPosition !== undefined && { CdcStartPosition: options.cdcStartPosition }),
      }),
    );
    const move = new Move(this.client, task?.ReplicationTaskArn ?? '');
    await move.until('ready');
    return move;
  }

  /** Tests a connection and answers its outcome. */
  async testConnection(endpointArn: string) {
    await this.client.send(
      new TestConnectionCommand({ ReplicationInstanceArn: this.instance.arn, EndpointArn: endpointArn }),
    );
    const Filters = [{ Name: 'endpoint-arn', Values: [endpointArn] }];
    return eventually(async () => {
      const { Connections = [] } = await this.client.send(new DescribeConnectionsCommand({ Filters }));
      return Connections.find(({ Status }) => Status !== 'testing');
    });
  }

  /** Ends the control plane alone; a second time nothing happens. */
  async closeAws(): Promise<void> {
    if (this.#awsClosed) return;
    this.#awsClosed = true;
    this.client.destroy();
    await this.aws.plane.close();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.closeAws();
    await this.host.close();
    await this.run.stopAll();
  }
}

/** A database on both sides, and a session of its owner on each. */
export interface Databases {
  readonly name: string;
  readonly source: Client;
  readonly target: Client;
}

/** A task under test, driven by the SDK. */
export class Move {
  constructor(
    private readonly client: DatabaseMigrationServiceClient,
    readonly arn: string,
  ) {}

  /** Starts the task; answers when it runs, or has ended. */
  async start(
    type: StartReplicationTaskCommandInput['StartReplicationTaskType'] = 'start-replication',
    positions: Partial<StartReplicationTaskCommandInput> = {},
  ): Promise<ReplicationTask> {
    await this.client.send(
      new StartReplicationTaskCommand({ ReplicationTaskArn: this.arn, StartReplicationTaskType: type, ...positions }),
    );
    return this.until('running', 'stopped', 'failed');
  }

  /** Stops the task and waits for that. */
  async stop(): Promise<ReplicationTask> {
    await this.client.send(new StopReplicationTaskCommand({ ReplicationTaskArn: this.arn }));
    return this.until('stopped', 'failed');
  }

  /** The task as DMS describes it. */
  async describe(): Promise<ReplicationTask> {
    const Filters = [{ Name: 'replication-task-arn', Values: [this.arn] }];
    const { ReplicationTasks = [] } = await this.client.send(new DescribeReplicationTasksCommand({ Filters }));
    return ReplicationTasks[0] ?? {};
  }

  /** Waits for one of some statuses. */
  async until(...statuses: readonly string[]): Promise<ReplicationTask> {
    return eventually(async () => {
      const task = await this.describe();
      return statuses.includes(task.Status ?? '') ? task : undefined;
    });
  }

  /** Statistics of a table. */
  async table(name: string): Promise<TableStatistics> {
    const Filters = [{ Name: 'table-name', Values: [name] }];
    const { TableStatistics = [] } = await this.client.send(
      new DescribeTableStatisticsCommand({ ReplicationTaskArn: this.arn, Filters }),
    );
    return TableStatistics[0] ?? {};
  }

  /** Waits until a table's statistics are as wanted. */
  async untilTable(name: string, wanted: (statistics: TableStatistics) => boolean): Promise<TableStatistics> {
    return eventually(async () => {
      const statistics = await this.table(name);
      return wanted(statistics) ? statistics : undefined;
    });
  }
}

/** Rows of a query as JSON texts, in order. */
export async function rowsOf(session: Client, table: string): Promise<string[]> {
  const { rows } = await session.query<{ row: string }>(`select to_jsonb(t)::text as row from ${table} t order by 1`);
  return rows.map(({ row }) => row);
}

/** Waits until both sides hold the same rows. */
export async function untilEqual({ source, target }: Databases, table: string): Promise<string[]> {
  return eventually(async () => {
    const [left, right] = [await rowsOf(source, table), await rowsOf(target, table)];
    return JSON.stringify(left) === JSON.stringify(right) ? right : undefined;
  });
}

/** Adds a role that a service may take on. */
export function putRole(
  iam: Iam,
  roleName: string,
  service: string,
  permissions: readonly { readonly actions: readonly string[]; readonly resource: string }[],
): string {
  const arn = `arn:aws:iam::${ACCOUNT}:role/${roleName}`;
  iam.putRole({
    roleName,
    arn,
    trustPolicy: { Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }] },
    inlinePolicies:
      permissions.length === 0
        ? []
        : [
            {
              name: 'own',
              document: {
                Version: '2012-10-17',
                Statement: permissions.map(({ actions, resource }) => ({
                  Effect: 'Allow',
                  Action: [...actions],
                  Resource: resource,
                })),
              },
            },
          ],
    managedPolicyArns: [],
    permissionsBoundary: null,
    tags: {},
  });
  return arn;
}
