/**
 * The encrypted target. One template gives birth to every database, by its parameter `Seed`:
 *
 *   none                    no instance yet
 *   empty                   a fresh instance under the key
 *   arn:…:snapshot:…        a restored one; key and state come from the snapshot (facts E16)
 *
 * A pipeline deploys it with `none`, the workflow sets the snapshot with `UsePreviousTemplate`, and later deployments keep
 * the value. Once an instance exists the seed may never change: CloudFormation would replace the database. The workflow
 * refuses it, and `targetStackPolicy` denies it.
 */
import {
  Aws,
  CfnCondition,
  CfnDeletionPolicy,
  CfnOutput,
  CfnParameter,
  CrossStackReferences,
  DefaultStackSynthesizer,
  Fn,
  ReferenceStrength,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import { CfnDBInstance } from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeRule } from './acknowledge';
import type { SealiftConfig } from './config';
import { setFeatureFlags } from './feature-flags';
import { EXPORTED_LOGS, type FoundationStack } from './foundation-stack';
import { targetInstanceId } from './resource-names';
import { TargetAlarms } from './target-alarms';

/** Name of the template's parameter. */
export const SEED_PARAMETER = 'Seed';

/** Logical id of the instance in every `Target` template, present and future. */
export const INSTANCE_LOGICAL_ID = 'Database';

/** What the target is made from. */
export interface TargetStackProps extends StackProps {
  readonly config: SealiftConfig;
  readonly foundation: FoundationStack;
}

/**
 * The stack policy of every `Target` stack: everything may be updated, the database never replaced or deleted. Templates
 * cannot carry it, so the step `restore` sets it before its first `UpdateStack`.
 */
export function targetStackPolicy(): object {
  return {
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: 'Update:*', Resource: '*' },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: ['Update:Replace', 'Update:Delete'],
        Resource: `LogicalResourceId/${INSTANCE_LOGICAL_ID}`,
      },
    ],
  };
}

/** Holds the target instance, its managed secret and its alarms. */
export class TargetStack extends Stack {
  /** The instance; it exists unless the seed is `none`. */
  readonly instance: CfnDBInstance;

