import { sameJson } from '../../cloudformation/json';
import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import { type GenerateSecretString, generateSecretString } from '../secrets/generate';
import type { Secret, Secrets } from '../secrets/secrets';
import { cloudFormationTags, Properties } from './properties';

/** Provider of `AWS::SecretsManager::Secret`; rotation schedules have none and are refused with their template. */
export function secretsProviders(secrets: Secrets): ResourceProvider[] {
  return [
    {
      type: 'AWS::SecretsManager::Secret',
      nameProperty: 'Name',
      replacementOn: ['Name'],
      create: async (context) => {
        const { value, ...options } = read(context);
        const secret = secrets.create({ ...options, value: value() });
        context.assignPhysicalId(secret.arn);
        return provided(secret);
      },
      update: async (context) => {
        const { value, description, kmsKeyId } = read(context);
        const secret = secrets.get(context.physicalId);
        secret.description = description;
        secret.kmsKeyId = kmsKeyId ?? null;
        const { properties: now, previousProperties: before } = context;
        const changed = ['GenerateSecretString', 'SecretString'].some((name) => !sameJson(now[name], before[name]));
        // CloudFormation generates anew only when the options of the generation change.
        if (changed) secrets.put(secret, value());
        return provided(secret);
      },
      delete: async ({ physicalId }) => secrets.remove(physicalId),
    },
  ];
}

function read(context: ProviderContext) {
  const properties = new Properties(context);
  const given = properties.text('SecretString');
  const generated = properties.object('GenerateSecretString');
  if (given !== undefined && generated !== undefined) {
    throw new Error(`secret ${context.logicalId} has both SecretString and GenerateSecretString, it takes one`);
  }
  const kmsKeyId = properties.text('KmsKeyId');
  const options = {
    name: properties.text('Name') ?? context.physicalNameHint,
    description: properties.text('Description') ?? '',
    tags: properties.tags(cloudFormationTags(context)),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    value: () => given ?? generateSecretString(generated === undefined ? {} : generation(context, generated)),
  };
  properties.refuseOthers();
  return options;
}

function generation(context: ProviderContext, given: ProviderContext['properties']): GenerateSecretString {
  const properties = new Properties(context, given);
  const options = {
    SecretStringTemplate: properties.text('SecretStringTemplate'),
    GenerateStringKey: properties.text('GenerateStringKey'),
    PasswordLength: properties.number('PasswordLength'),
    ExcludeCharacters: properties.text('ExcludeCharacters'),
    ExcludeLowercase: properties.boolean('ExcludeLowercase'),
    ExcludeNumbers: properties.boolean('ExcludeNumbers'),
    ExcludePunctuation: properties.boolean('ExcludePunctuation'),
    ExcludeUppercase: properties.boolean('ExcludeUppercase'),
    IncludeSpace: properties.boolean('IncludeSpace'),
    RequireEachIncludedType: properties.boolean('RequireEachIncludedType'),
  };
  properties.refuseOthers();
  return options;
}

function provided(secret: Secret) {
  return { physicalId: secret.arn, attributes: { Id: secret.arn } };
}
