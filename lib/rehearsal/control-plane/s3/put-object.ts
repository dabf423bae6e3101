import { createHash } from 'node:crypto';
import { PutObject$, type PutObjectCommandInput, type PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import { type Operation, operation } from '../operation';
import { type Buckets, crc32Base64, type StoredObject } from './buckets';
import { objectAccess } from './object-access';

/** `PutObject`: checks the checksums that the SDK sends, honours `If-None-Match: *` and `If-Match`. */
export function putObject(buckets: Buckets, keys: Keys): Operation {
  return operation<PutObjectCommandInput, PutObjectCommandOutput>({
    schema: PutObject$,
    parameters: [
      'Bucket',
      'Key',
      'Body',
      'ContentType',
      'ContentEncoding',
      'ContentLength',
      'ContentMD5',
      'ChecksumAlgorithm',
      'ChecksumCRC32',
      'ChecksumSHA256',
      'IfNoneMatch',
      'IfMatch',
      'Metadata',
      'ServerSideEncryption',
      'SSEKMSKeyId',
      'BucketKeyEnabled',
    ],
    access: ({ Bucket = '', Key = '', ServerSideEncryption, SSEKMSKeyId }) =>
      objectAccess(buckets, keys, 's3:PutObject', Bucket, Key, {
        action: 'kms:GenerateDataKey',
        ...(SSEKMSKeyId ? { keyId: SSEKMSKeyId } : {}),
        context: {
          ...(ServerSideEncryption ? { 's3:x-amz-server-side-encryption': ServerSideEncryption } : {}),
          ...(SSEKMSKeyId ? { 's3:x-amz-server-side-encryption-aws-kms-key-id': SSEKMSKeyId } : {}),
        },
      }),
    run: async (input) => {
      const { Bucket = '', Key = '' } = input;
      const body = (input.Body as unknown as Buffer | undefined) ?? Buffer.alloc(0);
      requireChecksums(input, body);
      const bucket = buckets.get(Bucket);
      requireCondition(bucket.objects.get(Key), input);
      const stored = await buckets.put(Bucket, Key, body, {
        contentType: input.ContentType ?? 'application/octet-stream',
        contentEncoding: input.ContentEncoding ?? null,
        metadata: input.Metadata ?? {},
      });
      const keyId = input.SSEKMSKeyId ?? bucket.kmsKeyId;
      return {
        ETag: stored.etag,
        ChecksumCRC32: stored.crc32,
        ServerSideEncryption: keyId ? 'aws:kms' : 'AES256',
        ...(keyId ? { SSEKMSKeyId: keys.find(keyId)?.arn ?? keyId } : {}),
        ...(bucket.versioned ? { VersionId: stored.versionId } : {}),
      };
    },
  });
}

function requireChecksums(input: PutObjectCommandInput, body: Buffer): void {
  const expected: readonly (readonly [string | undefined, () => string])[] = [
    [input.ChecksumCRC32, () => crc32Base64(body)],
    [input.ChecksumSHA256, () => createHash('sha256').update(body).digest('base64')],
    [input.ContentMD5, () => createHash('md5').update(body).digest('base64')],
  ];
  for (const [given, compute] of expected) {
    if (given !== undefined && given !== compute()) {
      throw new AwsFault('BadDigest', 'The checksum you specified did not match the calculated checksum.');
    }
  }
}

function requireCondition(present: StoredObject | undefined, input: PutObjectCommandInput): void {
  const failed =
    (input.IfNoneMatch === '*' && present !== undefined) ||
    (input.IfMatch !== undefined && input.IfMatch !== present?.etag);
  if (failed)
    throw new AwsFault('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
}
