/** One accepted finding of a policy pack, beside the construct that it is about (security 72). */
import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Who answers for every acknowledgement of this project. */
const OWNER = 'owner: Sealift maintainers';

/** The policy packs that the tests hold every stack to. */
export const PACKS = ['AwsSolutions', 'HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321', 'Serverless'] as const;

/** Name of a pack, as its findings begin. */
export type Pack = (typeof PACKS)[number];

/** Acknowledges one finding of `construct`; the reason must convince a reviewer. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason: `${reason} (${OWNER})` });
}

/** Acknowledges that a policy of `construct` names the resource `arn`, which holds a `*`. */
export function acknowledgeWildcard(construct: IConstruct, arn: string, reason: string): void {
  acknowledge(construct, `AwsSolutions-IAM5[Resource::${writeToken(Stack.of(construct).resolve(arn))}]`, reason);
}

/** Writes a resolved token as cdk-nag names it: references in angle brackets, joined parts as one text. */
function writeToken(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value ?? {});
  if (name === 'Fn::ImportValue') return String(argument);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.join('.')}>`;
  if (name === 'Fn::Join' && Array.isArray(argument)) {
    return (argument[1] as unknown[]).map(writeToken).join(String(argument[0]));
  }
  return JSON.stringify(value);
}

/** Acknowledges one rule that several packs share, such as `LambdaDLQ` of `HIPAA.Security` and `Serverless`. */
export function acknowledgeRule(construct: IConstruct, packs: readonly Pack[], rule: string, reason: string): void {
  for (const pack of packs) acknowledge(construct, `${pack}-${rule}`, reason);
}
