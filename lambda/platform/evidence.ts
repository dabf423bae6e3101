/** Evidence: checks, counts, hashes, LSNs and timings, kept in the evidence bucket; states carry pointers only (fault 15). */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { EvidencePointer } from '../contract';

const client = new S3Client({});

/** Writes `content` as JSON below `migrations/<id>/<execution>/` and says where; the same name is overwritten. */
export async function keepEvidence(
  where: {
    readonly bucket: string;
    readonly migrationId: string;
    readonly execution: string;
    readonly name: string;
  },
  content: object,
): Promise<EvidencePointer> {
  const run = where.execution.split(':').at(-1) ?? 'unknown';
  const key = `migrations/${where.migrationId}/${run}/${where.name}.json`;
  const body = JSON.stringify(content, null, 2);
  await client.send(
    new PutObjectCommand({ Bucket: where.bucket, Key: key, Body: body, ContentType: 'application/json' }),
  );
  return { bucket: where.bucket, key };
}

/** Reads evidence back. */
export async function readEvidence(pointer: EvidencePointer): Promise<unknown> {
  const answer = await client.send(new GetObjectCommand({ Bucket: pointer.bucket, Key: pointer.key }));
  return JSON.parse((await answer.Body?.transformToString()) ?? 'null');
}
