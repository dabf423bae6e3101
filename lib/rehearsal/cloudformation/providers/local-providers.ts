import type { Iam } from '../../iam/iam';
import type { ResourceProvider } from '../provider';
import { iamProviders } from './iam-providers';
import { lambdaVersionProviders } from './lambda-providers';
import { networkProviders } from './network-providers';
import { recordedProviders } from './recorded-providers';

/** Every provider that needs no service of the control plane: IAM, network, versions and aliases, and all that is recorded only. */
export function localProviders(iam: Iam): ResourceProvider[] {
  return [...iamProviders(iam), ...networkProviders(), ...lambdaVersionProviders(), ...recordedProviders()];
}
