import type {
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadObjectCommandInput,
  HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { StaticOperationSchema } from '@smithy/types';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import { type Operation, operation } from '../operation';
import type { Bucket, Buckets, StoredObject } from './buckets';
import { objectAccess } from './object-access';

/** `GetObject` of the current version. */
export function readObject(buckets: Buckets, keys: Keys, schema: StaticOperationSchema): Operation {
  return operation<GetObjectCommandInput, GetObjectCommandOutput>({
    schema,
    parameters: ['Bucket', 'Key', 'ChecksumMode'],
    access: ({ Bucket = '', Key = '' }) =>
      objectAccess(buckets, keys, 's3:GetObject', Bucket, Key, { action: 'kms:Decrypt' }),
    run: async ({ Bucket = '', Key = '', ChecksumMode }) => {
      const object = buckets.object(Bucket, Key);
      const body = await buckets.read(object);
      // The dispatcher writes bytes; the SDK's type is that of its own response streams.
      return {
        ...describe(buckets.get(Bucket), object, ChecksumMode),
        Body: body as unknown as GetObjectCommandOutput['Body'],
      };
    },
  });
}

/** `HeadObject` of the current version; a missing object has no body, hence the plain `NotFound`. */
export function headObject(buckets: Buckets, keys: Keys, schema: StaticOperationSchema): Operation {
  return operation<HeadObjectCommandInput, HeadObjectCommandOutput>({
    schema,
    parameters: ['Bucket', 'Key', 'ChecksumMode'],
    access: ({ Bucket = '', Key = '' }) =>
      objectAccess(buckets, keys, 's3:GetObject', Bucket, Key, { action: 'kms:Decrypt' }),
    run: ({ Bucket = '', Key = '', ChecksumMode }) => {
      const bucket = buckets.find(Bucket);
      const object = bucket?.objects.get(Key);
      if (!bucket || !object) throw new AwsFault('NotFound', 'Not Found', 404);
      return describe(bucket, object, ChecksumMode);
    },
  });
}

function describe(
  bucket: Bucket,
  object: StoredObject,
  checksumMode: string | undefined,
): Omit<HeadObjectCommandOutput, '$metadata'> {
  return {
    ContentLength: object.size,
    ContentType: object.contentType,
    ETag: object.etag,
    LastModified: new Date(object.lastModified),
    Metadata: object.metadata,
    ServerSideEncryption: bucket.kmsKeyId ? 'aws:kms' : 'AES256',
    ...(object.contentEncoding ? { ContentEncoding: object.contentEncoding } : {}),
    ...(bucket.kmsKeyId ? { SSEKMSKeyId: bucket.kmsKeyId } : {}),
    ...(bucket.versioned ? { VersionId: object.versionId } : {}),
    ...(checksumMode === 'ENABLED' ? { ChecksumCRC32: object.crc32, ChecksumType: 'FULL_OBJECT' as const } : {}),
  };
}
