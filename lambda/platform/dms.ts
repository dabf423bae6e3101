/** Endpoints and tasks of AWS DMS: made by their names, so that a call whose outcome is unknown makes no second one. */
import {
  CreateEndpointCommand,
  CreateReplicationTaskCommand,
  DatabaseMigrationServiceClient,
  DeleteEndpointCommand,
  DeleteReplicationTaskCommand,
  DescribeConnectionsCommand,
  DescribeEndpointsCommand,
  DescribeReplicationTasksCommand,
  DescribeTableStatisticsCommand,
  type PostgreSQLSettings,
  type ReplicationTask,
  StartReplicationTaskCommand,
  type StartReplicationTaskTypeValue,
  StopReplicationTaskCommand,
  TestConnectionCommand,
} from '@aws-sdk/client-database-migration-service';
import { Blocked, NotReady } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new DatabaseMigrationServiceClient(CLIENT_LIMITS);

/** What DMS says when nothing has the name or the ARN that was asked for. */
const ABSENT = 'ResourceNotFoundFault';
/** Between a look and an act somebody else acted. */
const CHANGED = 'InvalidResourceStateFault';
const PRESENT = 'ResourceAlreadyExistsFault';

/** An endpoint that is wanted. */
export interface DmsEndpoint {
  readonly name: string;
  readonly type: 'source' | 'target';
  readonly database: string;
  /** Trusted in `verify-full`; null: encrypted only. */
  readonly certificateArn: string | null;
  readonly settings: PostgreSQLSettings;
  readonly tags: Readonly<Record<string, string>>;
}

