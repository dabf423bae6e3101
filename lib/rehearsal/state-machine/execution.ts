import type { Clock } from '../clock';
import { runBlock } from './block';
import type { Definition } from './definition';
import { Interruption, StateFailure } from './failure';
import { failureDetails, History, type HistoryEvent } from './history';
import type { Json } from './json';
import { ERROR_NAMES } from './supported';
import type { World } from './thread';
import { VariableScope } from './variables';

/** Statuses of an execution, as DescribeExecution names them. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** How an execution ended. */
export interface ExecutionResult {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  /** Only when it succeeded. */
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
}

/** A loaded machine under its ARN. */
export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: Definition;
  /** Seconds until an execution is `TIMED_OUT`, null for no limit. */
  readonly timeoutSeconds: number | null;
}

/** What an execution is started with. */
export interface Start {
  readonly arn: string;
  readonly name: string;
  readonly input: Json;
}

/** One execution, from its start to its end. */
export class Execution {
  readonly startDate: Date;
  readonly history: History;
  /** Resolves when the last event is recorded, however the execution ended; rejects only when a listener threw. */
  readonly ended: Promise<ExecutionResult>;
  status: ExecutionStatus = 'RUNNING';
  stopDate: Date | null = null;
  result: ExecutionResult | null = null;
  private readonly controller = new AbortController();

  /** Starts at once: `ExecutionStarted` is recorded before the constructor returns. */
  constructor(
    readonly machine: Machine,
    readonly start: Start,
    private readonly world: World,
    onEvent: (executionArn: string, event: HistoryEvent) => void,
  ) {
    this.startDate = new Date(world.clock.now());
    this.history = new History(world.clock, (event) => onEvent(start.arn, event));
    this.history.record('ExecutionStarted', 0, {
      executionStartedEventDetails: { input: JSON.stringify(start.input), roleArn: machine.roleArn },
    });
    this.ended = this.run();
  }

  /** Ends the execution from outside as `ABORTED`; no Catch runs and running tasks see their signal abort (facts J9). */
  stop(error?: string, cause?: string): Promise<ExecutionResult> {
    this.controller.abort(new Interruption('stopped', error, cause));
    return this.ended;
  }

  /** Ends the execution as `TIMED_OUT`, whatever its limit is; like a stop, it runs no Catch (facts J9). */
  timeOut(): Promise<ExecutionResult> {
    this.controller.abort(new Interruption('timed-out'));
    return this.ended;
  }

  private async run(): Promise<ExecutionResult> {
    const settled = new AbortController();
    this.watchTimeout(this.world.timeoutClock, settled.signal);
    const result = await this.outcome();
    settled.abort();
    this.stopDate = new Date(this.world.clock.now());
    this.status = result.status;
    this.result = result;
    const failure = failureDetails(result.error, result.cause);
    switch (result.status) {
      case 'SUCCEEDED':
        this.history.end('ExecutionSucceeded', {
          executionSucceededEventDetails: { output: JSON.stringify(result.output) },
        });
        break;
      case 'FAILED':
        this.history.end('ExecutionFailed', { executionFailedEventDetails: failure });
        break;
      case 'ABORTED':
        this.history.end('ExecutionAborted', { executionAbortedEventDetails: failure });
        break;
      case 'TIMED_OUT':
        this.history.end('ExecutionTimedOut', { executionTimedOutEventDetails: failure });
        break;
    }
    return result;
  }

  private async outcome(): Promise<ExecutionResult> {
    const { signal } = this.controller;
    try {
      const thread = { run: this.context(), signal, variables: new VariableScope(), previousEventId: 1 };
      const output = await runBlock(thread, this.machine.definition, this.start.input);
      return { status: 'SUCCEEDED', output };
    } catch (error) {
      return endOf(error);
    }
  }

  private watchTimeout(clock: Clock, settled: AbortSignal): void {
    const { timeoutSeconds } = this.machine;
    if (timeoutSeconds !== null) {
      clock
        .sleep(timeoutSeconds * 1000, settled)
        .then(() => this.controller.abort(new Interruption('timed-out')))
        .catch(() => {});
    }
  }

  private context() {
    const { machine, start } = this;
    return {
      world: this.world,
      history: this.history,
      region: machine.arn.split(':')[3] ?? '',
      machineArn: machine.arn,
      context: {
        Execution: {
          Id: start.arn,
          Input: start.input,
          Name: start.name,
          RoleArn: machine.roleArn,
          StartTime: this.startDate.toISOString(),
        },
        StateMachine: { Id: machine.arn, Name: machine.name },
      },
    };
  }
}

/** What the end of the machine's block means for its execution. */
function endOf(error: unknown): ExecutionResult {
  if (error instanceof StateFailure) {
    return { status: 'FAILED', error: error.error, cause: error.causeText };
  }
  if (error instanceof Interruption) {
    return error.reason === 'timed-out'
      ? { status: 'TIMED_OUT', error: ERROR_NAMES.timeout }
      : { status: 'ABORTED', ...failureDetails(error.error, error.causeText) };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 'FAILED', error: ERROR_NAMES.runtime, cause: `the interpreter failed: ${text}` };
}
