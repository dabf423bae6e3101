import { randomUUID } from 'node:crypto';
import { type Clock, realClock } from '../clock';
import { runChildExecution } from './child-execution';
import { Execution, type ExecutionResult, type ExecutionStatus, type Machine } from './execution';
import { StateMachineError } from './failure';
import type { HistoryEvent } from './history';
import { type Json, type JsonObject, jsonBytes, PAYLOAD_LIMIT_BYTES, throughJson } from './json';
import { loadDefinition } from './load';
import { TaskTokens } from './task-tokens';
import type { World } from './thread';

/** What the interpreter is given of its surroundings. */
export interface StateMachinesOptions {
  /** Shortens Wait states and retry intervals. */
  readonly clock: Clock;
  /**
   * Measures the timeouts of tasks and executions, whose work takes real time.
   * @default realClock
   */
  readonly timeoutClock?: Clock;
  /**
   * Calls a function by its ARN, alias included, or by the name given in `FunctionName`. What it throws becomes the task's
   * error: `name` is the error name, a string `cause` the Cause.
   */
  invokeFunction(arn: string, payload: Json, options: { readonly signal: AbortSignal }): Promise<unknown>;
  /**
   * Publishes to SNS: `TopicArn`, `Message` (text), and `Subject` or `MessageAttributes` when given. May answer `{ MessageId }`.
   * @default machines that publish are refused
   */
  publish?(message: JsonObject, options: { readonly signal: AbortSignal }): Promise<unknown>;
  /**
   * Sees every event of every execution as it is recorded.
   * @default nothing
   */
  onEvent?(executionArn: string, event: HistoryEvent): void;
  /**
   * Told when an execution has begun and when it has ended, but not of those that `close` ends.
   * @default nothing
   */
  onStatus?(execution: ExecutionDescription): void;
}

/** A machine to register. */
export interface StateMachineProps {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  /** The definition, tokens resolved: an object or its JSON text. */
  readonly definition: unknown;
  /**
   * A limit beside the definition's own TimeoutSeconds; the shorter one holds.
   * @default the definition's
   */
  readonly timeoutSeconds?: number;
}

