/** Every wildcard that a reviewer has accepted, with its reason. */
import type { Wildcard } from './wildcards';

/** A wildcard that a reviewer has accepted, and why it is no wider than it must be. */
export interface Accepted {
  readonly holder: RegExp;
  readonly kind: Wildcard['kind'];
  readonly text: string | RegExp;
  /** The actions that come with it, exactly. @default - any */
  readonly actions?: readonly string[];
  readonly reason: string;
}

const XRAY = [
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
] as const;

const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
] as const;

const INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;

const identity = (holder: RegExp, text: Accepted['text'], reason: string, actions?: readonly string[]): Accepted => ({
  kind: 'identity',
  holder,
  text,
  reason,
  ...(actions && { actions }),
});

const ofKey = (text: Accepted['text'], reason: string): Accepted => ({
  kind: 'resource policy',
  holder: /^Key$/,
  text,
  reason,
});

const STEP = /^Functions\w+RolePermissions$/;
const MACHINE = /^Workflows\w+RolePermissions$/;
const ROLE_OF_TARGET = /^TargetStackRolePermissions$/;
const OPERATOR = /^PeopleOperator$/;

/** The accepted wildcards of a migration's stacks. */
export function acceptedWildcards(migration: string): readonly Accepted[] {
  const own = (pattern: string) => new RegExp(pattern.replaceAll('<id>', migration));
  return [
    identity(STEP, '*', 'X-Ray knows no resource level', [XRAY[2], XRAY[3]]),
    identity(STEP, '*', 'Lambda attaches functions to a VPC with actions that know no resource level', [
      ...INTERFACES,
      XRAY[2],
      XRAY[3],
    ]),
    identity(STEP, '*', "the account's quotas, what can be ordered and X-Ray know no resource level", [
      'rds:DescribeAccountAttributes',
      'rds:DescribeOrderableDBInstanceOptions',
      XRAY[2],
      XRAY[3],
    ]),
    identity(STEP, /:pg:\*$/, "parameters of groups are read, and the source's group is not known to a synthesis"),
    identity(
      /^FunctionslistleftoversRolePermissions$/,
      /:snapshot:\*$/,
      'the snapshots of the source have any names, and are only listed',
      ['rds:DescribeDBSnapshots'],
    ),
    identity(STEP, own(String.raw`:stack/Sealift-<id>-Target/\*$`), 'the id after the name of a stack is random'),
    identity(STEP, /:secret:rds!db-\*$/, "RDS names the secret at random; a condition on its tag leaves this target's"),
    identity(STEP, own(String.raw`/migrations/<id>/\*$`), 'the objects of this migration in its own bucket'),
    identity(STEP, /:::change\/\*$/, 'the id of a change is random, and asking tells only whether it is in sync'),
    identity(
      /^FunctionslocateRolePermissions$/,
      own(String.raw`:execution:sealift-<id>-(prune|scan|replicate|cutover|rollback|migrate|reaper):\*$`),
      'executions of one machine have random names; only their status is asked for',
      ['states:DescribeExecution'],
    ),
    identity(MACHINE, '*', 'log delivery and X-Ray know no resource level', [...LOG_DELIVERY, ...XRAY]),
    identity(MACHINE, own(String.raw`:function:sealift-<id>-[a-z-]+:\*$`), 'versions and aliases of one function'),
    identity(
      MACHINE,
      own(String.raw`:execution:sealift-<id>-(assess|prune|scan|replicate|cutover)\*$`),
      'executions of a child have random names',
    ),
    identity(ROLE_OF_TARGET, '*', 'descriptions that know no resource level and change nothing', [
      'ec2:DescribeAvailabilityZones',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcAttribute',
      'ec2:DescribeVpcs',
      'rds:DescribeDBEngineVersions',
      'rds:DescribeEvents',
    ]),
    identity(ROLE_OF_TARGET, /:secret:rds!db-\*$/, 'RDS makes its secrets under random names that begin like this'),
    identity(ROLE_OF_TARGET, 'kms:GenerateDataKey*', 'both forms of data key, on one key, through two services'),
    identity(
      OPERATOR,
      own(String.raw`:execution:sealift-<id>-[a-z]+:\*$`),
      'executions of one machine have random names',
    ),
    identity(
      OPERATOR,
      own(String.raw`:log-group:.*sealift[-/]<id>[/-][a-z-]+:\*$`),
      'streams of one log group have random names',
    ),
    identity(OPERATOR, own(String.raw`:log-group:/sealift/<id>/\*$`), "the log groups of this migration's functions"),
    identity(OPERATOR, own(String.raw`/migrations/<id>/\*$`), 'the objects of this migration in its own bucket'),
    ofKey('*', 'in the policy of a key the resource is that key'),
    ofKey(
      /^kms:(Delete|Describe|Disable|Enable|Get|List|Put|Revoke|Update)\*$/,
      'administration as AWS writes it in the default policy of a key; none of these uses it',
    ),
    ofKey(/^kms:(GenerateDataKey|ReEncrypt)\*$/, 'the forms of one use, bound by service or encryption context'),
    {
      kind: 'resource policy',
      holder: /^EvidenceAccessLogsPolicy$/,
      text: /\/evidence\/\*$/,
      reason: 'S3 writes access logs under names of its own, below one prefix',
    },
  ];
}

/** Whether one of a reviewer's decisions covers a wildcard. */
export function isAccepted(wildcard: Wildcard, { holder, kind, text, actions }: Accepted): boolean {
  const sameText = typeof text === 'string' ? wildcard.text === text : text.test(wildcard.text);
  const sameActions = actions === undefined || [...actions].sort().join() === [...wildcard.actions].sort().join();
  return kind === wildcard.kind && holder.test(wildcard.holder) && sameText && sameActions;
}
