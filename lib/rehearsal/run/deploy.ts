/** Deploys the synthesized stacks as a pipeline does: each in turn, the target with the seed `none`. */
import type { CloudAssembly } from '../cloudformation/assembly';
import { lambdaFunctionProvider } from '../cloudformation/providers/lambda-providers';
import { localProviders } from '../cloudformation/providers/local-providers';
import { stateMachineProvider } from '../cloudformation/providers/state-machine-provider';
import { createStackEngine, type StackEngine } from '../cloudformation/stack-engine';
import { authorizeByIam } from '../control-plane/authorize-by-iam';
import { cloudFormationService } from '../control-plane/cloudformation/service';
import { ruleProvider } from '../control-plane/events/rule-provider';
import { controlPlaneProviders, mergeProviders } from '../control-plane/providers/control-plane-providers';
import type { LocalAws } from './local-aws';
import { ACCOUNT, REGION } from './place';
import { RehearsalFailure } from './rehearsal-failure';

/** Capabilities that a pipeline acknowledges for these stacks. */
const CAPABILITIES = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'];

/** What is deployed. */
export interface Deployment {
  readonly engine: StackEngine;
  /** ARN of the state machine `Migrate`. */
  readonly migrateArn: string;
  /** ARN of the state machine `Replicate`. */
  readonly replicateArn: string;
  /** ARN of the state machine `Cutover`. */
  readonly cutoverArn: string;
  /** ARN of the state machine `Rollback`. */
  readonly rollbackArn: string;
  /** ARN of the state machine `Reaper`. */
  readonly reaperArn: string;
  /** ARN of the policy that an approver is given. */
  readonly approverPolicyArn: string;
}

/** Makes an engine whose functions and machines run on this machine, and deploys every stack of the assembly. */
export async function deploy(
  aws: LocalAws,
  assembly: CloudAssembly,
  tell: (text: string) => void,
): Promise<Deployment> {
  const { plane, iam } = aws;
  const place = { account: ACCOUNT, region: REGION };
  const engine = createStackEngine({
    ...place,
    clock: aws.clock,
    providers: mergeProviders(
      localProviders(iam),
      controlPlaneProviders({ ...plane, place, authorize: authorizeByIam(iam) }),
      runtimeProviders(aws, assembly),
    ),
  });
  plane.addService(cloudFormationService(engine));
  for (const stack of assembly.stacks) {
    tell(stack.stackName);
    engine.createStack({
      stackName: stack.stackName,
      templateBody: stack.templateBody,
      parameters: Object.entries(stack.parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      tags: stack.tags,
      capabilities: CAPABILITIES,
      enableTerminationProtection: stack.terminationProtection,
    });
    const { StackStatus, StackStatusReason } = await engine.waitForStack(stack.stackName);
    if (StackStatus !== 'CREATE_COMPLETE') {
      throw new RehearsalFailure(
        `stack ${stack.stackName} ended in ${StackStatus}: ${firstFailure(engine, stack.stackName) ?? StackStatusReason}`,
      );
    }
  }
  return {
    engine,
    migrateArn: outputOf(engine, 'MigrateArn'),
    replicateArn: outputOf(engine, 'ReplicateArn'),
    cutoverArn: outputOf(engine, 'CutoverArn'),
    rollbackArn: outputOf(engine, 'RollbackArn'),
    reaperArn: outputOf(engine, 'ReaperArn'),
    approverPolicyArn: outputOf(engine, 'ApproverPolicyArn'),
  };
}

/** Hands functions and state machines to what runs them; a role that its service may not assume is refused, as in AWS. */
function runtimeProviders(aws: LocalAws, assembly: CloudAssembly) {
  return [
    ruleProvider(aws.events),
    lambdaFunctionProvider({
      assembly,
      register: (deployed) => {
        requireAssumable(aws, deployed.roleArn, 'lambda.amazonaws.com', deployed.arn);
        aws.lambda.register({
          arn: deployed.arn,
          name: deployed.functionName,
          codeDirectory: deployed.assetDirectory,
          handler: deployed.handler,
          environment: deployed.environment,
          timeoutSeconds: deployed.timeoutSeconds,
          memoryMb: deployed.memoryMib,
          roleArn: deployed.roleArn,
          ...(deployed.reservedConcurrentExecutions !== null && {
            reservedConcurrency: deployed.reservedConcurrentExecutions,
          }),
        });
      },
    }),
    stateMachineProvider({
      register: ({ arn, name, roleArn, definition }) => {
        requireAssumable(aws, roleArn, 'states.amazonaws.com', arn);
        aws.machines.register({ arn, name, roleArn, definition });
      },
    }),
  ];
}

function requireAssumable(aws: LocalAws, roleArn: string, service: string, sourceArn: string): void {
  const context = { 'aws:SourceAccount': ACCOUNT, 'aws:SourceArn': sourceArn };
  const decision = aws.iam.authorizeAssumeRole({ roleArn, service, context });
  if (!decision.allowed) throw new Error(`${service} cannot assume ${roleArn}: ${decision.reason}`);
}

/** The earliest failed resource says why; the stack itself only says that something failed. */
function firstFailure(engine: StackEngine, stackName: string): string | undefined {
  const failed = engine
    .describeStackEvents(stackName)
    .reverse()
    .find((event) => event.ResourceStatus.endsWith('_FAILED'));
  return failed && `${failed.LogicalResourceId}: ${failed.ResourceStatusReason ?? 'no reason given'}`;
}

function outputOf(engine: StackEngine, key: string): string {
  const outputs = engine.describeStacks().flatMap((stack) => stack.Outputs);
  const value = outputs.find((output) => output.OutputKey === key)?.OutputValue;
  if (value === undefined) throw new Error(`no deployed stack has the output ${key}`);
  return value;
}
