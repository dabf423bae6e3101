/** What the policy packs want of every function and ours do not need; said once for all of them. */
import type { IConstruct } from 'constructs';
import { acknowledgeRule } from './acknowledge';

/** Acknowledges findings of all functions below `functions`. */
export function acknowledgeFunctions(functions: IConstruct): void {
  acknowledgeRule(
    functions,
    ['HIPAA.Security', 'NIST.800.53.R5', 'Serverless'],
    'LambdaDLQ',
    'only state machines call them, and wait for the answer: a failure is theirs to retry and to tell',
  );
  acknowledgeRule(
    functions,
    ['HIPAA.Security', 'NIST.800.53.R5'],
    'LambdaConcurrency',
    'the two that must be alone reserve one; to reserve for the others would take from the rest of the account',
  );
  acknowledgeRule(
    functions,
    ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'],
    'LambdaInsideVPC',
    'those that speak to a database are inside; those outside speak to APIs of AWS only and hold no data',
  );
}
