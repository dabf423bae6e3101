import type { StateFailure } from './failure';
import { failureDetails } from './history';
import type { Json } from './json';
import type { Resource } from './resources';
import { record, type Thread } from './thread';

/** Records the life of one attempt of a Task. */
export interface TaskEvents {
  scheduled(input: Json, timeoutSeconds: number | null): void;
  started(): void;
  /** The call went through and the task now waits for a child or a callback. */
  submitted(output: Json): void;
  succeeded(output: Json): void;
  failed(failure: StateFailure): void;
  timedOut(failure: StateFailure): void;
}

/** The events of a resource: `LambdaFunction…` for a function's ARN, `Task…` for service integrations. */
export function taskEvents(thread: Thread, resource: Resource): TaskEvents {
  return resource.kind === 'function'
    ? functionEvents(thread, resource.arn)
    : integrationEvents(thread, resource.integration);
}

function functionEvents(thread: Thread, arn: string): TaskEvents {
  return {
    scheduled: (input, timeoutSeconds) =>
      record(thread, 'LambdaFunctionScheduled', {
        lambdaFunctionScheduledEventDetails: {
          resource: arn,
          input: JSON.stringify(input),
          ...timeout(timeoutSeconds),
        },
      }),
    started: () => record(thread, 'LambdaFunctionStarted'),
    submitted: () => {},
    succeeded: (output) =>
      record(thread, 'LambdaFunctionSucceeded', {
        lambdaFunctionSucceededEventDetails: { output: JSON.stringify(output) },
      }),
    failed: (failure) =>
      record(thread, 'LambdaFunctionFailed', {
        lambdaFunctionFailedEventDetails: failureDetails(failure.error, failure.causeText),
      }),
    timedOut: (failure) =>
      record(thread, 'LambdaFunctionTimedOut', {
        lambdaFunctionTimedOutEventDetails: failureDetails(failure.error, failure.causeText),
      }),
  };
}

function integrationEvents(thread: Thread, integration: string): TaskEvents {
  const [resourceType = '', ...rest] = integration.split(':');
  const details = { resourceType, resource: rest.join(':') };
  return {
    scheduled: (input, timeoutSeconds) =>
      record(thread, 'TaskScheduled', {
        taskScheduledEventDetails: {
          ...details,
          region: thread.run.region,
          parameters: JSON.stringify(input),
          ...timeout(timeoutSeconds),
        },
      }),
    started: () => record(thread, 'TaskStarted', { taskStartedEventDetails: details }),
    submitted: (output) =>
      record(thread, 'TaskSubmitted', { taskSubmittedEventDetails: { ...details, output: JSON.stringify(output) } }),
    succeeded: (output) =>
      record(thread, 'TaskSucceeded', { taskSucceededEventDetails: { ...details, output: JSON.stringify(output) } }),
    failed: (failure) =>
      record(thread, 'TaskFailed', {
        taskFailedEventDetails: { ...details, ...failureDetails(failure.error, failure.causeText) },
      }),
    timedOut: (failure) =>
      record(thread, 'TaskTimedOut', {
        taskTimedOutEventDetails: { ...details, ...failureDetails(failure.error, failure.causeText) },
      }),
  };
}

function timeout(seconds: number | null): { timeoutInSeconds?: number } {
  return seconds === null ? {} : { timeoutInSeconds: seconds };
}
