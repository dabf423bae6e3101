/** Every call to AWS passes here: errors are told apart by name, and come out as what a state machine reacts to. */
import { Blocked, NotReady } from '../errors';

/** Limits of a client: the SDK's own retries stay below a Lambda's timeout, the rest is the state machine's to retry. */
export const CLIENT_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

/** What is done to what, for the error's text: the IAM action and a name or ARN. */
export interface AwsAction {
  readonly action: string;
  readonly resource: string;
}

/** Names of the errors after which asking again is right (fault 75). */
const TRANSIENT = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'PriorRequestNotComplete',
  'SlowDown',
  'BandwidthLimitExceeded',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'InternalFailure',
  'InternalServerError',
  'DependencyTimeoutException',
  'KMSInternalException',
]);

/** Names of the errors that no retry heals: a permission is missing (fault 92). */
const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'NotAuthorized',
  'UnauthorizedOperation',
]);

/** Network errors by `code`. */
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/**
 * Runs one call. An error whose name `expected` holds is answered by it. Throttling, server errors and timeouts are
 * `NotReady`; a missing permission is `Blocked` and names action, resource and, in AWS's words, the principal; every other
 * refusal is an error that names action and resource.
 */
export async function callAws<T>(
  what: AwsAction,
  call: () => Promise<T>,
  expected: Readonly<Record<string, (error: Error) => T | Promise<T>>> = {},
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const answer = error instanceof Error ? expected[error.name] : undefined;
    if (answer !== undefined && error instanceof Error) return answer(error);
    throw translateAwsError(what, error);
  }
}

/** The error to throw for what the SDK threw. */
export function translateAwsError({ action, resource }: AwsAction, error: unknown): Error {
  const { name, message, code, status } = read(error);
  if (DENIED.has(name)) {
    return new Blocked(`${action} on ${resource} is denied, grant it to the step's role: ${message}`, { cause: error });
  }
  if (TRANSIENT.has(name) || NETWORK.has(code) || status === 429 || status >= 500) {
    return new NotReady(`${action} on ${resource} failed with ${name}, it is tried again`, { cause: error });
  }
  return new Error(`${action} on ${resource} was refused with ${name}: ${message}`, { cause: error });
}

function read(error: unknown) {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly name?: unknown;
    readonly message?: unknown;
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return {
    name: typeof fields.name === 'string' ? fields.name : typeof error,
    message: typeof fields.message === 'string' ? fields.message : '',
    code: typeof fields.code === 'string' ? fields.code : '',
    status: fields.$metadata?.httpStatusCode ?? 0,
  };
}
