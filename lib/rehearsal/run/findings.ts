/** Runs the migration on a stage and gathers everything that the report is made of. */
import type { Check } from '../../../lambda/contract/assessment';
import type { CopyReport, DatabaseReport, LagPoint, RefusedCall, WritableSide } from '../report/report';
import type { ExecutionDescription } from '../state-machine/state-machines';
import type { Proof } from '../writers/prove';
import { approveAlways, startApprover } from './approver';
import { compareDatabases, readHorizon } from './compare';
import { readCopy } from './copy-findings';
import { watchCopy } from './copy-watch';
import { instanceBehindTheDoor } from './door';
import type { Tell } from './events';
import { untilReaped } from './interruptions';
import { watchLag } from './lag-watch';
import { startMigration } from './migration';
import type { RehearsalOptions } from './options';
import type { Cleanup, Stage } from './stage';
import type { StepCall } from './step-calls';
import type { Timeline } from './timeline';
import { goBack, type WayBack } from './way-back';
import { findWritableSide } from './writable-side';

/** How long the writers go on after the migration, where they are now. */
const AFTERWARDS_MS = 3_000;

/** What a run found out. */
export interface Findings {
  readonly executions: readonly ExecutionDescription[];
  /** Executions of `Reaper`, in the order of their starts. */
  readonly reapers: readonly ExecutionDescription[];
  readonly steps: readonly StepCall[];
  readonly checks: readonly Check[];
  /** Null on the snapshot road. */
  readonly copy: CopyReport | null;
  readonly lag: readonly LagPoint[];
  /** Null when nobody went back. */
  readonly wayBack: WayBack | null;
  /** Where the applications are led at the end. */
  readonly live: 'source' | 'target';
  readonly writableSide: WritableSide;
  /** Null without writers. */
  readonly proof: Proof | null;
  readonly writersStartedAt: number | null;
  /** Empty when there is no target to compare with. */
  readonly databases: readonly DatabaseReport[];
  readonly refusedCalls: readonly RefusedCall[];
}

/** Migrates, lets the writers go on for a while, stops them, and proves. */
export async function migrateAndProve(
  stage: Stage,
  options: RehearsalOptions,
  timeline: Timeline,
  tell: Tell,
  cleanup: Cleanup,
): Promise<Findings> {
  const { aws, content, traffic, surroundings } = stage;
  const lag = watchLag(stage.source.server, tell);
  cleanup.add(() => lag.stop());
  if (options.road === 'copy') cleanup.add(followCopy(stage, tell));
  const horizon = { value: Promise.resolve('0') };
  const { migrateArn, reaperArn } = stage.deployment;
  const hasMoved = async () => (await liveSide(stage, options)) === 'target';
  const migration = startMigration({ aws, migrateArn, reaperArn, surroundings, hasMoved }, options);
  const approver = startApprover(
    aws,
    { policyArn: stage.deployment.approverPolicyArn, decide: options.decide ?? approveAlways },
    (text) => tell({ kind: 'answered', text }),
    // Nobody else would answer: waiting for the expiry would take hours.
    ({ message }) => aws.machines.stopExecution(migration.executionArn(), { error: 'Approver', cause: message }),
  );
  cleanup.add(() => approver.stop());
  timeline.onState = (machine, state) => {
    migration.noteState(machine, state);
    const target = stage.target();
    // Before the fence: the function has not even opened its connections when its machine begins.
    if (machine === 'cutover' && state === 'Inspect AWS' && target) horizon.value = readHorizon(target);
  };
  const { executions } = await migration.ended;
  const wayBack = options.rollback && (await hasMoved()) ? await goBack(stage, options, timeline) : null;
  const reapers = await untilReaped(aws, reaperArn);
  // A question that is still open when everything has ended was answered too late.
  approver.stop();
  await options.test?.afterMigration?.(surroundings);
  if (traffic) await timeline.during('Write afterwards', () => pause(options.test?.afterwardsMs ?? AFTERWARDS_MS));
  const live = await liveSide(stage, options);
  // Nobody writes to a server of the user, and no cutover of it is rehearsed: there is nobody to ask as.
  const asked = options.userServer === null;
  const writableSide = !asked
    ? 'source'
    : await findWritableSide({
        source: stage.source.server,
        target: stage.target(),
        live,
        wasLive: wayBack !== null,
        databases: content.writerDatabases,
      });
  await lag.stop();
  traffic?.stopTelling();
  const record = await traffic?.writers.stop();
  const proved = await timeline.during('Prove', async () => ({
    proof: traffic ? await proveWrites(stage, live, wayBack !== null) : null,
    databases: live === 'target' ? await compareAll(stage, await horizon.value) : [],
  }));
  return {
    executions,
    reapers,
    steps: aws.steps.all(),
    checks: await readChecks(stage),
    copy: await readCopy(aws),
    lag: lag.points,
    wayBack,
    live,
    writableSide,
    ...proved,
    writersStartedAt: record?.startedAt ?? null,
    refusedCalls: refusedCalls(stage),
  };
}

/** Between the plan of the schema, when nothing is dropped any more, and the subscription. */
function followCopy({ aws: { steps }, content: { databases }, target }: Stage, tell: Tell): () => Promise<void> {
  const underWay = () => steps.latest('plan-schema') !== undefined && steps.latest('subscribe') === undefined;
  return watchCopy({ target, databases, underWay }, tell);
}

async function liveSide({ aws, source }: Stage, options: RehearsalOptions): Promise<'source' | 'target'> {
  const instance = await instanceBehindTheDoor(aws, options.switch, source);
  return instance?.port === source.server.port ? 'source' : 'target';
}

async function proveWrites(stage: Stage, live: 'source' | 'target', wentBack: boolean): Promise<Proof | null> {
  const onSource = (database: string) => stage.source.server.admin(database);
  const target = stage.target();
  if (!target) return (await stage.traffic?.writers.prove({ live: onSource })) ?? null;
  const onTarget = (database: string) => target.admin(database);
  if (live === 'source') {
    const left = wentBack ? { source: onTarget } : {};
    return (await stage.traffic?.writers.prove({ live: onSource, ...left })) ?? null;
  }
  return (await stage.traffic?.writers.prove({ live: onTarget, source: onSource })) ?? null;
}

async function compareAll(stage: Stage, horizon: string): Promise<DatabaseReport[]> {
  const target = stage.target();
  if (!target) return [];
  return compareDatabases({ source: stage.source.server, target, databases: stage.content.databases, horizon });
}

/** The assessment's report holds every check; the state machine carries only what blocks. */
async function readChecks({ aws }: Stage): Promise<readonly Check[]> {
  const answer = aws.steps.latest('assess') as { report?: { bucket: string; key: string } } | undefined;
  if (!answer?.report) return [];
  const { s3 } = aws.plane;
  const body = await s3.read(s3.object(answer.report.bucket, answer.report.key));
  return (JSON.parse(body.toString('utf8')) as { checks: readonly Check[] }).checks;
}

/** Codes with which AWS denies a call, in the words of its services. */
const DENIED = /^(AccessDenied|AccessDeniedException|AuthorizationError|UnauthorizedOperation)$/;

function refusedCalls({ aws }: Stage): RefusedCall[] {
  const denied = aws.plane
    .journal()
    .filter(({ outcome }) => DENIED.test(outcome))
    .map(({ caller, service, operation, outcome, resources }) => ({
      caller,
      call: `${service}:${operation}`,
      reason: `${outcome} on ${resources.join(', ')}`,
    }));
  return [...denied, ...aws.refusals.map((reason) => ({ caller: 'rehearsal', call: reason, reason }))];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
