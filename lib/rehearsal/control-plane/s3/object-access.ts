import type { Keys } from '../kms/keys';
import type { Access } from '../operation';
import type { Buckets } from './buckets';

/** The use of the key that comes with an access to an object. */
export interface KeyUse {
  readonly action: 'kms:GenerateDataKey' | 'kms:Decrypt';
  /** Key named by the request; the bucket's default unless given. */
  readonly keyId?: string;
  /** Conditions on the S3 action itself. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Permissions on an object, then on its customer key through S3. */
export function objectAccess(
  buckets: Buckets,
  keys: Keys,
  action: string,
  bucketName: string,
  key: string,
  use: KeyUse,
): Access[] {
  const own: Access = {
    action,
    resource: `arn:aws:s3:::${bucketName}/${key}`,
    resourcePolicy: buckets.find(bucketName)?.policy ?? null,
    ...(use.context ? { context: use.context } : {}),
  };
  const keyId = use.keyId ?? buckets.find(bucketName)?.kmsKeyId;
  if (!keyId) return [own];
  return [
    own,
    keys.accessThrough('s3', use.action, keyId, { 'kms:EncryptionContext:aws:s3:arn': `arn:aws:s3:::${bucketName}` }),
  ];
}
