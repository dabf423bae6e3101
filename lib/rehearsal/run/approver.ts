/**
 * The approver: a subscriber of the topic who reads the message, takes one of its two commands and runs it under a role that has
 * the stack's policy for approvers and nothing else. What the message lacks cannot be approved.
 */
import { SendTaskFailureCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { TopicMessage } from '../control-plane/sns/topics';
import type { LocalAws } from './local-aws';
import { ACCOUNT, REGION } from './place';
import { RehearsalFailure } from './rehearsal-failure';

/** What the approver does when asked. */
export type Answer = 'approve' | 'refuse';

/** An answer and who gives it. */
export interface Decision {
  readonly answer: Answer;
  readonly by: string;
}

/** Decides on a message; null when nobody did before `expired` was aborted. */
export type Decide = (message: string, expired: AbortSignal) => Promise<Decision | null>;

/** Who approves in a rehearsal. */
export const APPROVER = 'the rehearsal';

/** The approver of a rehearsal that asks nobody. */
export const approveAlways: Decide = async () => ({ answer: 'approve', by: APPROVER });

const ROLE_NAME = 'rehearsal-approver';
const ACCESS_KEY_ID = 'ASIA-rehearsal-approver';

/** An approver at work. */
export interface Approver {
  /** Ends the subscription. */
  stop(): void;
}

/**
 * Subscribes an approver to everything that is published.
 *
 * @param job ARN of the policy that approvers are given, and who decides
 * @param told called with one line for every answer
 * @param onFailure called for a message without a command and for an answer that was refused
 */
export function startApprover(
  aws: LocalAws,
  job: { readonly policyArn: string; readonly decide: Decide },
  told: (line: string) => void,
  onFailure: (error: Error) => void,
): Approver {
  const client = clientOf(aws, job.policyArn);
  const expired = new AbortController();
  const answer = async (message: string): Promise<void> => {
    const decision = await job.decide(message, expired.signal);
    if (decision === null) return;
    await reply(client, message, decision);
    told(`Asked for approval: ${decision.by} ${decision.answer === 'approve' ? 'approved' : 'refused'}`);
  };
  const stop = aws.plane.sns.deliver((message) => {
    if (isQuestion(message)) answer(message.message).catch(onFailure);
  });
  return {
    stop: () => {
      stop();
      expired.abort();
      client.destroy();
    },
  };
}

/** Words of a command line as a shell would split it; only quotes are known. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}

/** The command of the message that begins with `aws stepfunctions <verb>`, as its options by name. */
export function commandIn(message: string, verb: string): ReadonlyMap<string, string> {
  const line = message.split('\n').find((each) => each.startsWith(`aws stepfunctions ${verb} `));
  if (line === undefined) throw new RehearsalFailure(`the message to the approver holds no command ${verb}`);
  const [, , , ...words] = shellWords(line);
  const options = new Map<string, string>();
  words.forEach((word, index) => {
    if (word.startsWith('--')) options.set(word, words[index + 1] ?? '');
  });
  return options;
}

function isQuestion({ message }: TopicMessage): boolean {
  return message.includes('aws stepfunctions send-task-');
}

async function reply(client: SFNClient, message: string, { answer, by }: Decision): Promise<void> {
  if (answer === 'approve') {
    const options = commandIn(message, 'send-task-success');
    const taskToken = options.get('--task-token');
    const output = options.get('--task-output')?.replace('<name>', by);
    await client.send(new SendTaskSuccessCommand({ taskToken, output }));
    return;
  }
  const options = commandIn(message, 'send-task-failure');
  const taskToken = options.get('--task-token');
  const cause = options.get('--cause')?.replace('<name>', by).replace('<reason>', 'not tonight');
  await client.send(new SendTaskFailureCommand({ taskToken, error: options.get('--error'), cause }));
}

function clientOf({ iam, plane }: LocalAws, policyArn: string): SFNClient {
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/${ROLE_NAME}`;
  iam.putRole({
    roleName: ROLE_NAME,
    arn: roleArn,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
    },
    inlinePolicies: [],
    managedPolicyArns: [policyArn],
    permissionsBoundary: null,
    tags: {},
  });
  plane.callers.set(ACCESS_KEY_ID, { roleArn });
  // The SDK tells on stderr which Node.js it will drop next year; that is no news of a rehearsal.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  return new SFNClient({
    endpoint: plane.endpointUrl,
    region: REGION,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: 'rehearsal' },
  });
}
