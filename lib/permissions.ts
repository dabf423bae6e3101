/**
 * What each step may do, beside logging. Every ARN is exact: no step can touch an instance, snapshot, stack or secret of
 * another migration. The reason stands beside each permission.
 */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { STEPS, type StepName } from '../lambda/contract';
import type { SealiftConfig } from './config';
import { allow, allowWild, type Conditions, type Grant, through } from './grant';
import {
  baselineSnapshotName,
  encryptedBaselineName,
  encryptedFinalName,
  encryptedSeedName,
  finalSnapshotName,
  ID_TAG,
  type MachineName,
  machineName,
  REAPED_MACHINES,
  seedSnapshotName,
  stackName,
  targetInstanceId,
} from './resource-names';
import { switchGrants } from './switch-permissions';

/** What permissions are made from. */
export interface PermissionScope {
  readonly stack: Stack;
  readonly config: SealiftConfig;
  readonly keyArn: string;
  readonly evidenceBucketArn: string;
  readonly replicationSecretArn: string;
  /** Null on the snapshot road. */
  readonly rolePasswordsArn: string | null;
  readonly targetStackRoleArn: string;
  /** Name of the target's parameter group. */
  readonly targetParameterGroup: string;
}

const STACK_ID = 'the id after the name of a stack is random and changes when the stack is made again';
const TARGET_SECRET = "RDS names the target's secret at random; the condition on its tag leaves this one target's";
const EVIDENCE = "the objects of this migration in this migration's own bucket";
const SOURCE_GROUP =
  "the name of the source's parameter group is known only when RDS is asked; reading names and values";
const EXECUTIONS =
  'executions have random names; the machine before the last colon is exact, and this only asks for a status';
const SNAPSHOTS = 'listing the snapshots of the source, whatever their names are; it only reads';
const ACCOUNT = 'quotas and what RDS offers belong to no resource: IAM knows none for these two; both only read';

/** Permissions of a step, in addition to what every function has. */
export function permissionsOf(step: StepName, scope: PermissionScope): Grant[] {
  const common = STEPS[step].reach === 'database' ? databaseAccess(scope) : [];
  return [...common, ...(OWN[step]?.(scope) ?? [])];
}

const OWN: Partial<Record<StepName, (scope: PermissionScope) => Grant[]>> = {
  inspect: (scope) => [
    allow(['rds:DescribeDBInstances'], [...sourceArns(scope), targetArn(scope)]),
    allow(['kms:DescribeKey'], [scope.keyArn]),
    allowWild(['cloudformation:DescribeStacks'], targetStackArn(scope), STACK_ID),
    ...switchGrants(scope).look,
    scope.config.source.kind === 'rds'
      ? allowWild(['rds:DescribeDBParameters'], arn(scope, 'rds', 'pg', '*'), SOURCE_GROUP)
      : allow(['rds:DescribeDBParameters'], [arn(scope, 'rds', 'pg', scope.targetParameterGroup)]),
    allowWild(['rds:DescribeAccountAttributes', 'rds:DescribeOrderableDBInstanceOptions'], '*', ACCOUNT),
    ...evidenceAccess(scope),
  ],
  snapshot: (scope) => [
    allow(['rds:DescribeDBInstances'], sourceArns(scope)),
    // The only thing that is ever done to the source instance (security 5).
    allow(
      ['rds:CreateDBSnapshot', 'rds:AddTagsToResource'],
      [...sourceArns(scope), ...snapshotArns(scope)],
      ownTag(scope),
    ),
    allow(['rds:DescribeDBSnapshots', 'rds:ListTagsForResource'], [...snapshotArns(scope), ...sourceArns(scope)]),
  ],
  encrypt: (scope) => [
    allow(
      ['rds:CopyDBSnapshot', 'rds:AddTagsToResource'],
      [...snapshotArns(scope), ...encryptedArns(scope)],
      ownTag(scope),
    ),
    allow(
      ['rds:DescribeDBSnapshots', 'rds:ListTagsForResource'],
      [...snapshotArns(scope), ...encryptedArns(scope), ...sourceArns(scope)],
    ),
    // RDS encrypts the copy in the name of the caller, and keeps using the key by a grant.
    allow(
      [
        'kms:DescribeKey',
        'kms:Decrypt',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      snapshotKeys(scope),
      through(scope.stack, 'rds'),
    ),
    allow(['kms:CreateGrant'], snapshotKeys(scope), {
      ...through(scope.stack, 'rds'),
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
    }),
  ],
  restore: (scope) => [
    allow(['rds:DescribeDBInstances'], [targetArn(scope)]),
    ...(scope.config.road === 'snapshot'
      ? [allow(['rds:DescribeDBSnapshots'], [encryptedSeedArn(scope), ...sourceArns(scope), targetArn(scope)])]
      : []),
    allowWild(
      [
        'cloudformation:DescribeStacks',
        'cloudformation:DescribeStackEvents',
        'cloudformation:GetStackPolicy',
        'cloudformation:SetStackPolicy',
      ],
      targetStackArn(scope),
      STACK_ID,
    ),
    // Only with the narrow role: without one CloudFormation would act with the role of the deployment.
    allowWild(['cloudformation:UpdateStack'], targetStackArn(scope), STACK_ID, {
      StringEquals: { 'cloudformation:RoleArn': scope.targetStackRoleArn },
    }),
    allow(['iam:PassRole'], [scope.targetStackRoleArn], {
      StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
    }),
    ...evidenceAccess(scope),
  ],
  locate: (scope) => [
    allow(['rds:DescribeDBInstances'], [...sourceArns(scope), targetArn(scope)]),
    // How it ended and nothing else: without a right to the key, input and output stay closed.
    ...([...REAPED_MACHINES, 'reaper'] as const).map((machine) =>
      allowWild(['states:DescribeExecution'], executionsArn(scope, machine), EXECUTIONS),
    ),
    ...evidenceAccess(scope),
  ],
  'make-databases': (scope) => rolePasswords(scope),
  'list-leftovers': (scope) => [
    ...(scope.config.source.kind === 'rds'
      ? [
          allow(['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'], sourceArns(scope)),
          allowWild(['rds:DescribeDBSnapshots'], arn(scope, 'rds', 'snapshot', '*'), SNAPSHOTS),
        ]
      : []),
    ...evidenceAccess(scope),
  ],
  cutover: turnSwitch,
  settle: turnSwitch,
  'give-back': turnSwitch,
};

/** Credentials of both servers and the evidence of this migration. */
function databaseAccess(scope: PermissionScope): Grant[] {
  const { source } = scope.config;
  const secretKeys = [scope.keyArn, ...(source.kmsKeyArn === undefined ? [] : [source.kmsKeyArn])];
  return [
    allow(['secretsmanager:GetSecretValue'], [source.masterSecretArn, scope.replicationSecretArn]),
    // RDS names the target's secret at random; the tag that it sets tells whose it is.
    allowWild(['secretsmanager:GetSecretValue'], arn(scope, 'secretsmanager', 'secret', 'rds!db-*'), TARGET_SECRET, {
      StringEquals: { 'secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn': targetArn(scope) },
    }),
    allow(['kms:Decrypt'], secretKeys, through(scope.stack, 'secretsmanager')),
    ...evidenceAccess(scope),
  ];
}

/** Reading and keeping the evidence of this migration, the endpoints of its instances among it. */
function evidenceAccess(scope: PermissionScope): Grant[] {
  const objects = `${scope.evidenceBucketArn}/migrations/${scope.config.migration}/*`;
  return [
    allowWild(['s3:GetObject', 's3:PutObject'], objects, EVIDENCE),
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [scope.keyArn], through(scope.stack, 's3')),
  ];
}

