/** Where the console of the deployment's partition is; it has another domain than the services' endpoints. */
import { CfnMapping, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

const CONSOLES = {
  aws: { domain: 'console.aws.amazon.com' },
  'aws-cn': { domain: 'console.amazonaws.cn' },
  'aws-us-gov': { domain: 'console.amazonaws-us-gov.com' },
} as const;

/** Domain of the console, looked up when the stack of `scope` is deployed. */
export function consoleDomain(scope: Construct): string {
  const stack = Stack.of(scope);
  const made = stack.node.tryFindChild('Consoles');
  const consoles = made instanceof CfnMapping ? made : new CfnMapping(stack, 'Consoles', { mapping: CONSOLES });
  return consoles.findInMap(stack.partition, 'domain');
}
