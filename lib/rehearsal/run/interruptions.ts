/** Executions that are ended from outside, before the one that counts: what an operator's stop or a time limit does to them. */
import type { ExecutionDescription } from '../state-machine/state-machines';
import type { LocalAws } from './local-aws';
import type { Surroundings } from './options';

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

/** Ends the executions of one rehearsal where a test wants it. */
export class Interruptor {
  private due: { readonly interruption: Interruption; readonly executionArn: string } | null = null;
  private failed: (error: unknown) => void = () => undefined;
  /** Rejects when what an end waits for fails. */
  readonly failure = new Promise<never>((_, reject) => {
    this.failed = reject;
  });

  constructor(
    private readonly aws: LocalAws,
    private readonly surroundings: Surroundings,
  ) {}

  /** Says which execution is to be ended next, and where. */
  arm(interruption: Interruption, executionArn: string): void {
    this.due = { interruption, executionArn };
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