  constructor(scope: Construct, id: string, props: TargetStackProps) {
    super(scope, id, {
      ...props,
      terminationProtection: props.terminationProtection ?? true,
      // Without the rule the template needs no SSM parameter, which the role of the update could not read.
      synthesizer: props.synthesizer ?? new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    setFeatureFlags(this);
    // The foundation holds the key: CloudFormation refuses to delete it while this stack stands.
    CrossStackReferences.of(this).consume(ReferenceStrength.STRONG);
    const seed = new CfnParameter(this, SEED_PARAMETER, {
      type: 'String',
      default: 'none',
      description: 'none, empty, or the ARN of an encrypted snapshot; never to be changed once the instance exists',
      allowedPattern: '^(none|empty|arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]{12}:snapshot:[a-z][a-z0-9-]{0,254})$',
      constraintDescription: 'must be none, empty, or the ARN of a manual snapshot',
    });
    const hasInstance = new CfnCondition(this, 'HasInstance', {
      expression: Fn.conditionNot(Fn.conditionEquals(seed.valueAsString, 'none')),
    });
    const isRestored = new CfnCondition(this, 'IsRestored', {
      expression: Fn.conditionNot(
        Fn.conditionOr(Fn.conditionEquals(seed.valueAsString, 'none'), Fn.conditionEquals(seed.valueAsString, 'empty')),
      ),
    });
    this.instance = this.makeInstance(props, seed, isRestored);
    this.instance.cfnOptions.condition = hasInstance;
    new TargetAlarms(this, 'Alarms', { config: props.config, topicArn: props.foundation.topic.topicArn, hasInstance });
    this.writeOutputs(seed, hasInstance);
  }

  private makeInstance(props: TargetStackProps, seed: CfnParameter, isRestored: CfnCondition): CfnDBInstance {
    const { config, foundation } = props;
    const { target } = config;
    const keyArn = foundation.key.keyArn;
    const onlyWhenRestored = (value: string) => Fn.conditionIf(isRestored.logicalId, value, Aws.NO_VALUE).toString();
    const onlyWhenEmpty = (value: string | boolean) => Fn.conditionIf(isRestored.logicalId, Aws.NO_VALUE, value);
    const instance = new CfnDBInstance(this, INSTANCE_LOGICAL_ID, {
      dbInstanceIdentifier: targetInstanceId(config.migration),
      dbSnapshotIdentifier: onlyWhenRestored(seed.valueAsString),
      // A restored instance has these from its snapshot, and CloudFormation refuses them beside one (facts E16, J22).
      masterUsername: onlyWhenEmpty(target.masterUsername).toString(),
      kmsKeyId: onlyWhenEmpty(keyArn).toString(),
      storageEncrypted: onlyWhenEmpty(true),
      manageMasterUserPassword: true,
      masterUserSecret: { kmsKeyId: keyArn },
      engine: 'postgres',
      engineVersion: target.engineVersion,
      dbInstanceClass: target.instanceClass,
      allocatedStorage: String(target.allocatedStorageGib),
      ...(target.maxAllocatedStorageGib !== undefined && { maxAllocatedStorage: target.maxAllocatedStorageGib }),
      ...(target.iops !== undefined && { iops: target.iops }),
      storageType: target.storageType,
      multiAz: target.multiAz,
      port: String(target.port ?? config.source.port),
      publiclyAccessible: false,
      dbSubnetGroupName: foundation.subnetGroup.ref,
      vpcSecurityGroups: [foundation.network.database.securityGroupId],
      dbParameterGroupName: foundation.parameterGroup.ref,
      caCertificateIdentifier: 'rds-ca-rsa2048-g1',
      enableIamDatabaseAuthentication: true,
      backupRetentionPeriod: target.backupRetentionDays,
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: false,
      // No choice: whoever wants to delete a database takes the protection off by hand first (security 25).
      deletionProtection: true,
      // A version that moves by itself in the middle of a migration makes source and target differ (fault 85).
      autoMinorVersionUpgrade: false,
      allowMajorVersionUpgrade: false,
      enableCloudwatchLogsExports: [...EXPORTED_LOGS],
      monitoringInterval: 60,
      monitoringRoleArn: foundation.monitoringRole.roleArn,
      enablePerformanceInsights: true,
      performanceInsightsKmsKeyId: keyArn,
      performanceInsightsRetentionPeriod: 7,
    });
    instance.overrideLogicalId(INSTANCE_LOGICAL_ID);
    instance.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
    instance.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    this.acknowledgeFindings(instance, config);
    return instance;
  }

  private acknowledgeFindings(instance: CfnDBInstance, config: SealiftConfig): void {
    const encrypted =
      'encryption is a condition: a fresh instance sets it, a restored one has it from its snapshot and may not (facts E16); ' +
      'the step restore asserts type and key of the live instance';
    acknowledge(instance, 'AwsSolutions-RDS2', encrypted);
    acknowledge(instance, 'CloudFormation-Validate::E9006', encrypted);
    acknowledgeRule(instance, ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'], 'RDSStorageEncrypted', encrypted);
    acknowledgeRule(
      instance,
      ['HIPAA.Security', 'PCI.DSS.321'],
      'RDSAutomaticMinorVersionUpgradeEnabled',
      'a version that moves by itself in the middle of a migration makes source and target differ; turn it on afterwards',
    );
    acknowledgeRule(
      instance,
      ['HIPAA.Security', 'NIST.800.53.R5'],
      'RDSInBackupPlan',
      'automated backups of 7 to 35 days are on; a plan of AWS Backup that selects by tag finds it by the configured tags',
    );
    acknowledge(
      instance,
      'AwsSolutions-RDS11',
      'applications keep their port when the record is switched; who may connect is decided by security groups',
    );
    if (!config.target.multiAz) {
      const chosen = 'the configuration says multiAz: false, which is not the default';
      acknowledge(instance, 'AwsSolutions-RDS3', chosen);
      acknowledgeRule(instance, ['HIPAA.Security', 'NIST.800.53.R5'], 'RDSMultiAZSupport', chosen);
    }
  }

  private writeOutputs(seed: CfnParameter, hasInstance: CfnCondition): void {
    new CfnOutput(this, 'SeedInUse', { value: seed.valueAsString, description: 'how the target was born' });
    const outputs: Record<string, [value: string, description: string]> = {
      EndpointAddress: [this.instance.attrEndpointAddress, 'host name of the target'],
      EndpointPort: [this.instance.attrEndpointPort, 'port of the target'],
      InstanceArn: [this.instance.attrDbInstanceArn, 'ARN of the target'],
      ResourceId: [this.instance.attrDbiResourceId, 'resource id, for IAM authentication and Performance Insights'],
      MasterSecretArn: [this.instance.attrMasterUserSecretSecretArn, 'secret that RDS manages for the master user'],
    };
    for (const [name, [value, description]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value, description, condition: hasInstance });
    }
  }
}
