import type { StaticOperationSchema } from '@smithy/types';
import { byName, operation, type Service } from '../operation';
import type { Place } from '../place';

/** Answer of `GetCallerIdentity`; its client is no dependency, so the shape is written out here. */
interface CallerIdentity {
  readonly UserId: string;
  readonly Account: string;
  readonly Arn: string;
}

const NAMESPACE = 'com.amazonaws.sts';
const GET_CALLER_IDENTITY: StaticOperationSchema = [
  9,
  NAMESPACE,
  'GetCallerIdentity',
  0,
  () => [3, NAMESPACE, 'GetCallerIdentityRequest', 0, [], []],
  () => [3, NAMESPACE, 'GetCallerIdentityResponse', 0, ['UserId', 'Account', 'Arn'], [0, 0, 0]],
];

/** STS as far as it is asked: who am I. It needs no permission. */
export function stsService(place: Place): Service {
  const getCallerIdentity = operation<Record<string, never>, CallerIdentity>({
    schema: GET_CALLER_IDENTITY,
    parameters: [],
    access: () => [],
    run: (_input, { principal }) => {
      const roleName = principal.arn.slice(principal.arn.lastIndexOf('/') + 1);
      const assumed = `arn:aws:sts::${place.account}:assumed-role/${roleName}/rehearsal`;
      return { UserId: roleName, Account: place.account, Arn: principal.kind === 'role' ? assumed : principal.arn };
    },
  });

  return {
    signingName: 'sts',
    protocol: 'query',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    errors: [],
    operations: byName([getCallerIdentity]),
    deniedCode: 'AccessDenied',
  };
}
