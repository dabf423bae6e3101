/** The AWS of one rehearsal: control plane, permissions, functions and state machines, all on this machine. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, scaledClock } from '../clock';
import { authorizeByIam } from '../control-plane/authorize-by-iam';
import { type ControlPlane, createControlPlane } from '../control-plane/control-plane';
import { EventBus, type Undelivered } from '../control-plane/events/event-bus';
import { executionEvent } from '../control-plane/events/execution-event';
import type { Injection } from '../control-plane/injection';
import { lambdaService } from '../control-plane/lambda/service';
import { LocalDatabaseHost } from '../control-plane/rds/local-database-host';
import type { ChooseSeedLsn } from '../control-plane/rds/seed-choice';
import { statesService } from '../control-plane/states/service';
import { createIam, type Iam } from '../iam/iam';
import type { Chaos, Invocation } from '../lambda-runtime/chaos';
import { createLambdaRuntime, type LambdaRuntime, type LogLine } from '../lambda-runtime/lambda-runtime';
import { binariesFor } from '../servers/binaries';
import { type CertificateAuthority, createCertificateAuthority } from '../servers/certificate-authority';
import type { FindBinaries } from '../servers/packaged-binaries';
import type { PostgresServer } from '../servers/postgres-server';
import type { RunDirectory } from '../servers/run-directory';
import type { HistoryEvent } from '../state-machine/history';
import { createStateMachines, type StateMachines } from '../state-machine/state-machines';
import { type EmittedMetric, metricsOf } from './emitted-metrics';
import { deliverEvent } from './event-delivery';
import { ACCOUNT, REGION, SOURCE_INSTANCE } from './place';
import type { Preparation } from './preparation';
import { type StepCall, StepCalls } from './step-calls';

/** Lines of a function's log that are kept for whoever asks why it failed. */
const KEPT_LOG_LINES = 2_000;

/** Settings of every server: the rehearsal has no other load, and its data outlive nothing; WAL files are kept to be used again, as on a server of some age. */
export const SERVER_SETTINGS = {
  shared_buffers: '128MB',
  min_wal_size: '512MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
};

/** What happens while the rehearsal runs. */
export interface LocalAwsListeners {
  onState(executionArn: string, event: HistoryEvent): void;
  onStepCall(call: StepCall): void;
}

/** Sixty times: a minute of waiting for RDS takes a second. */
export const CLOCK_FACTOR = 60;

/** What tests change of it. */
export interface LocalAwsOptions {
  /** What `rds_tools.logical_seed_lsn()` answers. @default the right value */
  readonly chooseSeedLsn?: (servers: { readonly source: PostgresServer }) => ChooseSeedLsn;
  /** Whether restored instances have that function. @default true */
  readonly exposeSeedFunction?: boolean;
  /** Whether a restored server is restarted once, so that only that function can tell the seed. @default false */
  readonly restartAfterRestore?: boolean;
  /** Decides before each invocation of a step whether it goes wrong. @default nothing goes wrong */
  readonly chaos?: (step: string, invocation: Invocation) => Chaos | undefined;
  /** Told after each invocation of a step how many bytes its thread held at most. @default nobody looks */
  readonly onMemory?: (step: string, bytes: number) => void;
  /** Faults of AWS calls. @default none */
  readonly injections?: readonly Injection[];
  /** Port under which functions reach a server, which listens at the port given. @default that one */
  readonly endpointPort?: (side: 'source' | 'target', port: number) => Promise<number>;
  /** Directory below which a server gets its own, such as a volume; null for the run's. @default the run's */
  readonly volumeOf?: (side: 'source' | 'target') => Promise<string | null>;
  /** What earlier runs made and this one takes over. @default everything is made anew */
  readonly preparation?: Preparation;
  /** How much shorter Wait states and RDS's own times are. @default `CLOCK_FACTOR` */
  readonly clockFactor?: number;
}

/** Everything that stands where AWS stands. */
export interface LocalAws {
  readonly clock: Clock;
  readonly authority: CertificateAuthority;
  /** Path of the CA's certificate that every server can read. */
  readonly caPath: string;
  readonly plane: ControlPlane;
  readonly iam: Iam;
  readonly lambda: LambdaRuntime;
  readonly machines: StateMachines;
  readonly events: EventBus;
  /** What rules could not deliver. */
  readonly undelivered: readonly Undelivered[];
  readonly steps: StepCalls;
  /** What the control plane, the permissions or the interpreter refused because nobody knew or allowed it. */
  readonly refusals: readonly string[];
  /** Last lines of the functions' logs. */
  logLines(): readonly LogLine[];
  /** Every metric that a function emitted, in order. */
  metrics(): readonly EmittedMetric[];
  /** The server behind an instance; undefined when there is none. */
  server(instanceId: string): PostgresServer | undefined;
  /** Ends everything but the servers, which belong to the run. */
  close(): Promise<void>;
}

