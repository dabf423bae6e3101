import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import { type Authorize, demandAll } from '../authorization';
import type { Dms } from '../dms/account';
import type { Keys } from '../kms/keys';
import type { Access } from '../operation';
import type { Place } from '../place';
import type { Rds } from '../rds/service';
import type { Buckets } from '../s3/buckets';
import type { Secrets } from '../secrets/secrets';
import type { Topics } from '../sns/topics';
import { instanceProvider } from './db-instance';
import { InstanceAccess } from './db-instance-access';
import { parameterGroupProvider } from './db-parameter-group';
import { dmsProviders } from './dms';
import { kmsProviders } from './kms';
import { s3Providers } from './s3';
import { secretsProviders } from './secrets';
import { snsProviders } from './sns';

/** The parts of a control plane that resources live in. */
export interface ProvidersProps {
  readonly place: Place;
  readonly authorize: Authorize;
  readonly rds: Rds;
  readonly dms: Dms;
  readonly kms: Keys;
  readonly secrets: Secrets;
  readonly s3: Buckets;
  readonly sns: Topics;
}

/**
 * Providers of every resource type that lives in the control plane. The instance demands the permissions of the stack's
 * service role, because the workflow itself makes it; the others are deployed by the operator beforehand.
 */
export function controlPlaneProviders(props: ProvidersProps): ResourceProvider[] {
  const { place, rds, kms: keys } = props;
  const demand = (context: ProviderContext, accesses: readonly Access[]) => {
    // Only roles have policies here; anybody else who calls is the operator.
    if (context.principalArn?.includes(':role/')) demandAll(props.authorize, place, context.principalArn, accesses);
  };
  return [
    instanceProvider({ rds, keys, access: new InstanceAccess(rds, keys, place), demand }),
    parameterGroupProvider(rds.parameterGroups),
    ...dmsProviders(props.dms),
    ...kmsProviders(keys),
    ...s3Providers(props.s3),
    ...snsProviders(props.sns),
    ...secretsProviders(props.secrets),
  ];
}

/**
 * Puts providers together for an engine; where two are of one type, the later list wins.
 *
 * @param lists providers, such as those that only record, then the control plane's
 */
export function mergeProviders(...lists: readonly (readonly ResourceProvider[])[]): ResourceProvider[] {
  return [...new Map(lists.flat().map((provider) => [provider.type, provider])).values()];
}
