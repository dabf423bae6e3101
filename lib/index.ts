/** The public door: what a team needs to put Sealift into its own CDK app. */
export {
  CONTEXT_KEY,
  ConfigurationError,
  type Problem,
  parseConfig,
  type SealiftConfig,
  type SealiftConfigInput,
} from './config';
export { FoundationStack, type FoundationStackProps } from './foundation-stack';
export { MigrationStack, type MigrationStackProps } from './migration-stack';
export { makeStacks, type SealiftStacks } from './stacks';
export { SEED_PARAMETER, TargetStack, type TargetStackProps, targetStackPolicy } from './target-stack';
