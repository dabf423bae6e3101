/** The retry policies, with their arithmetic. A name in a policy is one of the contract's or one that Lambda documents. */
import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import { ERRORS } from '../../lambda/contract';

/** Lambda refused the call: the step has certainly not run, so that even the cutover may be tried again. */
const NOT_STARTED = ['Lambda.TooManyRequestsException'];

/** The call was lost on the way, before or after the step ran (facts J2). */
const LOST = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
];

/** The function died or ran out of time in mid-step; the next call looks first, then acts. */
const KILLED = [
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'Runtime.UnhandledPromiseRejection',
  'Sandbox.Timedout',
  'States.Timeout',
];

function policy(errors: string[], firstSeconds: number, longestSeconds: number, maxAttempts: number): RetryProps {
  return {
    errors,
    interval: Duration.seconds(firstSeconds),
    backoffRate: 2,
    maxDelay: Duration.seconds(longestSeconds),
    maxAttempts,
    jitterStrategy: JitterType.FULL,
  };
}

/** 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 = about two minutes: throttling passes, or the account's limit is a person's matter. */
const throttled = policy(NOT_STARTED, 1, 30, 8);

/** 2 + 4 + 8 + 16 + 30 + 30 = a minute and a half: an outage of the service longer than that is worth a look. */
const lost = policy(LOST, 2, 30, 6);

/** 5 + 10 + 20 = about half a minute, three more runs: what dies four times dies of itself. */
const killed = policy(KILLED, 5, 60, 3);

/** 2 + 4 + 8 + 16 + 32 + 60 * 25 = about 26 minutes: a restart, a failover, a long transaction before a slot. */
const askAgain = policy([ERRORS.notReady], 2, 60, 30);

/** 1 + 2 + 4 + 8 + 10 * 56 = about ten minutes: a fenced source is an outage, so ask often. */
const askOften = policy([ERRORS.notReady], 1, 10, 60);

/** 2 + 4 + 8 + 10 * 7 = about a minute and a half: giving back must survive more than one death. */
const killedOften = policy(KILLED, 2, 10, 10);

/** A step that looks first, then acts: it may be called again whatever became of the first call. */
export const REPEATABLE: readonly RetryProps[] = [throttled, lost, killed, askAgain];

/** The cutover: once begun it is never begun again, its failure goes to give the source back. */
export const ONCE: readonly RetryProps[] = [throttled];

/** The compensation, and what completes the way forward. */
export const PERSISTENT: readonly RetryProps[] = [throttled, lost, killedOften, askOften];
