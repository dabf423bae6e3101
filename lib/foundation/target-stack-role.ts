/**
 * The role with which CloudFormation gives birth to the target when the step `restore` sets the seed. It can do what the
 * `Target` template needs and nothing else; above all it can delete no database.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../acknowledge';
import type { SealiftConfig } from '../config';
import { ManagedRole } from '../managed-role';
import { encryptedSeedName, ID_TAG, TARGET_ALARMS, targetAlarmName, targetInstanceId } from '../resource-names';

/** What the role must know of the foundation. */
export interface TargetStackRoleProps {
  readonly config: SealiftConfig;
  readonly keyArn: string;
  readonly monitoringRoleArn: string;
  readonly subnetGroupName: string;
  readonly parameterGroupName: string;
}

/** Makes the role. */
export function targetStackRole(scope: Construct, props: TargetStackRoleProps): Role {
  const role = new ManagedRole(scope, 'TargetStackRole', {
    assumedBy: new ServicePrincipal('cloudformation.amazonaws.com'),
    description: `Sealift ${props.config.migration}: CloudFormation makes the target from its seed`,
  });
  const stack = Stack.of(scope);
  for (const statement of statements(stack, props)) role.addToPolicy(statement);
  acknowledge(
    role,
    'AwsSolutions-IAM5[Resource::*]',
    'ec2:Describe*, rds:DescribeDBEngineVersions and rds:DescribeEvents know no resource level and change nothing',
  );
  acknowledgeWildcard(
    role,
    `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:rds!db-*`,
    'RDS gives the secret of a managed master password a random name; names that begin with rds! are its own',
  );
  acknowledge(
    role,
    'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
    'both forms of data key, on one key and only through RDS and Secrets Manager',
  );
  return role;
}

function statements(stack: Stack, props: TargetStackRoleProps): PolicyStatement[] {
  const { config } = props;
  const arn = (service: string, resource: string) =>
    `arn:${stack.partition}:${service}:${stack.region}:${stack.account}:${resource}`;
  const instance = arn('rds', `db:${targetInstanceId(config.migration)}`);
  const viaServices = {
    StringEquals: { 'kms:ViaService': ['rds', 'secretsmanager'].map((one) => `${one}.${stack.region}.amazonaws.com`) },
  };
  const snapshot = arn('rds', `snapshot:${encryptedSeedName(config.migration)}`);
  const fromSnapshot = config.road === 'snapshot';
  return [
    new PolicyStatement({
      actions: [fromSnapshot ? 'rds:RestoreDBInstanceFromDBSnapshot' : 'rds:CreateDBInstance'],
      resources: [
        instance,
        ...(fromSnapshot ? [snapshot] : []),
        arn('rds', `subgrp:${props.subnetGroupName}`),
        arn('rds', `pg:${props.parameterGroupName}`),
        arn('rds', `og:default:postgres-${config.target.engineVersion.split('.')[0]}`),
      ],
    }),
    new PolicyStatement({
      actions: [
        'rds:AddTagsToResource',
        'rds:DescribeDBInstances',
        'rds:ListTagsForResource',
        'rds:RemoveTagsFromResource',
      ],
      resources: [instance],
    }),
    // After a restore CloudFormation sets what a restore cannot, the managed password among it (facts E15), and restarts.
    new PolicyStatement({
      actions: ['rds:ModifyDBInstance', 'rds:RebootDBInstance'],
      resources: [instance, arn('rds', `pg:${props.parameterGroupName}`)],
      conditions: { StringEquals: { [`aws:ResourceTag/${ID_TAG}`]: config.migration } },
    }),
    ...(fromSnapshot
      ? [new PolicyStatement({ actions: ['rds:DescribeDBSnapshots'], resources: [snapshot, instance] })]
      : []),
    new PolicyStatement({
      actions: [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcs',
        'rds:DescribeDBEngineVersions',
        'rds:DescribeEvents',
      ],
      resources: ['*'],
    }),
    new PolicyStatement({
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: [arn('secretsmanager', 'secret:rds!db-*')],
    }),
    new PolicyStatement({
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey*'],
      resources: [props.keyArn],
      conditions: viaServices,
    }),
    new PolicyStatement({
      actions: ['kms:CreateGrant'],
      resources: [props.keyArn],
      conditions: { ...viaServices, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [props.monitoringRoleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'monitoring.rds.amazonaws.com' } },
    }),
    new PolicyStatement({
      actions: [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:ListTagsForResource',
      ],
      resources: TARGET_ALARMS.map((alarm) => arn('cloudwatch', `alarm:${targetAlarmName(config.migration, alarm)}`)),
    }),
  ];
}
