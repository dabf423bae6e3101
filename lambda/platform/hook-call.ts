/**
 * A function of the customer's that looks at a switch of any kind and turns it. What it throws is told by its name alone: its text
 * is the customer's and may hold anything.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { Blocked, NotReady } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

/** Version of what is sent and expected. */
export const HOOK_CONTRACT = 'sealift-switch/1';

/** What a hook is asked. */
export type HookRequest =
  | { readonly action: 'look' }
  | {
      readonly action: 'turn';
      /** The same turn again has the same name. */
      readonly name: string;
      readonly from: { readonly host: string };
      readonly to: { readonly host: string; readonly port: number };
    };

/** How a hook is called. */
export interface Hook {
  readonly functionArn: string;
  readonly timeoutSeconds: number;
}

/** Where the hook says that applications are led. */
const hookAnswer = z.strictObject({
  contract: z.literal(HOOK_CONTRACT),
  /** Null when they are led nowhere. */
  host: z
    .string()
    .regex(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9.])?$/)
    .nullable(),
  /** Null or absent when the switch names none. */
  port: z.number().int().min(1).max(65_535).nullish(),
});

/** A hook's answer. */
export type HookAnswer = z.infer<typeof hookAnswer>;

/** More than an answer needs: what is longer is none. */
const MOST_ANSWER_BYTES = 4_096;

/** Beyond the hook's own time: connection and answer. */
const GRACE_MS = 1_000;

/** Names of Lambda's own failures, which pass: the environment ended, the time was over. */
const PASSING = /^(?:Runtime|Sandbox|Extension)\./;

/** What Lambda reports when the time of a function was over. */
const TIMED_OUT = 'Sandbox.Timedout';

/**
 * Calls a hook once and checks its answer. Throws `NotReady` for what passes: throttling, a hook that did not answer in time or
 * whose environment ended, and an error that it calls `NotReady`. Throws `Blocked` for any other error of the hook and for an
 * answer of another shape.
 */
export async function callHook({ functionArn, timeoutSeconds }: Hook, request: HookRequest): Promise<HookAnswer> {
  const answer = await callAws(
    { action: 'lambda:InvokeFunction', resource: `hook ${functionArn}` },
    () =>
      clientFor(timeoutSeconds).send(
        new InvokeCommand({
          FunctionName: functionArn,
          InvocationType: 'RequestResponse',
          Payload: Buffer.from(JSON.stringify({ contract: HOOK_CONTRACT, ...request })),
        }),
      ),
    {
      ResourceNotFoundException: (cause) => {
        throw new Blocked(
          `hook ${functionArn} does not exist, configure the ARN of the function that turns the switch`,
          {
            cause,
          },
        );
      },
    },
  );
  const text = answer.Payload === undefined ? '' : Buffer.from(answer.Payload).toString('utf8');
  if (answer.FunctionError !== undefined) throw failureOf(functionArn, request.action, text);
  return checked(functionArn, request.action, text);
}

const clients = new Map<number, LambdaClient>();

/** One attempt: the same turn again is asked for by who called, and every second counts in the outage. */
function clientFor(timeoutSeconds: number): LambdaClient {
  const known = clients.get(timeoutSeconds);
  if (known !== undefined) return known;
  const requestTimeout = timeoutSeconds * 1_000 + GRACE_MS;
  const made = new LambdaClient({
    ...CLIENT_LIMITS,
    maxAttempts: 1,
    requestHandler: { ...CLIENT_LIMITS.requestHandler, requestTimeout },
  });
  clients.set(timeoutSeconds, made);
  return made;
}

function failureOf(functionArn: string, action: string, text: string): Error {
  const name = nameIn(text);
  if (name === TIMED_OUT || name === 'NotReady' || (name !== null && PASSING.test(name))) {
    return new NotReady(`hook ${functionArn} failed at ${action} with ${name}, it is called again`);
  }
  return new Blocked(
    `hook ${functionArn} failed at ${action} with ${name ?? 'an error without a usable name'}, its text stays in the hook's own ` +
      'log: look there',
  );
}

/** The error's name when it looks like one: anything else could be a value. */
function nameIn(text: string): string | null {
  const { errorType, errorMessage } = fieldsOf(text);
  if (typeof errorType === 'string' && /^[A-Za-z][\w.]{0,63}$/.test(errorType)) return errorType;
  // Lambda's own report of a function that ran out of time carries no name on older runtimes.
  return typeof errorMessage === 'string' && /Task timed out after [\d.]+ seconds$/.test(errorMessage)
    ? TIMED_OUT
    : null;
}

function checked(functionArn: string, action: string, text: string): HookAnswer {
  const short = Buffer.byteLength(text) <= MOST_ANSWER_BYTES;
  const answer = hookAnswer.safeParse(short ? fieldsOf(text) : {});
  if (answer.success) return answer.data;
  const fields = short ? [...new Set(answer.error.issues.map(({ path }) => String(path[0] ?? 'unknown fields')))] : [];
  throw new Blocked(
    `hook ${functionArn} answered ${action} in another shape${fields.length === 0 ? '' : ` (${fields.join(', ')})`}, expected ` +
      `{"contract": "${HOOK_CONTRACT}", "host": <name or null>, "port": <number, null or absent>} and nothing else`,
  );
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // What the parser complains about would quote the answer.
    return {};
  }
}
