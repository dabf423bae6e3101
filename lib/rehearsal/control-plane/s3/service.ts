import {
  GetObject$,
  HeadObject$,
  ListObjectsV2$,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  NoSuchBucket$,
  NoSuchKey$,
  NotFound$,
} from '@aws-sdk/client-s3';
import type { Keys } from '../kms/keys';
import { byName, operation, type Service } from '../operation';
import type { Buckets } from './buckets';
import { putObject } from './put-object';
import { headObject, readObject } from './read-object';

/**
 * S3 as far as evidence asks: put, get, head and list, in path style.
 *
 * @param buckets the buckets
 * @param keys a bucket under a customer key demands the key's use from the caller
 */
export function s3Service(buckets: Buckets, keys: Keys): Service {
  return {
    signingName: 's3',
    protocol: 'rest-xml',
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
    errors: [NoSuchKey$, NoSuchBucket$, NotFound$],
    operations: byName([
      putObject(buckets, keys),
      readObject(buckets, keys, GetObject$),
      headObject(buckets, keys, HeadObject$),
      listObjects(buckets),
    ]),
    deniedCode: 'AccessDenied',
    bucketInPath: true,
  };
}

function listObjects(buckets: Buckets) {
  return operation<ListObjectsV2CommandInput, ListObjectsV2CommandOutput>({
    schema: ListObjectsV2$,
    parameters: ['Bucket', 'Prefix', 'MaxKeys', 'ContinuationToken', 'StartAfter'],
    access: ({ Bucket = '', Prefix = '' }) => [
      {
        action: 's3:ListBucket',
        resource: `arn:aws:s3:::${Bucket}`,
        context: { 's3:prefix': Prefix },
        resourcePolicy: buckets.find(Bucket)?.policy ?? null,
      },
    ],
    run: ({ Bucket = '', Prefix = '', MaxKeys = 1000, ContinuationToken, StartAfter }) => {
      const after = ContinuationToken ? Buffer.from(ContinuationToken, 'base64').toString('utf8') : (StartAfter ?? '');
      const found = [...buckets.get(Bucket).objects.values()]
        .filter(({ key }) => key.startsWith(Prefix) && key > after)
        .sort((left, right) => (left.key < right.key ? -1 : 1));
      const page = found.slice(0, MaxKeys);
      const last = page.at(-1);
      const truncated = found.length > page.length;
      return {
        Name: Bucket,
        Prefix,
        MaxKeys,
        KeyCount: page.length,
        IsTruncated: truncated,
        Contents: page.map(({ key, size, etag, lastModified }) => ({
          Key: key,
          Size: size,
          ETag: etag,
          LastModified: new Date(lastModified),
          StorageClass: 'STANDARD',
        })),
        ...(truncated && last ? { NextContinuationToken: Buffer.from(last.key).toString('base64') } : {}),
      };
    },
  });
}
