/**
 * A migration that stands right before its cutover, and can be cut over and brought back from there again and again:
 *
 *   once      load -> deploy -> the machine Replicate -> both servers stopped, their disks kept
 *   each time disks put back -> both started -> writers -> the machine Cutover -> writers -> the machine Rollback -> proof
 */
import { join } from 'node:path';
import type { CutoverFacts } from '../../../lambda/contract/cutover';
import { approveAlways, startApprover } from '../run/approver';
import { whereTheDoorLeads } from '../run/door';
import { DEFAULT_OPTIONS, type RehearsalOptions } from '../run/options';
import { RehearsalFailure } from '../run/rehearsal-failure';
import { type Cleanup, type Stage, setStage } from '../run/stage';
import { Timeline } from '../run/timeline';
import { startTraffic } from '../run/traffic';
import { RunDirectory } from '../servers/run-directory';
import type { Proof } from '../writers/prove';
import type { WriterHandle } from '../writers/start-writers';
import { Checkpoint } from './checkpoint';

/** How long the writers write before the first machine is started, between the two, and after the second. */
const WARM_UP_MS = 2_000;
const BETWEEN_MS = 2_000;
const AFTERWARDS_MS = 1_000;

/** How long the stream takes at most to flow again after a start. */
const STREAM_MS = 60_000;

const LEAST_DISK_BYTES = 4 * 2 ** 30;

/** Nobody listens: a bench prints what it measured. */
const SILENT = () => undefined;

/** One way: what the writers saw, and what the cutover answered. */
export interface OneWay {
  /** First refused or delayed write to first accepted one, in milliseconds. */
  readonly outageMs: number;
  readonly parts: CutoverFacts['outageMs'];
}

/** There and back. */
export interface ThereAndBack {
  readonly there: OneWay;
  readonly back: OneWay;
}

/** What `Replicate` answers, as `Cutover` takes it over. */
interface HandedOver {
  readonly execution: string;
  readonly epoch: string;
  readonly databases: readonly string[];
}