/** A task that is wanted. */
export interface DmsTask {
  readonly name: string;
  readonly instanceArn: string;
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly type: 'full-load-and-cdc' | 'cdc';
  /** JSON of its table mappings. */
  readonly mappings: string;
  /** JSON of its settings, all of them. */
  readonly settings: string;
  /** LSN from which changes are followed; null: from where the slot begins. */
  readonly startLsn: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** A task as DMS describes it. */
export interface TaskFacts {
  readonly arn: string;
  readonly status: string;
  /** Such as `Stop Reason NORMAL`; null without. */
  readonly stopReason: string | null;
  readonly failure: string | null;
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly type: string;
  /** It was started before: from then on it is resumed. */
  readonly wasStarted: boolean;
  /** JSON of what it was made with. */
  readonly mappings: string;
}

/** A table of a task. */
export interface TableFacts {
  readonly schema: string;
  readonly table: string;
  readonly state: string;
  readonly validation: string;
  readonly loadedRows: number;
}

/** Tasks or endpoints of a page; the largest that DMS gives. */
const LISTED = 100;

/** The ARN of the endpoint of a name; null when there is none. */
export async function findEndpoint(name: string): Promise<string | null> {
  const Filters = [{ Name: 'endpoint-id', Values: [name] }];
  return callAws<string | null>(
    { action: 'dms:DescribeEndpoints', resource: `endpoint ${name}` },
    async () => {
      const { Endpoints = [] } = await client.send(new DescribeEndpointsCommand({ Filters }));
      return Endpoints.find((found) => found.EndpointIdentifier === name)?.EndpointArn ?? null;
    },
    { [ABSENT]: () => null },
  );
}

/** Finds or makes an endpoint and returns its ARN. */
export async function ensureEndpoint(wanted: DmsEndpoint): Promise<string> {
  const { name, type, database, certificateArn, settings, tags } = wanted;
  const found = await findEndpoint(name);
  if (found !== null) return found;
  return callAws(
    { action: 'dms:CreateEndpoint', resource: `endpoint ${name}` },
    async () => {
      const { Endpoint } = await client.send(
        new CreateEndpointCommand({
          EndpointIdentifier: name,
          EndpointType: type,
          EngineName: 'postgres',
          DatabaseName: database,
          SslMode: certificateArn === null ? 'require' : 'verify-full',
          ...(certificateArn !== null && { CertificateArn: certificateArn }),
          PostgreSQLSettings: settings,
          Tags: tagList(tags),
        }),
      );
      return Endpoint?.EndpointArn ?? '';
    },
    { [PRESENT]: () => later(`endpoint ${name} was made meanwhile`) },
  );
}

/** Removes the endpoint of a name; none is no error. */
export async function removeEndpoint(name: string): Promise<void> {
  const arn = await findEndpoint(name);
  if (arn === null) return;
  await callAws<unknown>(
    { action: 'dms:DeleteEndpoint', resource: `endpoint ${name}` },
    () => client.send(new DeleteEndpointCommand({ EndpointArn: arn })),
    { [ABSENT]: () => null, [CHANGED]: () => later(`endpoint ${name} is still in use`) },
  );
}

/** How the last test of a connection ended. */
export interface TestedConnection {
  readonly status: string;
  readonly failure: string | null;
}

/** The last test between an instance and an endpoint; null when there was none. */
export async function connectionOf(instanceArn: string, endpointArn: string): Promise<TestedConnection | null> {
  const Filters = [{ Name: 'endpoint-arn', Values: [endpointArn] }];
  return callAws<TestedConnection | null>(
    { action: 'dms:DescribeConnections', resource: endpointArn },
    async () => {
      const { Connections = [] } = await client.send(new DescribeConnectionsCommand({ Filters }));
      const found = Connections.find(({ ReplicationInstanceArn }) => ReplicationInstanceArn === instanceArn);
      return found === undefined ? null : { status: found.Status ?? '', failure: found.LastFailureMessage ?? null };
    },
    { [ABSENT]: () => null },
  );
}

/** Begins to test a connection; one that is being tested is left. */
export async function testConnection(instanceArn: string, endpointArn: string): Promise<void> {
  const request = { ReplicationInstanceArn: instanceArn, EndpointArn: endpointArn };
  await callAws<unknown>(
    { action: 'dms:TestConnection', resource: endpointArn },
    () => client.send(new TestConnectionCommand(request)),
    { [CHANGED]: () => null },
  );
}

/** The task of a name; null when there is none. */
export async function findTask(name: string): Promise<TaskFacts | null> {
  const Filters = [{ Name: 'replication-task-id', Values: [name] }];
  return callAws<TaskFacts | null>(
    { action: 'dms:DescribeReplicationTasks', resource: `task ${name}` },
    async () => {
      const { ReplicationTasks = [] } = await client.send(new DescribeReplicationTasksCommand({ Filters }));
      const found = ReplicationTasks.find((task) => task.ReplicationTaskIdentifier === name);
      return found === undefined ? null : factsOf(found);
    },
    { [ABSENT]: () => null },
  );
}

function factsOf(task: ReplicationTask): TaskFacts {
  return {
    arn: task.ReplicationTaskArn ?? '',
    status: task.Status ?? '',
    stopReason: task.StopReason ?? null,
    failure: task.LastFailureMessage ?? null,
    sourceArn: task.SourceEndpointArn ?? '',
    targetArn: task.TargetEndpointArn ?? '',
    type: task.MigrationType ?? '',
    wasStarted: task.ReplicationTaskStartDate !== undefined,
    mappings: task.TableMappings ?? '',
  };
}

/** Names of the tasks and endpoints that begin with `prefix`, with the tasks' facts. */
export async function listByPrefix(prefix: string): Promise<{
  readonly tasks: ReadonlyMap<string, TaskFacts>;
  readonly endpoints: readonly string[];
}> {
  const tasks = new Map<string, TaskFacts>();
  const pages = { MaxRecords: LISTED };
  // Every page names the next one, the last names none.
  for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
    const request = { ...pages, ...(marker && { Marker: marker }) };
    const answer = await callAws({ action: 'dms:DescribeReplicationTasks', resource: `tasks ${prefix}` }, () =>
      client.send(new DescribeReplicationTasksCommand(request)),
    );
    for (const found of answer.ReplicationTasks ?? []) {
      const { ReplicationTaskIdentifier: name = '' } = found;
      if (name.startsWith(prefix)) tasks.set(name, factsOf(found));
    }
    marker = answer.Marker;
  }
  const endpoints: string[] = [];
  for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
    const request = { ...pages, ...(marker && { Marker: marker }) };
    const answer = await callAws({ action: 'dms:DescribeEndpoints', resource: `endpoints ${prefix}` }, () =>
      client.send(new DescribeEndpointsCommand(request)),
    );
    for (const { EndpointIdentifier: name = '' } of answer.Endpoints ?? [])
      if (name.startsWith(prefix)) endpoints.push(name);
    marker = answer.Marker;
  }
  return { tasks, endpoints };
}

