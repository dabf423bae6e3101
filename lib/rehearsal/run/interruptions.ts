/** Executions that are ended from outside, before the one that counts: what an operator's stop or a time limit does to them. */
import type { ExecutionDescription } from '../state-machine/state-machines';
import type { LocalAws } from './local-aws';
import type { Surroundings } from './surroundings';

/** Where an execution of `Migrate`, or of `Rollback`, is ended, and how. */
export interface Interruption {
  /** Machine, such as `replicate`, and its state: the end comes when the state is entered and `until` is over. */
  readonly machine: string;
  readonly state: string;
  /** What the end waits for, such as a phase of the ledger. @default nothing */
  readonly until?: (surroundings: Surroundings) => Promise<void>;
  /** @default stopped */
  readonly how?: 'stopped' | 'timed-out';
  /** Nothing is started afterwards: this execution counts. @default false */
  readonly counts?: boolean;
  /** Runs when the execution and every reaper have ended. */
  readonly afterwards?: (surroundings: Surroundings, ended: ExecutionDescription) => Promise<void>;
}

/** What is started, and what cleans up after it. */
export interface InterruptedRuns {
  /** Starts an execution of that name and answers its ARN. */
  readonly start: (name: string) => string;
  readonly reaperArn: string;
  readonly counts?: () => Promise<boolean>;
}

/** Ends the executions of one rehearsal where a test wants it. */
export class Interruptor {
  private due: { readonly interruption: Interruption; readonly executionArn: string } | null = null;
  private failed: (error: unknown) => void = () => undefined;
  /** Rejects when what an end waits for fails. */
  private readonly failure = new Promise<never>((_, reject) => {
    this.failed = reject;
  });

  constructor(
    private readonly aws: LocalAws,
    private readonly surroundings: Surroundings,
  ) {}

  /**
   * Runs an execution for each interruption, ends it there, and waits until it was cleaned up after. Answers the last one, and
   * whether it counts: by its interruption, or because `counts` says so of what it left; then no further one is run.
   */
  async run(
    interruptions: readonly Interruption[],
    { start, reaperArn, counts = async () => false }: InterruptedRuns,
  ): Promise<{ readonly last: ExecutionDescription | null; readonly counts: boolean }> {
    const { machines } = this.aws;
    let last: ExecutionDescription | null = null;
    for (const [index, interruption] of interruptions.entries()) {
      const executionArn = start(`interrupted-${index + 1}`);
      this.due = { interruption, executionArn };
      await Promise.race([machines.result(executionArn), this.failure]);
      await untilReaped(this.aws, reaperArn);
      last = machines.describeExecution(executionArn);
      await interruption.afterwards?.(this.surroundings, last);
      if (interruption.counts === true || (await counts())) return { last, counts: true };
    }
    return { last, counts: false };
  }

  /** To be told of every state that is entered. */
  noteState(machine: string, state: string): void {
    const { due } = this;
    if (due === null || due.interruption.machine !== machine || due.interruption.state !== state) return;
    this.due = null;
    this.end(due.interruption, due.executionArn).catch((error) => this.failed(error));
  }

  private async end({ how = 'stopped', until }: Interruption, executionArn: string): Promise<void> {
    await until?.(this.surroundings);
    const { machines } = this.aws;
    await (how === 'stopped' ? machines.stopExecution(executionArn) : machines.timeOut(executionArn));
  }
}

/** Resolves when no event is on its way and no reaper runs; answers every reaper of the run. */
export async function untilReaped(aws: LocalAws, reaperArn: string): Promise<readonly ExecutionDescription[]> {
  // Ends because a reaper starts another one only when it is itself stopped.
  for (;;) {
    await aws.events.settled();
    const reapers = aws.machines.listExecutions(reaperArn);
    const running = reapers.filter(({ status }) => status === 'RUNNING');
    if (running.length === 0) return reapers;
    await Promise.all(running.map(({ executionArn }) => aws.machines.result(executionArn)));
  }
}