/** What DescribeExecution says; `input` and `output` are JSON text. */
export interface ExecutionDescription {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startDate: Date;
  readonly stopDate?: Date;
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** Step Functions on this machine; errors are named as the API names them. */
export interface StateMachines {
  /** Loads a machine; throws `InvalidDefinition` with every problem at once. An ARN is registered once. */
  register(props: StateMachineProps): void;
  /**
   * Starts an execution. The same name and input while it runs answers the running one, any other second use of a name
   * throws `ExecutionAlreadyExists` (facts J10). `name` defaults to a UUID.
   */
  startExecution(request: { readonly stateMachineArn: string; readonly name?: string; readonly input: unknown }): {
    readonly executionArn: string;
    readonly startDate: Date;
  };
  describeExecution(executionArn: string): ExecutionDescription;
  /** Every execution, in the order of their starts. */
  listExecutions(stateMachineArn?: string): readonly ExecutionDescription[];
  /** Stops an execution and resolves when it has ended; a no-op on one that ended before. */
  stopExecution(
    executionArn: string,
    reason?: { readonly error?: string; readonly cause?: string },
  ): Promise<{ readonly stopDate: Date }>;
  getExecutionHistory(executionArn: string): readonly HistoryEvent[];
  /** Resolves when the execution has ended, however it did. */
  result(executionArn: string): Promise<ExecutionResult>;
  /** `output` is JSON text. Throws `InvalidToken`, `TaskTimedOut` or `InvalidOutput`. */
  sendTaskSuccess(request: { readonly taskToken: string; readonly output: string }): void;
  /** Throws `InvalidToken` or `TaskTimedOut`. */
  sendTaskFailure(request: { readonly taskToken: string; readonly error?: string; readonly cause?: string }): void;
  /** Throws `InvalidToken` or `TaskTimedOut`. */
  sendTaskHeartbeat(request: { readonly taskToken: string }): void;
  /** ARN of the machine that a task token belongs to; null for a token that was never issued. */
  machineOfToken(taskToken: string): string | null;
  /** Ends an execution as its own time limit would; resolves when it has ended. */
  timeOut(executionArn: string): Promise<void>;
  /** Stops everything that runs; nothing is started any more. */
  close(): Promise<void>;
}

/** Makes an interpreter without machines. */
export function createStateMachines(options: StateMachinesOptions): StateMachines {
  const machines = new Map<string, Machine>();
  const executions = new Map<string, Execution>();
  const tokens = new TaskTokens();
  let closed = false;
  const tell = (execution: Execution) => {
    if (!closed) options.onStatus?.(describe(execution));
  };

  const start: StateMachines['startExecution'] = ({ stateMachineArn, name = randomUUID(), input }) => {
    if (closed) throw new StateMachineError('ServiceUnavailable', 'the interpreter is closed');
    const machine = machines.get(stateMachineArn);
    if (machine === undefined) {
      throw new StateMachineError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    }
    const value = checkedInput(input);
    const arn = executionArnOf(machine, checkedName(name));
    const before = executions.get(arn);
    const execution = before ?? new Execution(machine, { arn, name, input: value }, world, onEvent);
    if (before !== undefined && !isSameAndRunning(before, value)) {
      throw new StateMachineError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    if (before === undefined) {
      executions.set(arn, execution);
      tell(execution);
      execution.ended.then(
        () => tell(execution),
        () => undefined,
      );
    }
    return { executionArn: arn, startDate: execution.startDate };
  };
  const onEvent = (arn: string, event: HistoryEvent) => options.onEvent?.(arn, event);
  const find = (arn: string) => found(executions, arn);
  const world: World = {
    clock: options.clock,
    timeoutClock: options.timeoutClock ?? realClock,
    tokens,
    invokeFunction: (arn, payload, { signal }) => options.invokeFunction(arn, payload, { signal }),
    publish: (message, { signal }) => Promise.resolve(options.publish?.(message, { signal })),
    runChild: (request, signal, onStarted) => runChildExecution({ start, find }, request, signal, onStarted),
  };

  return {
    register: (props) => register(machines, props, options.publish !== undefined),
    startExecution: start,
    describeExecution: (arn) => describe(find(arn)),
    listExecutions: (arn) =>
      [...executions.values()].filter(({ machine }) => arn === undefined || machine.arn === arn).map(describe),
    stopExecution: async (arn, reason) => {
      const execution = find(arn);
      await execution.stop(reason?.error, reason?.cause);
      return { stopDate: execution.stopDate ?? execution.startDate };
    },
    timeOut: async (arn) => {
      await find(arn).timeOut();
    },
    getExecutionHistory: (arn) => [...find(arn).history.events],
    result: (arn) => find(arn).ended,
    sendTaskSuccess: ({ taskToken, output }) => tokens.succeed(taskToken, output),
    sendTaskFailure: ({ taskToken, error, cause }) => tokens.fail(taskToken, error, cause),
    sendTaskHeartbeat: ({ taskToken }) => tokens.heartbeat(taskToken),
    machineOfToken: (taskToken) => tokens.machineOf(taskToken),
    close: async () => {
      closed = true;
      await Promise.all([...executions.values()].map((execution) => execution.stop()));
    },
  };
}

function register(machines: Map<string, Machine>, props: StateMachineProps, canPublish: boolean): void {
  if (machines.has(props.arn)) {
    throw new StateMachineError('StateMachineAlreadyExists', `State Machine Already Exists: '${props.arn}'`);
  }
  const definition = loadDefinition(props.name, props.definition, { canPublish });
  const limits = [props.timeoutSeconds, definition.TimeoutSeconds].filter((limit) => limit !== undefined);
  machines.set(props.arn, {
    arn: props.arn,
    name: props.name,
    roleArn: props.roleArn,
    definition,
    timeoutSeconds: limits.length === 0 ? null : Math.min(...limits),
  });
}

function checkedInput(input: unknown): Json {
  const value = throughJson(input);
  if (jsonBytes(value) > PAYLOAD_LIMIT_BYTES) {
    throw new StateMachineError(
      'InvalidExecutionInput',
      `an execution's input has at most ${PAYLOAD_LIMIT_BYTES} bytes`,
    );
  }
  return value;
}

function checkedName(name: string): string {
  if (!/^[\w.!@()=+'-]{1,80}$/.test(name)) {
    throw new StateMachineError('InvalidName', `an execution's name has 1 to 80 plain characters, got '${name}'`);
  }
  return name;
}

function executionArnOf(machine: Machine, name: string): string {
  return `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
}

function isSameAndRunning(execution: Execution, input: Json): boolean {
  return execution.status === 'RUNNING' && JSON.stringify(execution.start.input) === JSON.stringify(input);
}

function found(executions: ReadonlyMap<string, Execution>, arn: string): Execution {
  const execution = executions.get(arn);
  if (execution === undefined) {
    throw new StateMachineError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  }
  return execution;
}

/** What DescribeExecution says of an execution. */
function describe(execution: Execution): ExecutionDescription {
  const { result, stopDate } = execution;
  return {
    executionArn: execution.start.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.start.name,
    status: execution.status,
    startDate: execution.startDate,
    input: JSON.stringify(execution.start.input),
    ...(stopDate === null ? {} : { stopDate }),
    ...(result?.output === undefined ? {} : { output: JSON.stringify(result.output) }),
    ...(result?.error ? { error: result.error } : {}),
    ...(result?.cause ? { cause: result.cause } : {}),
  };
}
