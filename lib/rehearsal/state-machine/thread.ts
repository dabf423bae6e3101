import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { Result, State } from './definition';
import { evaluateTemplate, QueryProblem } from './expressions';
import { StateFailure } from './failure';
import type { History, HistoryEventDetails, HistoryEventType } from './history';
import { type Json, type JsonObject, jsonBytes, PAYLOAD_LIMIT_BYTES } from './json';
import { ERROR_NAMES, type StateType } from './supported';
import type { TaskTokens } from './task-tokens';
import type { VariableScope } from './variables';

/** What tasks reach outside the interpreter. */
export interface World {
  /** Shortens Wait states and retry intervals. */
  readonly clock: Clock;
  /** Measures timeouts: what tasks do outside takes real time. */
  readonly timeoutClock: Clock;
  readonly tokens: TaskTokens;
  invokeFunction(arn: string, payload: Json, options: { readonly signal: AbortSignal }): Promise<unknown>;
  publish?(message: JsonObject, options: { readonly signal: AbortSignal }): Promise<unknown>;
  /** Runs a child execution to its end and stops it when the signal aborts. */
  runChild(request: ChildRequest, signal: AbortSignal, onStarted: (started: JsonObject) => void): Promise<Json>;
}

/** Arguments of `startExecution.sync:2`. */
export interface ChildRequest {
  readonly stateMachineArn: string;
  readonly name?: string;
  readonly input: Json;
}

/** What is the same for a whole execution. */
export interface Run {
  readonly world: World;
  readonly history: History;
  /** The members `Execution` and `StateMachine` of the context object. */
  readonly context: JsonObject;
  readonly region: string;
  /** ARN of the machine. */
  readonly machineArn: string;
}

/** One line of control: the execution itself, a branch or an iteration. */
export interface Thread {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly variables: VariableScope;
  previousEventId: number;
}

/** One stay in a state, over all its attempts. */
export interface Visit {
  readonly thread: Thread;
  readonly name: string;
  readonly type: StateType;
  readonly input: Json;
  readonly enteredEventId: number;
  readonly enteredTime: string;
  retryCount: number;
  /** Token of the attempt at hand, in callback tasks. */
  taskToken?: string;
}

/** How a state ended: its output and where to go, null at the end of the block. */
export interface Outcome {
  readonly output: Json;
  readonly next: string | null;
}

/** Members of `$states` that only some fields see, and the item of an ItemSelector. */
export interface Further {
  readonly result?: Json;
  readonly errorOutput?: Json;
  readonly item?: { readonly Index: number; readonly Value: Json };
}

/** Records an event on a thread. */
export function record(thread: Thread, type: HistoryEventType, details: HistoryEventDetails = {}): void {
  thread.previousEventId = thread.run.history.record(type, thread.previousEventId, details);
}

/** Records the entry of a state. */
export function enter(thread: Thread, name: string, state: State, input: Json): Visit {
  const isFirst = thread.run.history.events.length === 1;
  const enteredTime = new Date(thread.run.world.clock.now()).toISOString();
  thread.previousEventId = thread.run.history.record(
    `${state.Type}StateEntered`,
    isFirst ? 0 : thread.previousEventId,
    {
      stateEnteredEventDetails: { name, input: JSON.stringify(input) },
    },
  );
  const enteredEventId = thread.previousEventId;
  return { thread, name, type: state.Type, input, enteredEventId, enteredTime, retryCount: 0 };
}

/** Evaluates a field; a failure is recorded as `EvaluationFailed` and thrown as `States.QueryEvaluationError`. */
export async function evaluateField(
  visit: Visit,
  template: Json,
  location: string,
  further: Further = {},
): Promise<Json> {
  const bindings = { ...visit.thread.variables.visible(), states: statesVariable(visit, further) };
  try {
    return await evaluateTemplate(template, bindings, location);
  } catch (error) {
    throw error instanceof QueryProblem ? queryFailure(visit, error) : error;
  }
}

/** Records a QueryProblem and makes it the state's failure. */
export function queryFailure(visit: Visit, problem: QueryProblem): StateFailure {
  const error = ERROR_NAMES.queryEvaluationError;
  const cause = `${executing(visit)} ${problem.message}`;
  record(visit.thread, 'EvaluationFailed', {
    evaluationFailedEventDetails: { error, cause, location: problem.location, state: visit.name },
  });
  return new StateFailure(error, cause, { cause: problem });
}

/** Refuses a value above 256 KiB as `States.DataLimitExceeded`; returns it otherwise. */
export function withinLimit(visit: Visit, value: Json, what: string): Json {
  if (jsonBytes(value) > PAYLOAD_LIMIT_BYTES) {
    throw new StateFailure(
      ERROR_NAMES.dataLimitExceeded,
      `The state/task '${visit.name}' returned a result with a size exceeding the maximum number of bytes service limit (${what}).`,
    );
  }
  return value;
}

/**
 * Leaves a state: Assign and Output are evaluated with the variables as they were on entry, then the variables change,
 * then the exit is recorded.
 */
export async function leave(
  visit: Visit,
  fields: Result,
  further: Further,
  passed: Json,
  next: string | null,
  location = '',
): Promise<Outcome> {
  const assigned = await evaluateField(visit, fields.Assign ?? {}, `${location}Assign`, further);
  withinLimit(visit, assigned, 'Assign');
  const output =
    fields.Output === undefined ? passed : await evaluateField(visit, fields.Output, `${location}Output`, further);
  withinLimit(visit, output, 'Output');
  const values = assigned as JsonObject;
  visit.thread.variables.assign(values);
  const texts = Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)] as const);
  record(visit.thread, `${visit.type as Exclude<StateType, 'Fail'>}StateExited`, {
    stateExitedEventDetails: {
      name: visit.name,
      output: JSON.stringify(output),
      ...(texts.length > 0 ? { assignedVariables: Object.fromEntries(texts) } : {}),
    },
  });
  return { output, next };
}

/** How Step Functions begins the cause of a failure of its own. */
export function executing(visit: Visit): string {
  return `An error occurred while executing the state '${visit.name}' (entered at the event id #${visit.enteredEventId}).`;
}

/** A new task token; as opaque as the real one and below its 2048 characters (facts J8). */
export function newTaskToken(): string {
  return Buffer.from(`${randomUUID()}${randomUUID()}`).toString('base64');
}

function statesVariable(visit: Visit, { item, ...further }: Further): Record<string, unknown> {
  const state = { Name: visit.name, EnteredTime: visit.enteredTime, RetryCount: visit.retryCount };
  const token = visit.taskToken === undefined ? {} : { Task: { Token: visit.taskToken } };
  const map = item === undefined ? {} : { Map: { Item: item } };
  return { input: visit.input, ...further, context: { ...visit.thread.run.context, State: state, ...token, ...map } };
}
