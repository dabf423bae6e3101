import { example, synthesize } from './support/synthesis';
import { type Wildcard, wildcardsOf } from './support/wildcards';

/** A wildcard that a reviewer has accepted, and why it is no wider than it must be. */
interface Accepted {
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

const ACCEPTED: readonly Accepted[] = [
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
  identity(STEP, /:stack\/Sealift-demo-Target\/\*$/, 'the id after the name of a stack is random'),
  identity(STEP, /:secret:rds!db-\*$/, "RDS names the secret at random; a condition on its tag leaves this target's"),
  identity(STEP, /\/migrations\/demo\/\*$/, 'the objects of this migration in its own bucket'),
  identity(STEP, /:::change\/\*$/, 'the id of a change is random, and asking tells only whether it is in sync'),
  identity(MACHINE, '*', 'log delivery and X-Ray know no resource level', [...LOG_DELIVERY, ...XRAY]),
  identity(MACHINE, /:function:sealift-demo-[a-z-]+:\*$/, 'versions and aliases of one function'),
  identity(MACHINE, /:execution:sealift-demo-(assess|replicate|cutover)\*$/, 'executions of a child have random names'),
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
  identity(OPERATOR, /:execution:sealift-demo-[a-z]+:\*$/, 'executions of one machine have random names'),
  identity(OPERATOR, /:log-group:.*sealift.demo[/-][a-z-]+:\*$/, 'streams of one log group have random names'),
  identity(OPERATOR, /\/migrations\/demo\/\*$/, 'the objects of this migration in its own bucket'),
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

function isAccepted(wildcard: Wildcard, { holder, kind, text, actions }: Accepted): boolean {
  const sameText = typeof text === 'string' ? wildcard.text === text : text.test(wildcard.text);
  const sameActions = actions === undefined || [...actions].sort().join() === [...wildcard.actions].sort().join();
  return kind === wildcard.kind && holder.test(wildcard.holder) && sameText && sameActions;
}

describe('wildcards in permissions', () => {
  const { templates } = synthesize([example({ notifications: { emails: ['ops@example.com'] } })]);
  const found = Object.values(templates).flatMap(wildcardsOf);

  test('every one of them, in every policy of every stack, has a written reason', () => {
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter((wildcard) => !ACCEPTED.some((accepted) => isAccepted(wildcard, accepted)))).toEqual([]);
  });

  test('no reason is left of one that is gone', () => {
    const stale = ACCEPTED.filter((accepted) => !found.some((wildcard) => isAccepted(wildcard, accepted)));
    expect(stale.map(({ reason }) => reason)).toEqual([]);
  });

  test('nobody is trusted by a wildcard, and no principal is one', () => {
    expect(found.filter(({ kind }) => kind === 'trust')).toEqual([]);
    expect(found.filter(({ part }) => part === 'principal')).toEqual([]);
  });

  test('fails on a wildcard that nobody accepted', () => {
    const planted: Wildcard = {
      holder: 'FunctionswatchRolePermissions',
      kind: 'identity',
      part: 'resource',
      text: '*',
      actions: ['rds:*'],
    };
    expect(ACCEPTED.some((accepted) => isAccepted(planted, accepted))).toBe(false);
  });
});
