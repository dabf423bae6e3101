/** What the steps may do with the switch, by its kind: nothing of the kinds that were not chosen is granted. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { SealiftConfig } from './config';
import { allow, allowWild, type Grant, through } from './grant';
import { targetInstanceId } from './resource-names';

type Chosen = SealiftConfig['switch'];

/** Permissions to look where the switch leads, and to turn it. */
export interface SwitchGrants {
  readonly look: Grant[];
  readonly turn: Grant[];
}

const CHANGE = 'the id of a change is random, and asking for it tells only whether it is in sync';

/** What permissions are made from. */
interface Scope {
  readonly stack: Stack;
  readonly config: SealiftConfig;
}

type Make<K extends Chosen['kind']> = (chosen: Extract<Chosen, { kind: K }>, scope: Scope) => SwitchGrants;

const KINDS: { readonly [K in Chosen['kind']]: Make<K> } = {
  route53: record,
  secret,
  parameter,
  'rds-proxy': proxy,
  hook,
};

/** Permissions of the configured switch. */
export function switchGrants(scope: Scope): SwitchGrants {
  return grants(scope.config.switch, scope);
}

function grants<K extends Chosen['kind']>(chosen: Extract<Chosen, { kind: K }>, scope: Scope): SwitchGrants {
  return KINDS[chosen.kind as K](chosen, scope);
}

/** Reading the record, and changing that one CNAME to another value: nothing can be created beside it or deleted. */
function record({ hostedZoneId, recordName }: Extract<Chosen, { kind: 'route53' }>, { stack }: Scope): SwitchGrants {
  const zone = `arn:${stack.partition}:route53:::hostedzone/${hostedZoneId}`;
  return {
    look: [allow(['route53:ListResourceRecordSets'], [zone])],
    turn: [
      allow(['route53:ChangeResourceRecordSets'], [zone], {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': [recordName],
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
          'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
        },
      }),
      allowWild(['route53:GetChange'], `arn:${stack.partition}:route53:::change/*`, CHANGE),
    ],
  };
}

/** Reading that one secret, and adding a version to it. */
function secret({ secretArn, kmsKeyArn }: Extract<Chosen, { kind: 'secret' }>, { stack }: Scope): SwitchGrants {
  const key = (actions: string[]) =>
    kmsKeyArn === undefined ? [] : [allow(actions, [kmsKeyArn], through(stack, 'secretsmanager'))];
  return {
    look: [
      allow(['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], [secretArn]),
      ...key(['kms:Decrypt']),
    ],
    turn: [
      allow(['secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'], [secretArn]),
      ...key(['kms:GenerateDataKey']),
    ],
  };
}

/** Reading that one parameter, and writing versions of it. */
function parameter({ parameterName }: Extract<Chosen, { kind: 'parameter' }>, { stack }: Scope): SwitchGrants {
  const resourceName = parameterName.replace(/^\//, '');
  const arn = stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName });
  return { look: [allow(['ssm:GetParameter'], [arn])], turn: [allow(['ssm:PutParameter'], [arn])] };
}

/** Looking at that one proxy, and putting source or target behind it: no other instance can be. */
function proxy(
  { proxyArn, targetGroupArn }: Extract<Chosen, { kind: 'rds-proxy' }>,
  { stack, config }: Scope,
): SwitchGrants {
  const { source } = config;
  const behind = [...(source.kind === 'rds' ? [source.instanceId] : []), targetInstanceId(config.migration)];
  const instances = behind.map((resourceName) =>
    stack.formatArn({ service: 'rds', resource: 'db', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME }),
  );
  return {
    look: [
      allow(['rds:DescribeDBProxies'], [proxyArn]),
      // Which of the two RDS asks about is said in two ways by its documents.
      allow(['rds:DescribeDBProxyTargets'], [targetGroupArn, proxyArn]),
    ],
    turn: [allow(['rds:RegisterDBProxyTargets', 'rds:DeregisterDBProxyTargets'], [targetGroupArn, ...instances])],
  };
}

/** Calling that one function, under the alias or version that was configured; whoever looks may also ask it to turn. */
function hook({ functionArn }: Extract<Chosen, { kind: 'hook' }>): SwitchGrants {
  return { look: [allow(['lambda:InvokeFunction'], [functionArn])], turn: [] };
}
