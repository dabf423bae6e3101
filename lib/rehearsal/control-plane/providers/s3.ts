import { isObject } from '../../cloudformation/json';
import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import type { Bucket, Buckets } from '../s3/buckets';
import { cloudFormationTags, Properties } from './properties';

/** Providers of `AWS::S3::Bucket` and `AWS::S3::BucketPolicy`. */
export function s3Providers(buckets: Buckets): ResourceProvider[] {
  return [bucketProvider(buckets), bucketPolicyProvider(buckets)];
}

function bucketProvider(buckets: Buckets): ResourceProvider {
  return {
    type: 'AWS::S3::Bucket',
    nameProperty: 'BucketName',
    replacementOn: ['BucketName'],
    create: async (context) => {
      const { name, ...options } = read(context);
      const bucket = buckets.create(name, options);
      context.assignPhysicalId(name);
      return provided(bucket, context);
    },
    update: async (context) => {
      const { name: _name, kmsKeyId, versioned, tags } = read(context);
      const bucket = buckets.get(context.physicalId);
      bucket.versioned = versioned;
      bucket.kmsKeyId = kmsKeyId ?? null;
      bucket.tags.clear();
      for (const [key, value] of tags) bucket.tags.set(key, value);
      return provided(bucket, context);
    },
    delete: async ({ physicalId }) => {
      if (buckets.find(physicalId)) buckets.remove(physicalId);
    },
  };
}

function read(context: ProviderContext) {
  const properties = new Properties(context);
  const kmsKeyId = defaultKey(properties.object('BucketEncryption'));
  const options = {
    name: properties.text('BucketName') ?? context.physicalNameHint.toLowerCase(),
    versioned: properties.object('VersioningConfiguration')?.Status === 'Enabled',
    tags: properties.tags(cloudFormationTags(context)),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
  };
  properties.recordOnly(
    'AccessControl',
    'LifecycleConfiguration',
    'LoggingConfiguration',
    'ObjectLockConfiguration',
    'ObjectLockEnabled',
    'OwnershipControls',
    'PublicAccessBlockConfiguration',
  );
  properties.refuseOthers();
  return options;
}

function defaultKey(encryption: unknown): string | undefined {
  const rules = isObject(encryption) ? encryption.ServerSideEncryptionConfiguration : undefined;
  const [rule] = Array.isArray(rules) ? rules : [];
  const byDefault = isObject(rule) ? rule.ServerSideEncryptionByDefault : undefined;
  const key = isObject(byDefault) ? byDefault.KMSMasterKeyID : undefined;
  return typeof key === 'string' ? key : undefined;
}

function provided(bucket: Bucket, context: ProviderContext) {
  const { name } = bucket;
  return {
    physicalId: name,
    attributes: {
      Arn: `arn:${context.partition}:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      DualStackDomainName: `${name}.s3.dualstack.${context.region}.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${context.region}.amazonaws.com`,
      WebsiteURL: `http://${name}.s3-website.${context.region}.amazonaws.com`,
    },
  };
}

function bucketPolicyProvider(buckets: Buckets): ResourceProvider {
  const set = (context: ProviderContext) => {
    const properties = new Properties(context);
    const bucket = buckets.get(properties.requiredText('Bucket'));
    bucket.policy = properties.object('PolicyDocument') ?? null;
    properties.refuseOthers();
    return { physicalId: bucket.name, attributes: {} };
  };
  return {
    type: 'AWS::S3::BucketPolicy',
    replacementOn: ['Bucket'],
    create: async (context) => set(context),
    update: async (context) => set(context),
    delete: async ({ physicalId }) => {
      const bucket = buckets.find(physicalId);
      if (bucket) bucket.policy = null;
    },
  };
}
