/** An error as the runtime reports it: the JSON of a failed invocation's payload. */
export interface FailureReport {
  readonly errorType: string;
  readonly errorMessage: string;
  /** Lines of the stack; absent when the platform and not the handler failed. */
  readonly trace?: readonly string[];
}

/**
 * A failed invocation as Step Functions sees it: `name` is the error name that Retry and Catch compare (facts J4), `cause`
 * the Cause, JSON text of a FailureReport (facts J5) or plain text from the Lambda service.
 */
export class FunctionError extends Error {
  override readonly name: string;
  override readonly cause: string;

  constructor(name: string, message: string, cause: string) {
    super(message);
    this.name = name;
    this.cause = cause;
  }
}

/** The handler threw, or the runtime reported an error of its own. */
export function reported(report: FailureReport): FunctionError {
  return new FunctionError(report.errorType, report.errorMessage, JSON.stringify(report));
}

/** The sandbox died under the handler: a kill, an exit, too little memory. */
export function crashed(requestId: string, how: string): FunctionError {
  return reported({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId} Error: Runtime exited ${how}`,
  });
}

/** The function's own timeout; runtimes of today report it under this name, older ones as `Lambda.Unknown`. */
export function timedOut(requestId: string, timeoutSeconds: number): FunctionError {
  return reported({
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
  });
}

/** Reserved concurrency is used up. */
export function throttled(functionName: string): FunctionError {
  const text = `Rate Exceeded. (function '${functionName}', Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException)`;
  return new FunctionError('Lambda.TooManyRequestsException', text, text);
}

/** Nothing is registered under this ARN or name. */
export function notFound(arn: string): FunctionError {
  const text = `Function not found: ${arn} (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException)`;
  return new FunctionError('Lambda.ResourceNotFoundException', text, text);
}
