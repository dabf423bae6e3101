/** The CDK's feature flags that the templates rest on, set for our stacks whatever the app around them says. */
import type { Stack } from 'aws-cdk-lib';
import {
  CHECK_SECRET_USAGE,
  IAM_MINIMIZE_POLICIES,
  KMS_ALIAS_NAME_REF,
  S3_CREATE_DEFAULT_LOGGING_POLICY,
  S3_SERVER_ACCESS_LOGS_USE_BUCKET_POLICY,
} from 'aws-cdk-lib/cx-api';

const FLAGS = [
  CHECK_SECRET_USAGE,
  IAM_MINIMIZE_POLICIES,
  KMS_ALIAS_NAME_REF,
  S3_CREATE_DEFAULT_LOGGING_POLICY,
  S3_SERVER_ACCESS_LOGS_USE_BUCKET_POLICY,
] as const;

/** Turns the flags on for `stack`; to be called before anything is in it. */
export function setFeatureFlags(stack: Stack): void {
  for (const flag of FLAGS) stack.node.setContext(flag, true);
}
