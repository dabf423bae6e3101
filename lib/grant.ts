/** A permission of a role, and how one is written. */
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** A permission; `wildcard` says why the `*` in its first resource is no wider than it must be. */
export interface Grant {
  readonly statement: PolicyStatement;
  readonly wildcard?: { readonly arn: string; readonly reason: string };
}

/** Conditions of a statement, by operator. */
export type Conditions = Record<string, Record<string, unknown>>;

/** A permission on exact resources. */
export function allow(actions: string[], resources: string[], conditions?: Conditions): Grant {
  return { statement: new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }) };
}

/** Like `allow`, for one ARN that cannot be exact. */
export function allowWild(actions: string[], arn: string, reason: string, conditions?: Conditions): Grant {
  return { ...allow(actions, [arn], conditions), wildcard: { arn, reason } };
}

/** Only through a service in the stack's region. */
export function through(stack: Stack, service: string): Conditions {
  return { StringEquals: { 'kms:ViaService': `${service}.${stack.region}.amazonaws.com` } };
}