/** Makes a task; the caller has looked whether there is one. Throws `NotReady` when somebody was faster. */
export async function createTask(wanted: DmsTask): Promise<void> {
  await callAws<unknown>(
    { action: 'dms:CreateReplicationTask', resource: `task ${wanted.name}` },
    () =>
      client.send(
        new CreateReplicationTaskCommand({
          ReplicationTaskIdentifier: wanted.name,
          ReplicationInstanceArn: wanted.instanceArn,
          SourceEndpointArn: wanted.sourceArn,
          TargetEndpointArn: wanted.targetArn,
          MigrationType: wanted.type,
          TableMappings: wanted.mappings,
          ReplicationTaskSettings: wanted.settings,
          ...(wanted.startLsn !== null && { CdcStartPosition: wanted.startLsn }),
          Tags: tagList(wanted.tags),
        }),
      ),
    { [PRESENT]: () => later(`task ${wanted.name} was made meanwhile`) },
  );
}

/** Starts a task that never ran, or lets one that stopped go on where it was; what would empty the target is no choice here. */
export async function startTask(arn: string, how: 'first' | 'resume'): Promise<void> {
  const type: StartReplicationTaskTypeValue = how === 'first' ? 'start-replication' : 'resume-processing';
  await callAws<unknown>(
    { action: 'dms:StartReplicationTask', resource: arn },
    () => client.send(new StartReplicationTaskCommand({ ReplicationTaskArn: arn, StartReplicationTaskType: type })),
    { [CHANGED]: () => later(`task ${arn} is in another state than a moment before`) },
  );
}

/** Begins to stop a task; one that is gone, or stopped meanwhile, is no error. */
export async function stopTask(arn: string): Promise<void> {
  await callAws<unknown>(
    { action: 'dms:StopReplicationTask', resource: arn },
    () => client.send(new StopReplicationTaskCommand({ ReplicationTaskArn: arn })),
    { [ABSENT]: () => null, [CHANGED]: () => null },
  );
}

/** Begins to delete a task that does not run; one that is gone is no error. */
export async function deleteTask(arn: string): Promise<void> {
  await callAws<unknown>(
    { action: 'dms:DeleteReplicationTask', resource: arn },
    () => client.send(new DeleteReplicationTaskCommand({ ReplicationTaskArn: arn })),
    { [ABSENT]: () => null, [CHANGED]: () => null },
  );
}

/** Tables of a page; the largest that DMS gives. */
const PAGE = 500;

/** Every table of a task, with its states. Throws `Blocked` when the task is gone. */
export async function readTables(taskArn: string): Promise<readonly TableFacts[]> {
  const tables: TableFacts[] = [];
  // Every page names the next one, the last names none.
  for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
    const request = { ReplicationTaskArn: taskArn, MaxRecords: PAGE, ...(marker && { Marker: marker }) };
    const answer = await callAws(
      { action: 'dms:DescribeTableStatistics', resource: taskArn },
      () => client.send(new DescribeTableStatisticsCommand(request)),
      {
        [ABSENT]: (cause) => {
          throw new Blocked(`task ${taskArn} is gone, release the migration and start again`, { cause });
        },
      },
    );
    for (const found of answer.TableStatistics ?? []) {
      tables.push({
        schema: found.SchemaName ?? '',
        table: found.TableName ?? '',
        state: found.TableState ?? '',
        validation: found.ValidationState ?? '',
        loadedRows: found.FullLoadRows ?? 0,
      });
    }
    marker = answer.Marker;
  }
  return tables;
}

function later(why: string): never {
  throw new NotReady(`${why}, it is looked at again`);
}

function tagList(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
