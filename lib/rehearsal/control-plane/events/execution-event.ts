import type { ExecutionDescription } from '../../state-machine/state-machines';
import type { EmittedEvent } from './event-bus';

/** The detail type of the event. */
const STATUS_CHANGE = 'Step Functions Execution Status Change';

/**
 * What Step Functions emits when an execution begins or ends. Payloads are left out, as they are for a machine under a
 * customer's key (facts J28).
 */
export function executionEvent(execution: ExecutionDescription): EmittedEvent {
  const { executionArn, stateMachineArn, name, status, startDate, stopDate } = execution;
  const redrivable = status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED';
  return {
    source: 'aws.states',
    detailType: STATUS_CHANGE,
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn,
      name,
      status,
      startDate: startDate.getTime(),
      stopDate: stopDate?.getTime() ?? null,
      input: null,
      inputDetails: null,
      output: null,
      outputDetails: null,
      error: null,
      cause: null,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: redrivable ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      redriveStatusReason: redrivable ? null : `Execution is ${status} and cannot be redriven`,
    },
  };
}
