import { CloudFormationError, validationError } from './cloudformation-error';
import type { ResourceProvider } from './provider';
import type { Template } from './template';

/** IAM types that need a capability, and the property whose presence needs `CAPABILITY_NAMED_IAM` (user guide, "Acknowledging IAM resources"). */
const IAM_TYPES: Readonly<Record<string, string | null>> = {
  'AWS::IAM::AccessKey': null,
  'AWS::IAM::Group': 'GroupName',
  'AWS::IAM::InstanceProfile': 'InstanceProfileName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': null,
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::User': 'UserName',
  'AWS::IAM::UserToGroupAddition': null,
};

/**
 * Refuses a template whose IAM resources are not acknowledged.
 * @throws InsufficientCapabilitiesException that names the capability, which every update has to repeat.
 */
export function checkCapabilities(template: Template, capabilities: readonly string[]): void {
  const definitions = Object.values(template.resources).filter(({ type }) => Object.hasOwn(IAM_TYPES, type));
  if (definitions.length === 0) return;
  const named = definitions.some(({ type, properties }) => {
    const property = IAM_TYPES[type];
    return typeof property === 'string' && Object.hasOwn(properties, property);
  });
  const enough = named ? ['CAPABILITY_NAMED_IAM'] : ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'];
  if (enough.some((capability) => capabilities.includes(capability))) return;
  throw new CloudFormationError('InsufficientCapabilitiesException', `Requires capabilities : [${enough[0]}]`);
}

/**
 * Refuses a template with resource types that nobody provides, all of them at once and before anything is made; and policies
 * that a type cannot follow.
 */
export function checkProviders(template: Template, providers: ReadonlyMap<string, ResourceProvider>): void {
  const resources = Object.entries(template.resources);
  const missing = resources.filter(([, { type }]) => !providers.has(type)).map(([id, { type }]) => `${type} (${id})`);
  if (missing.length > 0) {
    throw validationError(
      `Template format error: Unrecognized resource types: [${missing.join(', ')}]; the rehearsal has no provider for them`,
    );
  }
  for (const [logicalId, { type, deletionPolicy, updateReplacePolicy }] of resources) {
    const wantsSnapshot = deletionPolicy === 'Snapshot' || updateReplacePolicy === 'Snapshot';
    if (wantsSnapshot && providers.get(type)?.snapshots !== true) {
      throw validationError(
        `Template error: resource type ${type} of ${logicalId} does not support the policy Snapshot`,
      );
    }
  }
}

/** The provider of a type; templates were checked before, so that a missing one is a defect. */
export function providerOf(providers: ReadonlyMap<string, ResourceProvider>, type: string): ResourceProvider {
  const provider = providers.get(type);
  if (provider === undefined) throw validationError(`Unrecognized resource types: [${type}]`);
  return provider;
}
