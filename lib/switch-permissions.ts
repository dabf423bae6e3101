/** What the steps may do with the switch, by its kind: nothing of the kinds that were not chosen is granted. */
import type { Stack } from 'aws-cdk-lib';
import type { SealiftConfig } from './config';
import { allow, allowWild, type Grant, through } from './grant';

type Chosen = SealiftConfig['switch'];

/** Permissions to look where the switch leads, and to turn it. */
export interface SwitchGrants {
  readonly look: Grant[];
  readonly turn: Grant[];
}

const CHANGE = 'the id of a change is random, and asking for it tells only whether it is in sync';

const KINDS: { readonly [K in Chosen['kind']]: (stack: Stack, chosen: Extract<Chosen, { kind: K }>) => SwitchGrants } =
  {
    route53: record,
    secret,
  };

/** Permissions of the configured switch. */
export function switchGrants({
  stack,
  config,
}: {
  readonly stack: Stack;
  readonly config: SealiftConfig;
}): SwitchGrants {
  return grants(stack, config.switch);
}

function grants<K extends Chosen['kind']>(stack: Stack, chosen: Extract<Chosen, { kind: K }>): SwitchGrants {
  return KINDS[chosen.kind as K](stack, chosen);
}

/** Reading the record, and changing that one CNAME to another value: nothing can be created beside it or deleted. */
function record(stack: Stack, { hostedZoneId, recordName }: Extract<Chosen, { kind: 'route53' }>): SwitchGrants {
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
function secret(stack: Stack, { secretArn, kmsKeyArn }: Extract<Chosen, { kind: 'secret' }>): SwitchGrants {
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
