import { ERROR_NAMES } from './supported';

/** A state's failure as Retry and Catch see it: the ASL error name and its cause. */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';

  /** `error` is what ErrorEquals is compared with; `causeText` is empty when AWS reports none. */
  constructor(
    readonly error: string,
    readonly causeText: string,
    options?: ErrorOptions,
  ) {
    super(causeText === '' ? error : `${error}: ${causeText}`, options);
  }
}

/** Ends a thread of an execution from outside; no Retry and no Catch sees it (facts J9). */
export class Interruption extends Error {
  override readonly name = 'Interruption';

  /** `sibling`: another branch or iteration of the same state failed. */
  constructor(
    readonly reason: 'stopped' | 'timed-out' | 'sibling',
    readonly error?: string,
    readonly causeText?: string,
  ) {
    super(`interrupted: ${reason}`);
  }
}

/** A failure of an interpreter call, named as the Step Functions API names it. */
export class StateMachineError extends Error {
  override readonly name: string;

  /** `name` is the API's error name, such as `ExecutionAlreadyExists`. */
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/**
 * Whether an ErrorEquals entry matches an error name. `States.Runtime` is matched by nothing, `States.DataLimitExceeded`
 * only by its own name, and `States.TaskFailed` stands for everything but `States.Timeout` (developer guide, "Handling
 * errors in Step Functions workflows").
 */
export function errorMatches(pattern: string, error: string): boolean {
  if (error === ERROR_NAMES.runtime) {
    return false;
  }
  if (pattern === error) {
    return true;
  }
  if (error === ERROR_NAMES.dataLimitExceeded) {
    return false;
  }
  return pattern === ERROR_NAMES.all || (pattern === ERROR_NAMES.taskFailed && error !== ERROR_NAMES.timeout);
}

/** Turns whatever a callback threw into the failure of its task: `name` is the error, a string `cause` the cause. */
export function failureOf(thrown: unknown): StateFailure {
  if (thrown instanceof StateFailure) {
    return thrown;
  }
  if (!(thrown instanceof Error)) {
    return new StateFailure(
      typeof thrown,
      JSON.stringify({ errorType: typeof thrown, errorMessage: String(thrown), trace: [] }),
    );
  }
  const cause =
    typeof thrown.cause === 'string'
      ? thrown.cause
      : JSON.stringify({
          errorType: thrown.name,
          errorMessage: thrown.message,
          trace: (thrown.stack ?? '').split('\n'),
        });
  return new StateFailure(thrown.name, cause, { cause: thrown });
}
