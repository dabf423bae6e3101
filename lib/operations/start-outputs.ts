/** Stack outputs for who starts a migration: the command, the console, and an input for each use. */
import { CfnMapping, CfnOutput, Stack } from 'aws-cdk-lib';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

/** Console of each partition; it has another domain than the service's endpoints. */
const CONSOLES = {
  aws: { domain: 'console.aws.amazon.com' },
  'aws-cn': { domain: 'console.amazonaws.cn' },
  'aws-us-gov': { domain: 'console.amazonaws-us-gov.com' },
} as const;

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
  const consoles = new CfnMapping(new Construct(scope, 'Outputs'), 'Consoles', { mapping: CONSOLES });
  const domain = consoles.findInMap(stack.partition, 'domain');
  new CfnOutput(scope, 'StartCommand', {
    value: `aws stepfunctions start-execution --region ${stack.region} --state-machine-arn ${arn} --input '${JSON.stringify(EXAMPLE_INPUTS.InputDryRun.input)}'`,
    description: 'starts a dry run; other inputs are in the outputs Input…',
  });
  new CfnOutput(scope, 'ConsoleLink', {
    value: `https://${domain}/states/home?region=${stack.region}#/statemachines/view/${arn}`,
    description: 'the machine Migrate in the console',
  });
  for (const [id, { input, description }] of Object.entries(EXAMPLE_INPUTS)) {
    new CfnOutput(scope, id, { value: JSON.stringify(input), description });
  }
}
