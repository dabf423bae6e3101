/** CloudFormation: the `Target` stack, its seed, its policy, and why an update of it failed. */
import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetStackPolicyCommand,
  SetStackPolicyCommand,
  type Stack,
  type StackEvent,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { Blocked, NotReady } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new CloudFormationClient(CLIENT_LIMITS);

/** The parameter of the `Target` template that gives birth to the instance (facts E16). */
export const SEED_PARAMETER = 'Seed';

/** The seed of an instance that is born empty, for rows that come over connections. */
export const EMPTY_SEED = 'empty';

/** `settled`: may be updated; `busy`: ask again; `broken`: nothing moves without a person. */
export type StackClass = 'settled' | 'busy' | 'broken';

/** A stack as CloudFormation describes it. */
export interface DescribedStack {
  readonly name: string;
  readonly arn: string;
  readonly status: string;
  readonly statusReason: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly capabilities: readonly NonNullable<Stack['Capabilities']>[number][];
}

/** Stable statuses in which an update can begin. */
const SETTLED = new Set([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'IMPORT_COMPLETE',
  'IMPORT_ROLLBACK_COMPLETE',
]);

/** Classifies a stack status by our own table; what neither moves nor is settled needs a person. */
export function classifyStackStatus(status: string): StackClass {
  if (SETTLED.has(status)) return 'settled';
  return status.endsWith('_IN_PROGRESS') ? 'busy' : 'broken';
}

/** Describes a stack; null when there is none of that name. */
export async function findStack(name: string): Promise<DescribedStack | null> {
  return callAws<DescribedStack | null>(
    { action: 'cloudformation:DescribeStacks', resource: `stack ${name}` },
    async () => {
      const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
      return stack === undefined ? null : describe(name, stack);
    },
    // The only thing that can be invalid about a request that holds nothing but a name is that the stack is missing.
    { ValidationError: () => null },
  );
}

/** Reads the stack policy as JSON text; null when none is set. */
export async function readStackPolicy(name: string): Promise<string | null> {
  return callAws({ action: 'cloudformation:GetStackPolicy', resource: `stack ${name}` }, async () => {
    const answer = await client.send(new GetStackPolicyCommand({ StackName: name }));
    return answer.StackPolicyBody ?? null;
  });
}

/** Replaces the stack policy. */
export async function writeStackPolicy(name: string, policy: string): Promise<void> {
  await callAws({ action: 'cloudformation:SetStackPolicy', resource: `stack ${name}` }, async () => {
    await client.send(new SetStackPolicyCommand({ StackName: name, StackPolicyBody: policy }));
  });
}

/**
 * Starts an update that changes one parameter and keeps template, other parameters and capabilities. The same `token` starts
 * it once. `started` says false when that token was used before.
 */
export async function updateParameter(
  stack: DescribedStack,
  change: {
    readonly parameter: string;
    readonly value: string;
    readonly token: string;
    /** Role that CloudFormation acts with; the stack's own when undefined. */
    readonly roleArn: string | undefined;
  },
): Promise<{ readonly started: boolean }> {
  return callAws<{ readonly started: boolean }>(
    { action: 'cloudformation:UpdateStack', resource: `stack ${stack.name}` },
    async () => {
      await client.send(
        new UpdateStackCommand({
          StackName: stack.name,
          UsePreviousTemplate: true,
          Capabilities: [...stack.capabilities],
          ClientRequestToken: change.token,
          RoleARN: change.roleArn,
          Parameters: Object.keys(stack.parameters).map((key) =>
            key === change.parameter
              ? { ParameterKey: key, ParameterValue: change.value }
              : { ParameterKey: key, UsePreviousValue: true },
          ),
        }),
      );
      return { started: true };
    },
    {
      TokenAlreadyExistsException: () => ({ started: false }),
      OperationInProgressException: (cause) => {
        throw new NotReady(`stack ${stack.name} is being updated by somebody else, it is tried again`, { cause });
      },
      InsufficientCapabilitiesException: (cause) => {
        throw new Blocked(`stack ${stack.name} needs a capability that it was not deployed with, deploy it again`, {
          cause,
        });
      },
    },
  );
}

/** What failed first in the stack's last operation. */
export interface StackFailure {
  /** Token of the operation; null when the events do not tell. */
  readonly token: string | null;
  readonly resource: string;
  readonly reason: string;
}

/** Finds the first failed event of the stack's last operation; null when it had none. */
export async function firstFailure(stack: DescribedStack): Promise<StackFailure | null> {
  const events = await callAws(
    { action: 'cloudformation:DescribeStackEvents', resource: `stack ${stack.name}` },
    async () => (await client.send(new DescribeStackEventsCommand({ StackName: stack.name }))).StackEvents ?? [],
  );
  const failed = lastOperation(stack, events).filter((event) => event.ResourceStatus?.endsWith('_FAILED'));
  const first = failed.at(-1);
  if (first === undefined) return null;
  return {
    token: first.ClientRequestToken ?? null,
    resource: `${first.LogicalResourceId ?? 'unknown'} (${first.ResourceType ?? 'unknown'})`,
    reason: first.ResourceStatusReason ?? first.ResourceStatus ?? 'unknown',
  };
}

/** Events come newest first; the operation began with the stack's own event. */
function lastOperation(stack: DescribedStack, events: readonly StackEvent[]): readonly StackEvent[] {
  const begins = (event: StackEvent) =>
    event.PhysicalResourceId === stack.arn &&
    ['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'IMPORT_IN_PROGRESS'].includes(
      event.ResourceStatus ?? '',
    );
  const start = events.findIndex(begins);
  return start === -1 ? events : events.slice(0, start + 1);
}

function describe(name: string, stack: Stack): DescribedStack {
  const parameters = (stack.Parameters ?? []).map(({ ParameterKey, ParameterValue }) => [
    ParameterKey ?? '',
    ParameterValue ?? '',
  ]);
  return {
    name,
    arn: stack.StackId ?? '',
    status: stack.StackStatus ?? '',
    statusReason: stack.StackStatusReason ?? '',
    parameters: Object.fromEntries(parameters),
    capabilities: stack.Capabilities ?? [],
  };
}
