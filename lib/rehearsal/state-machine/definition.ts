import type { Json } from './json';

/** A validated machine; every field was checked against `SUPPORTED` before. Names are ASL's own. */
export interface Definition extends Block {
  /** Seconds until the execution is `TIMED_OUT`; without it there is no limit. */
  readonly TimeoutSeconds?: number;
}

/** States that run in one variable scope: the machine, a branch, or a Map's processor. */
export interface Block {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** What a state does with its values; absent means pass through and assign nothing. */
export interface Result {
  readonly Assign?: Readonly<Record<string, Json>>;
  readonly Output?: Json;
}

interface Flow extends Result {
  /** Absent on an end state. */
  readonly Next?: string;
}

interface Recovering {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

/** One entry of Retry. */
export interface Retrier {
  readonly ErrorEquals: readonly string[];
  /** @default 1 */
  readonly IntervalSeconds?: number;
  /** @default 3 */
  readonly MaxAttempts?: number;
  /** @default 2 */
  readonly BackoffRate?: number;
  /** @default no cap */
  readonly MaxDelaySeconds?: number;
  /** @default NONE */
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

/** One entry of Catch. */
export interface Catcher extends Result {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

/** One entry of Choices. */
export interface ChoiceRule extends Result {
  readonly Condition: string;
  readonly Next: string;
}

/** Calls something outside the machine. */
export interface TaskState extends Flow, Recovering {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments?: Json;
  /** A number of seconds or a JSONata string that yields one. */
  readonly TimeoutSeconds?: number | string;
}

/** Branches on conditions. */
export interface ChoiceState extends Result {
  readonly Type: 'Choice';
  readonly Choices: readonly ChoiceRule[];
  readonly Default?: string;
}

/** Waits for a number of seconds or until a time. */
export interface WaitState extends Flow {
  readonly Type: 'Wait';
  readonly Seconds?: number | string;
  readonly Timestamp?: string;
}

/** Runs one block per item. */
export interface MapState extends Flow, Recovering {
  readonly Type: 'Map';
  readonly Items?: Json;
  readonly ItemSelector?: Json;
  readonly MaxConcurrency?: number | string;
  readonly ItemProcessor: Block;
}

/** Runs several blocks on one input. */
export interface ParallelState extends Flow, Recovering {
  readonly Type: 'Parallel';
  readonly Arguments?: Json;
  readonly Branches: readonly Block[];
}

/** Reshapes its input. */
export interface PassState extends Flow {
  readonly Type: 'Pass';
}

/** Ends its block well. */
export interface SucceedState {
  readonly Type: 'Succeed';
  readonly Output?: Json;
}

/** Ends its block with an error. */
export interface FailState {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly Cause?: string;
}

/** Any state. */
export type State =
  | TaskState
  | ChoiceState
  | WaitState
  | MapState
  | ParallelState
  | PassState
  | SucceedState
  | FailState;
