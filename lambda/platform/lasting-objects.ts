/**
 * Objects below `backups/` in the evidence bucket. They are written once and outlive migrations and stacks: no rule that ends evidence
 * below `migrations/` touches them.
 */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { callAws } from './aws-call';

const client = new S3Client({});

/** Where an object lies. `path` is below `backups/` and has no leading slash. */
export interface LastingPlace {
  readonly bucket: string;
  readonly path: string;
}

/** The key of an object. */
export function keyOf({ path }: LastingPlace): string {
  return `backups/${path}`;
}

/** Writes `content` as JSON unless something is there; false when something was, which is left as it is. */
export async function keepOnce(where: LastingPlace, content: object): Promise<boolean> {
  const put = new PutObjectCommand({
    Bucket: where.bucket,
    Key: keyOf(where),
    Body: JSON.stringify(content, null, 2),
    ContentType: 'application/json',
    IfNoneMatch: '*',
  });
  return callAws<boolean>(
    { action: 's3:PutObject', resource: keyOf(where) },
    async () => {
      await client.send(put);
      return true;
    },
    { PreconditionFailed: () => false },
  );
}

/**
 * Reads an object back; null when there is none. Who may not list the bucket gets `AccessDenied` for what is missing, and this throws:
 * whoever asks needs `s3:ListBucket` for the prefix.
 */
export async function readLasting(where: LastingPlace): Promise<unknown> {
  return callAws<unknown>(
    { action: 's3:GetObject', resource: keyOf(where) },
    async () => {
      const answer = await client.send(new GetObjectCommand({ Bucket: where.bucket, Key: keyOf(where) }));
      return JSON.parse((await answer.Body?.transformToString()) ?? 'null');
    },
    { NoSuchKey: () => null },
  );
}
