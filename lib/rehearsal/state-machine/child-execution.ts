import type { Execution } from './execution';
import { StateFailure, StateMachineError } from './failure';
import type { Json, JsonObject } from './json';
import { ERROR_NAMES } from './supported';
import type { ChildRequest } from './thread';

/** How executions are started and found. */
export interface Executions {
  start(request: ChildRequest): { readonly executionArn: string; readonly startDate: Date };
  find(executionArn: string): Execution;
}

/**
 * `startExecution.sync:2`: runs a child to its end and returns its description with Input and Output parsed. A child that
 * did not succeed is `States.TaskFailed` with its description as JSON text; a child whose parent no longer waits is
 * stopped, as Step Functions does with `.sync`.
 */
export async function runChildExecution(
  executions: Executions,
  request: ChildRequest,
  signal: AbortSignal,
  onStarted: (started: JsonObject) => void,
): Promise<Json> {
  signal.throwIfAborted();
  const { executionArn, startDate } = startChild(executions, request);
  onStarted({ ExecutionArn: executionArn, StartDate: startDate.getTime() });
  const child = executions.find(executionArn);
  const onAbort = () => void child.stop();
  signal.addEventListener('abort', onAbort, { once: true });
  const result = await child.ended;
  signal.removeEventListener('abort', onAbort);
  if (result.status !== 'SUCCEEDED') {
    throw new StateFailure(ERROR_NAMES.taskFailed, JSON.stringify(failedDescription(child)));
  }
  return {
    ...description(child),
    Input: child.start.input,
    Output: result.output ?? null,
    OutputDetails: { Included: true },
    RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    RedriveStatus: 'NOT_REDRIVABLE',
  };
}

/** Errors of StartExecution reach the state with the prefix of the service. */
function startChild(executions: Executions, request: ChildRequest) {
  try {
    return executions.start(request);
  } catch (error) {
    if (error instanceof StateMachineError) {
      throw new StateFailure(`StepFunctions.${error.name}Exception`, error.message, { cause: error });
    }
    throw error;
  }
}

function failedDescription(child: Execution): JsonObject {
  const { result } = child;
  return {
    ...(result?.cause ? { Cause: result.cause } : {}),
    ...(result?.error ? { Error: result.error } : {}),
    ...description(child),
    Input: JSON.stringify(child.start.input),
    RedriveStatus: 'REDRIVABLE',
  };
}

function description(child: Execution): JsonObject {
  return {
    ExecutionArn: child.start.arn,
    InputDetails: { Included: true },
    Name: child.start.name,
    RedriveCount: 0,
    StartDate: child.startDate.getTime(),
    StateMachineArn: child.machine.arn,
    Status: child.status,
    StopDate: child.stopDate?.getTime() ?? null,
  };
}