/** A migration that can be cut over again and again. */
export class MovingStage {
  private runs = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly checkpoint: Checkpoint,
    private readonly handedOver: HandedOver,
  ) {}

  /** Loads what `write` puts into a dump and replicates it; the servers are stopped when it returns. */
  static async set(write: (path: string) => Promise<void>, cleanup: Cleanup): Promise<MovingStage> {
    const run = await RunDirectory.create({ minimumFreeBytes: LEAST_DISK_BYTES });
    cleanup.add(() => run.stopAll());
    const dumpFile = join(run.path, 'dump.sql');
    await write(dumpFile);
    const options: RehearsalOptions = {
      ...DEFAULT_OPTIONS,
      dumpFiles: [dumpFile],
      writers: 0,
      rollback: true,
      test: { pruneAndScan: false, warmUpMs: 0 },
    };
    const stage = await setStage(run, options, new Timeline(SILENT), SILENT, cleanup);
    const { aws, deployment, source } = stage;
    const approver = startApprover(
      aws,
      { policyArn: deployment.approverPolicyArn, decide: approveAlways },
      SILENT,
      SILENT,
    );
    cleanup.add(() => approver.stop());
    const { execution, output } = await runMachine(stage, deployment.replicateArn, 'replicate', { keepClaim: true });
    const { epoch, databases } = output as Pick<HandedOver, 'epoch' | 'databases'>;
    // From here on nothing starts by itself: a schedule would meet servers that are stopped between two moves.
    aws.events.close();
    const target = stage.target();
    if (target === null || source.own === null) throw new RehearsalFailure('Replicate answered and left no target');
    const checkpoint = await Checkpoint.take([source.own, target], join(run.path, 'kept'));
    return new MovingStage(stage, checkpoint, { execution, epoch, databases });
  }

  /** Cuts over and goes back under the load of `writers` writers; throws when a write was lost, doubled or torn. */
  async move(writers: number): Promise<ThereAndBack> {
    this.runs += 1;
    await this.checkpoint.begin();
    try {
      await this.untilFollowing();
      const traffic = await this.startWriters(writers);
      try {
        return await this.thereAndBack(traffic);
      } finally {
        traffic.kill();
      }
    } finally {
      await this.checkpoint.leave();
    }
  }

  private async thereAndBack(writers: WriterHandle): Promise<ThereAndBack> {
    const { deployment, source, content } = this.stage;
    await pause(WARM_UP_MS);
    const input = { ...this.handedOver, takeOver: null, approval: null };
    const there = await runMachine(this.stage, deployment.cutoverArn, `cutover-${this.runs}`, input);
    await pause(BETWEEN_MS);
    const backAt = Date.now();
    const back = await runMachine(this.stage, deployment.rollbackArn, `rollback-${this.runs}`, {});
    await pause(AFTERWARDS_MS);
    const target = this.stage.target();
    const proof = await writers.prove({
      live: (database) => source.server.admin(database),
      ...(target && { source: (database: string) => target.admin(database) }),
    });
    requireWhole(proof, content.databases);
    return {
      there: {
        outageMs: longest(proof, (at) => at < backAt),
        parts: (there.output as { cutover: CutoverFacts }).cutover.outageMs,
      },
      back: {
        outageMs: longest(proof, (at) => at >= backAt),
        parts: (back.output as { cutover: CutoverFacts }).cutover.outageMs,
      },
    };
  }

  private async startWriters(writers: number): Promise<WriterHandle> {
    const { aws, source, content } = this.stage;
    const door = () => whereTheDoorLeads(aws, 'route53', source);
    const traffic = await startTraffic({ ca: aws.authority.caPem, door, content }, { writers }, SILENT);
    if (traffic === null) throw new RehearsalFailure('an outage is seen by writers, at least one is needed');
    traffic.stopTelling();
    return traffic.writers;
  }

  /** The subscriptions connect again by themselves. */
  private async untilFollowing(): Promise<void> {
    const deadline = Date.now() + STREAM_MS;
    const wanted = this.handedOver.databases.length;
    // Ends when every slot of a subscription has its reader, or by the deadline.
    for (;;) {
      const followed = await this.stage.source.server.withAdmin('postgres', async (session) => {
        const { rows } = await session.query<{ count: number }>(
          `select count(*)::int as count from pg_catalog.pg_stat_replication where state = 'streaming'`,
        );
        return rows[0]?.count ?? 0;
      });
      if (followed >= wanted) return;
      if (Date.now() > deadline) throw new RehearsalFailure('the target does not follow the source after a start');
      await pause(50);
    }
  }
}

async function runMachine(
  { aws }: Stage,
  stateMachineArn: string,
  name: string,
  input: Record<string, unknown>,
): Promise<{ readonly execution: string; readonly output: unknown }> {
  const { executionArn } = aws.machines.startExecution({ stateMachineArn, name, input });
  await aws.machines.result(executionArn);
  const { status, output, error, cause } = aws.machines.describeExecution(executionArn);
  if (status === 'SUCCEEDED' && output !== undefined) return { execution: executionArn, output: JSON.parse(output) };
  throw new RehearsalFailure(`execution ${name} ended in ${status}: ${error ?? 'no error'}: ${cause ?? 'no cause'}`);
}

function requireWhole(proof: Proof, databases: readonly string[]): void {
  const { lost, doubled, torn, phantom, acceptedBySourceAfterFence } = proof;
  if (lost + doubled + torn + phantom + (acceptedBySourceAfterFence ?? 0) === 0) return;
  throw new RehearsalFailure(
    `writes to ${databases.join(', ')}: lost ${lost}, doubled ${doubled}, torn ${torn}, phantom ${phantom}, only on the ` +
      `side that was left ${acceptedBySourceAfterFence}`,
  );
}

function longest({ outages }: Proof, chosen: (startedAt: number) => boolean): number {
  const ms = outages
    .filter(({ moved, startedAt }) => moved && chosen(startedAt))
    .flatMap(({ startedAt, firstAcceptedAt }) => (firstAcceptedAt === null ? [] : [firstAcceptedAt - startedAt]));
  if (ms.length === 0) throw new RehearsalFailure('the writers saw no outage, so none was measured');
  return Math.round(Math.max(...ms));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