/** Reading the passwords that roles keep, and keeping those that they get. */
function rolePasswords({ stack, config, keyArn, rolePasswordsArn }: PermissionScope): Grant[] {
  const kept = [...new Set(Object.values(config.copy.passwords))];
  return [
    ...(kept.length > 0 ? [allow(['secretsmanager:GetSecretValue'], kept)] : []),
    ...(rolePasswordsArn === null
      ? []
      : [
          allow(['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], [rolePasswordsArn]),
          allow(['kms:GenerateDataKey'], [keyArn], through(stack, 'secretsmanager')),
        ]),
  ];
}

function turnSwitch(scope: PermissionScope): Grant[] {
  const { look, turn } = switchGrants(scope);
  return [...look, ...turn];
}

function ownTag(scope: PermissionScope): Conditions {
  return { StringEquals: { [`aws:RequestTag/${ID_TAG}`]: scope.config.migration } };
}

function snapshotKeys(scope: PermissionScope): string[] {
  const { source } = scope.config;
  return [
    scope.keyArn,
    ...(source.kind === 'server' || source.storageKeyArn === undefined ? [] : [source.storageKeyArn]),
  ];
}

function arn(scope: PermissionScope, service: string, resource: string, resourceName: string): string {
  return scope.stack.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
}

function executionsArn(scope: PermissionScope, machine: MachineName): string {
  return arn(scope, 'states', 'execution', `${machineName(scope.config.migration, machine)}:*`);
}

/** None of a server that AWS does not manage. */
function sourceArns(scope: PermissionScope): string[] {
  const { source } = scope.config;
  return source.kind === 'rds' ? [arn(scope, 'rds', 'db', source.instanceId)] : [];
}

function targetArn(scope: PermissionScope): string {
  return arn(scope, 'rds', 'db', targetInstanceId(scope.config.migration));
}

/** The snapshots of the source: the target's seed, the baseline of a pruning, and the last one. */
function snapshotArns(scope: PermissionScope): string[] {
  const { migration } = scope.config;
  return [seedSnapshotName(migration), baselineSnapshotName(migration), finalSnapshotName(migration)].map((name) =>
    arn(scope, 'rds', 'snapshot', name),
  );
}

function encryptedArns(scope: PermissionScope): string[] {
  const { migration } = scope.config;
  return [
    encryptedSeedArn(scope),
    ...[encryptedBaselineName(migration), encryptedFinalName(migration)].map((name) =>
      arn(scope, 'rds', 'snapshot', name),
    ),
  ];
}

function encryptedSeedArn(scope: PermissionScope): string {
  return arn(scope, 'rds', 'snapshot', encryptedSeedName(scope.config.migration));
}

function targetStackArn(scope: PermissionScope): string {
  const name = stackName(scope.config.migration, 'Target');
  return scope.stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${name}/*` });
}