/** Starts the local AWS in the run's directory. */
export async function startLocalAws(
  run: RunDirectory,
  listeners: LocalAwsListeners,
  test: LocalAwsOptions = {},
  findBinaries: FindBinaries = binariesFor,
): Promise<LocalAws> {
  const clock = scaledClock(test.clockFactor ?? CLOCK_FACTOR);
  const { preparation } = test;
  const authority = preparation?.authority ?? (await createCertificateAuthority());
  const caPath = preparation?.caPath ?? join(run.path, 'rds-ca.pem');
  if (preparation === undefined) await writeFile(caPath, authority.caPem, { mode: 0o644 });
  const refusals: string[] = [];
  const iam = createIam();
  const host = databaseHost({ run, authority, findBinaries }, test);
  const directory = join(run.path, 'aws');
  await mkdir(directory, { recursive: true });
  const plane = await createControlPlane({
    directory,
    clock,
    account: ACCOUNT,
    region: REGION,
    authorize: authorizeByIam(iam),
    authorizeAssumeRole: (request) => iam.authorizeAssumeRole(request),
    databaseHost: host,
    onRefusal: (refusal) => refusals.push(refusal.message),
    onDefect: (error) => refusals.push(`the control plane failed: ${error instanceof Error ? error.stack : error}`),
  });
  for (const injection of test.injections ?? []) plane.inject(injection);
  const logs: LogLine[] = [];
  const metrics: EmittedMetric[] = [];
  const hear = (line: LogLine) => {
    logs.push(line);
    if (logs.length > KEPT_LOG_LINES) logs.shift();
    metrics.push(...metricsOf(line.line));
  };
  const lambda = functions(plane, hear, test);
  const steps = new StepCalls(listeners.onStepCall);
  const undelivered: Undelivered[] = [];
  const events = new EventBus({
    place: { account: ACCOUNT, region: REGION },
    clock,
    onUndelivered: (event) => {
      undelivered.push(event);
      refusals.push(`an event was not delivered to ${event.targetArn}: ${event.reason}`);
    },
  });
  const machines = createStateMachines({
    clock,
    invokeFunction: (arn, payload, { signal }) =>
      steps.note(stepOf(arn), () => lambda.invoke(arn, payload, { signal })),
    publish: async ({ TopicArn, Message, Subject }) => ({
      MessageId: plane.sns.publish(String(TopicArn), String(Message), Subject === undefined ? null : String(Subject)),
    }),
    onEvent: listeners.onState,
    onStatus: (execution) => events.put(executionEvent(execution)),
  });
  events.deliverBy((target, rule, input) => deliverEvent({ iam, plane, machines }, target, rule, input));
  plane.addService(statesService(machines));
  plane.addService(lambdaService((arn, payload) => lambda.invoke(arn, payload)));
  return {
    clock,
    authority,
    caPath,
    plane,
    iam,
    lambda,
    machines,
    events,
    undelivered,
    steps,
    refusals,
    logLines: () => [...logs],
    metrics: () => [...metrics],
    server: (instanceId) => host.server(instanceId),
    async close() {
      events.close();
      await machines.close();
      await lambda.close();
      await host.close();
      await plane.close();
    },
  };
}

/** The step that a function belongs to: functions are named `sealift-<migration>-<step>`. */
export function stepOf(arnOrName: string): string {
  const name = arnOrName.split(':')[6] ?? arnOrName;
  return name.replace(/^sealift-[a-z0-9]+-/, '');
}

function sideOf(instanceId: string): 'source' | 'target' {
  return instanceId === SOURCE_INSTANCE ? 'source' : 'target';
}

function databaseHost(
  {
    run,
    authority,
    findBinaries,
  }: { readonly run: RunDirectory; readonly authority: CertificateAuthority; readonly findBinaries: FindBinaries },
  test: LocalAwsOptions,
): LocalDatabaseHost {
  const { chooseSeedLsn, preparation, endpointPort, volumeOf } = test;
  const host: LocalDatabaseHost = new LocalDatabaseHost({
    directory: join(run.path, 'servers'),
    certificateAuthority: authority,
    onServer: (server) => run.add(server),
    settings: SERVER_SETTINGS,
    findBinaries,
    templateOf: (instanceId) => (instanceId === SOURCE_INSTANCE ? (preparation?.sourceDirectory ?? null) : null),
    ...(endpointPort && { endpointPort: (id, { port }) => endpointPort(sideOf(id), port) }),
    ...(volumeOf && { volumeOf: (id) => volumeOf(sideOf(id)) }),
    ...(test.exposeSeedFunction !== undefined && { exposeSeedFunction: test.exposeSeedFunction }),
    ...(test.restartAfterRestore !== undefined && { restartAfterRestore: test.restartAfterRestore }),
    ...(chooseSeedLsn && {
      chooseSeedLsn: (context) => {
        const source = host.server(SOURCE_INSTANCE);
        if (!source) throw new Error(`instance ${SOURCE_INSTANCE} is not hosted any more`);
        return chooseSeedLsn({ source })(context);
      },
    }),
  });
  return host;
}

function functions(plane: ControlPlane, onLog: (line: LogLine) => void, test: LocalAwsOptions): LambdaRuntime {
  return createLambdaRuntime({
    nameServer: plane.nameServer,
    extraEnvironment: (fn) => {
      const accessKeyId = `ASIA-${fn.name}`;
      plane.callers.set(accessKeyId, { roleArn: fn.roleArn });
      return {
        AWS_ENDPOINT_URL: plane.endpointUrl,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: 'rehearsal',
        POWERTOOLS_SERVICE_NAME: fn.name,
      };
    },
    onLog,
    ...(test.onMemory && { onMemory: (name, bytes) => test.onMemory?.(stepOf(name), bytes) }),
    ...(test.chaos && { onInvoke: (invocation) => test.chaos?.(stepOf(invocation.functionName), invocation) }),
  });
}
