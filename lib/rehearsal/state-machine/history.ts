import type { Clock } from '../clock';
import { StateFailure } from './failure';
import { ERROR_NAMES, type StateType } from './supported';

/** Step Functions fails an execution whose history would grow beyond this (facts J6). */
export const HISTORY_LIMIT = 25_000;

type Ending = 'Succeeded' | 'Failed' | 'Aborted' | 'TimedOut';

/** Event types of `GetExecutionHistory` that the interpreter records. */
export type HistoryEventType =
  | 'ExecutionStarted'
  | `Execution${Ending}`
  | 'EvaluationFailed'
  | `${StateType}StateEntered`
  | `${Exclude<StateType, 'Fail'>}StateExited`
  | `${'Map' | 'Parallel'}State${'Started' | 'Succeeded' | 'Failed'}`
  | `MapIteration${'Started' | 'Succeeded' | 'Failed' | 'Aborted'}`
  | `LambdaFunction${'Scheduled' | 'Started' | 'Succeeded' | 'Failed' | 'TimedOut'}`
  | `Task${'Scheduled' | 'Started' | 'Submitted' | 'Succeeded' | 'Failed' | 'TimedOut'}`;

/** What failed; absent members are those that AWS leaves out. */
export interface FailureDetails {
  readonly error?: string;
  readonly cause?: string;
}

interface Integration {
  /** Such as `lambda`, `states` or `sns`. */
  readonly resourceType: string;
  /** Such as `invoke` or `startExecution.sync:2`. */
  readonly resource: string;
}

interface Iteration {
  readonly name: string;
  readonly index: number;
}

/** The details of an event, under the names of the API; inputs, outputs and variables are JSON text. */
export interface HistoryEventDetails {
  readonly executionStartedEventDetails?: { readonly input: string; readonly roleArn: string };
  readonly executionSucceededEventDetails?: { readonly output: string };
  readonly executionFailedEventDetails?: FailureDetails;
  readonly executionAbortedEventDetails?: FailureDetails;
  readonly executionTimedOutEventDetails?: FailureDetails;
  readonly evaluationFailedEventDetails?: FailureDetails & { readonly location: string; readonly state: string };
  readonly stateEnteredEventDetails?: { readonly name: string; readonly input: string };
  readonly stateExitedEventDetails?: {
    readonly name: string;
    readonly output: string;
    readonly assignedVariables?: Readonly<Record<string, string>>;
  };
  readonly mapStateStartedEventDetails?: { readonly length: number };
  readonly mapIterationStartedEventDetails?: Iteration;
  readonly mapIterationSucceededEventDetails?: Iteration;
  readonly mapIterationFailedEventDetails?: Iteration;
  readonly mapIterationAbortedEventDetails?: Iteration;
  readonly lambdaFunctionScheduledEventDetails?: {
    readonly resource: string;
    readonly input: string;
    readonly timeoutInSeconds?: number;
  };
  readonly lambdaFunctionSucceededEventDetails?: { readonly output: string };
  readonly lambdaFunctionFailedEventDetails?: FailureDetails;
  readonly lambdaFunctionTimedOutEventDetails?: FailureDetails;
  readonly taskScheduledEventDetails?: Integration & {
    readonly region: string;
    readonly parameters: string;
    readonly timeoutInSeconds?: number;
  };
  readonly taskStartedEventDetails?: Integration;
  readonly taskSubmittedEventDetails?: Integration & { readonly output: string };
  readonly taskSucceededEventDetails?: Integration & { readonly output: string };
  readonly taskFailedEventDetails?: Integration & FailureDetails;
  readonly taskTimedOutEventDetails?: Integration & FailureDetails;
}

/** One event, in the shape in which the AWS SDK returns it. */
export interface HistoryEvent extends HistoryEventDetails {
  readonly id: number;
  /** 0 for the first event and for the first state's entry, as in AWS. */
  readonly previousEventId: number;
  readonly timestamp: Date;
  readonly type: HistoryEventType;
}

/** The events of one execution. */
export class History {
  readonly events: HistoryEvent[] = [];

  /** `onEvent` is called with each event as it is recorded. */
  constructor(
    private readonly clock: Clock,
    private readonly onEvent: (event: HistoryEvent) => void,
  ) {}

  /**
   * Records an event and returns its id. Throws the uncatchable `States.Runtime` instead of using the last place, which
   * is kept for the event that ends the execution.
   */
  record(type: HistoryEventType, previousEventId: number, details: HistoryEventDetails = {}): number {
    if (this.events.length >= HISTORY_LIMIT - 1) {
      throw new StateFailure(
        ERROR_NAMES.runtime,
        `The execution reached the maximum number of history events (${HISTORY_LIMIT}).`,
      );
    }
    return this.append(type, previousEventId, details);
  }

  /** Records the event that ends the execution; there is always a place for it. */
  end(type: `Execution${Ending}`, details: HistoryEventDetails): void {
    this.append(type, this.events.at(-1)?.id ?? 0, details);
  }

  private append(type: HistoryEventType, previousEventId: number, details: HistoryEventDetails): number {
    const id = this.events.length + 1;
    const event = { id, previousEventId, timestamp: new Date(this.clock.now()), type, ...details };
    this.events.push(event);
    this.onEvent(event);
    return id;
  }
}

/** Error and cause as events carry them: an empty cause is left out. */
export function failureDetails(error: string | undefined, cause: string | undefined): FailureDetails {
  return { ...(error ? { error } : {}), ...(cause ? { cause } : {}) };
}
