import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import type { Key, Keys } from '../kms/keys';
import { cloudFormationTags, Properties } from './properties';

/** Providers of `AWS::KMS::Key` and `AWS::KMS::Alias`. */
export function kmsProviders(keys: Keys): ResourceProvider[] {
  return [keyProvider(keys), aliasProvider(keys)];
}

function keyProvider(keys: Keys): ResourceProvider {
  return {
    type: 'AWS::KMS::Key',
    replacementOn: ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
    create: async (context) => {
      const options = read(context);
      const key = keys.create(options);
      context.assignPhysicalId(key.keyId);
      return provided(key);
    },
    update: async (context) => {
      const key = keys.get(context.physicalId);
      const { enabled, tags, ...options } = read(context);
      Object.assign(key, options, { tags });
      if (key.state !== 'PendingDeletion') key.state = enabled ? 'Enabled' : 'Disabled';
      return provided(key);
    },
    // A key is never deleted at once: the window of its template begins.
    delete: async ({ physicalId }) => {
      if (keys.find(physicalId)) keys.scheduleDeletion(physicalId);
    },
  };
}

function read(context: ProviderContext) {
  const properties = new Properties(context);
  const spec = properties.text('KeySpec') ?? 'SYMMETRIC_DEFAULT';
  const usage = properties.text('KeyUsage') ?? 'ENCRYPT_DECRYPT';
  if (spec !== 'SYMMETRIC_DEFAULT' || usage !== 'ENCRYPT_DECRYPT') {
    throw new Error(`key ${context.logicalId} must encrypt symmetrically, got ${spec} for ${usage}`);
  }
  const options = {
    description: properties.text('Description') ?? '',
    enabled: properties.boolean('Enabled') ?? true,
    rotationEnabled: properties.boolean('EnableKeyRotation') ?? false,
    rotationPeriodDays: properties.number('RotationPeriodInDays') ?? 365,
    multiRegion: properties.boolean('MultiRegion') ?? false,
    pendingWindowDays: properties.number('PendingWindowInDays') ?? 30,
    policy: properties.object('KeyPolicy') ?? null,
    tags: properties.tags(cloudFormationTags(context)),
  };
  properties.recordOnly('BypassPolicyLockoutSafetyCheck', 'Origin');
  properties.refuseOthers();
  return options;
}

function provided(key: Key) {
  return { physicalId: key.keyId, attributes: { Arn: key.arn, KeyId: key.keyId } };
}

function aliasProvider(keys: Keys): ResourceProvider {
  const set = (context: ProviderContext) => {
    const properties = new Properties(context);
    const alias = properties.requiredText('AliasName');
    const target = properties.requiredText('TargetKeyId');
    properties.refuseOthers();
    keys.setAlias(alias, target);
    return { physicalId: alias, attributes: {} };
  };
  return {
    type: 'AWS::KMS::Alias',
    nameProperty: 'AliasName',
    replacementOn: ['AliasName'],
    create: async (context) => {
      const alias = context.properties.AliasName;
      if (typeof alias === 'string' && keys.hasAlias(alias)) throw new Error(`alias ${alias} already exists`);
      return set(context);
    },
    update: async (context) => set(context),
    delete: async ({ physicalId }) => keys.deleteAlias(physicalId),
  };
}
