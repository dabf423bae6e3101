/** Stack outputs for who starts a migration: the command, the console, and an input for each use. */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { consoleDomain } from './console';

/** Inputs of `Migrate` by the use that they are for; each is the id of an output. */
export const EXAMPLE_INPUTS = {
  InputDryRun: { input: { dryRun: true }, description: 'input that only assesses and changes nothing' },
  InputReplicate: { input: { stopAfter: 'replicate' }, description: 'input that stops when both sides are equal' },
  InputMigrate: { input: {}, description: 'input that migrates, asking for approval before the cutover if configured' },
} as const;

/** Writes the outputs into the stack of `migrate`. */
export function writeStartOutputs(scope: Construct, migrate: StateMachine): void {
  const stack = Stack.of(scope);
  const arn = migrate.stateMachineArn;
  new CfnOutput(scope, 'StartCommand', {
    value: `aws stepfunctions start-execution --region ${stack.region} --state-machine-arn ${arn} --input '${JSON.stringify(EXAMPLE_INPUTS.InputDryRun.input)}'`,
    description: 'starts a dry run; other inputs are in the outputs Input…',
  });
  new CfnOutput(scope, 'ConsoleLink', {
    value: `https://${consoleDomain(scope)}/states/home?region=${stack.region}#/statemachines/view/${arn}`,
    description: 'the machine Migrate in the console',
  });
  for (const [id, { input, description }] of Object.entries(EXAMPLE_INPUTS)) {
    new CfnOutput(scope, id, { value: JSON.stringify(input), description });
  }
}
