/** The customer key: of the target's storage, the secrets, the evidence, the logs and the executions' history. */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  ArnPrincipal,
  Effect,
  type IPrincipal,
  PolicyDocument,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { CfnKey, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { SealiftConfig } from '../config';
import { functionName, MACHINES, machineLogGroupName, machineName, targetInstanceId } from '../resource-names';
import { stepsOf } from '../road-steps';

/** Everything but use: no encryption, no grants. */
const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:Delete*',
  'kms:Describe*',
  'kms:Disable*',
  'kms:Enable*',
  'kms:Get*',
  'kms:List*',
  'kms:Put*',
  'kms:Revoke*',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
];

const USE = ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];

/** Returns the configured key: a new one with the policy below, or the existing one. */
export function encryptionKey(scope: Construct, config: SealiftConfig): IKey {
  if (config.key.kind === 'existing') return Key.fromKeyArn(scope, 'Key', config.key.arn);
  const key = new Key(scope, 'Key', {
    alias: `alias/sealift-${config.migration}`,
    description: `Sealift ${config.migration}: target database, secrets, evidence and logs`,
    enableKeyRotation: true,
    pendingWindow: Duration.days(30),
    removalPolicy: RemovalPolicy.RETAIN,
    policy: new PolicyDocument({ statements: keyPolicy(Stack.of(scope), config, config.key.administrators) }),
  });
  // Data under a replaced key is lost: the id is pinned (security 71).
  if (key.node.defaultChild instanceof CfnKey) key.node.defaultChild.overrideLogicalId('Key');
  // Seen as imported: constructs that use the key would widen its policy, which is complete.
  return Key.fromKeyArn(scope, 'KeyInUse', key.keyArn);
}

/** Who may do what with the key (security 16 to 19); `*` as resource means this key. */
function keyPolicy(
  stack: Stack,
  { migration, road }: SealiftConfig,
  administrators: readonly string[],
): PolicyStatement[] {
  const account = new AccountRootPrincipal();
  const services = ['lambda', 'rds', 's3', 'secretsmanager', 'sns', 'sqs', 'states'];
  const throughServices = {
    'kms:CallerAccount': stack.account,
    'kms:ViaService': services.map((service) => `${service}.${stack.region}.amazonaws.com`),
  };
  const arn = (service: string, resource: string) =>
    `arn:${stack.partition}:${service}:${stack.region}:${stack.account}:${resource}`;
  const machines = MACHINES.map((machine) => arn('states', `stateMachine:${machineName(migration, machine)}`));
  const functions = stepsOf(road).map((step) => arn('lambda', `function:${functionName(migration, step)}`));
  const fromThisAccount = { StringEquals: { 'aws:SourceAccount': stack.account } };
  return [
    allow('Administer', [account, ...administrators.map((role) => new ArnPrincipal(role))], ADMINISTRATION),
    // Account policies may allow use, but only through the services that hold the data.
    allow('UseThroughServices', [account], USE, { StringEquals: throughServices }),
    allow('GrantToServices', [account], ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'], {
      StringEquals: throughServices,
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
    }),
    // Step Functions and Lambda call with the role of the machine or function, not as a service.
    allow('UseByMachines', [account], ['kms:Decrypt', 'kms:GenerateDataKey'], {
      StringEquals: {
        'kms:CallerAccount': stack.account,
        'kms:EncryptionContext:aws:states:stateMachineArn': machines,
      },
    }),
    allow('UseByFunctions', [account], ['kms:Decrypt'], {
      StringEquals: { 'kms:CallerAccount': stack.account, 'kms:EncryptionContext:aws:lambda:FunctionArn': functions },
    }),
    allow('UseByLogs', [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)], [...USE], {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': [
          arn('logs', `log-group:/sealift/${migration}/*`),
          ...MACHINES.map((machine) => arn('logs', `log-group:${machineLogGroupName(migration, machine)}`)),
          arn('logs', `log-group:/aws/rds/instance/${targetInstanceId(migration)}/*`),
        ],
      },
    }),
    allow('UseByLogDelivery', [new ServicePrincipal('delivery.logs.amazonaws.com')], ['kms:Decrypt'], fromThisAccount),
    allow(
      'UseByPublishers',
      [new ServicePrincipal('events.amazonaws.com'), new ServicePrincipal('cloudwatch.amazonaws.com')],
      ['kms:Decrypt', 'kms:GenerateDataKey*'],
      fromThisAccount,
    ),
  ];
}

function allow(
  sid: string,
  principals: IPrincipal[],
  actions: string[],
  conditions?: Record<string, Record<string, unknown>>,
): PolicyStatement {
  return new PolicyStatement({
    sid,
    effect: Effect.ALLOW,
    principals,
    actions,
    resources: ['*'],
    ...(conditions && { conditions }),
  });
}
