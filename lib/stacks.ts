/** The stacks of one migration, wired; several migrations can stand in one app. */
import { Tags } from 'aws-cdk-lib';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { SealiftConfig } from './config';
import { FoundationStack } from './foundation-stack';
import { MigrationStack } from './migration-stack';
import { ID_TAG, stackName } from './resource-names';
import { TargetStack } from './target-stack';

/** The stacks of one migration. */
export interface SealiftStacks {
  readonly foundation: FoundationStack;
  readonly target: TargetStack;
  readonly migration: MigrationStack;
}

/** Makes the three stacks of a migration below `scope`, an app or a stage. */
export function makeStacks(scope: Construct, config: SealiftConfig): SealiftStacks {
  const id = config.migration;
  const env = {
    ...(config.account !== undefined && { account: config.account }),
    ...(config.region !== undefined && { region: config.region }),
  };
  const props = (stack: Parameters<typeof stackName>[1]) => ({ env, stackName: stackName(id, stack) });
  const foundation = new FoundationStack(scope, stackName(id, 'Foundation'), {
    ...props('Foundation'),
    description: `Sealift ${id}: key, evidence, network, database settings`,
    config,
  });
  const target = new TargetStack(scope, stackName(id, 'Target'), {
    ...props('Target'),
    description: `Sealift ${id}: the encrypted database, born of its seed`,
    config,
    foundation,
  });
  const migration = new MigrationStack(scope, stackName(id, 'Migration'), {
    ...props('Migration'),
    description: `Sealift ${id}: steps and state machines`,
    config,
    foundation,
  });
  migration.addStackDependency(target);
  for (const stack of [foundation, target, migration]) {
    Tags.of(stack).add(ID_TAG, id);
    for (const [name, value] of Object.entries(config.tags)) Tags.of(stack).add(name, value);
    if (config.permissionsBoundaryArn !== undefined) {
      const boundary = ManagedPolicy.fromManagedPolicyArn(stack, 'Boundary', config.permissionsBoundaryArn);
      PermissionsBoundary.of(stack).apply(boundary);
    }
  }
  return { foundation, target, migration };
}
