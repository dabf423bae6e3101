/** Evidence: checks, counts, hashes, LSNs and timings, kept in the evidence bucket; states carry pointers only (fault 15). */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { EvidencePointer } from '../contract/instance';

const client = new S3Client({});

/** Where a piece of evidence is kept: below `migrations/<id>/<execution>/`. */
export interface EvidencePlace {
  readonly bucket: string;
  readonly migrationId: string;
  readonly execution: string;
  readonly name: string;
}

/** Media types of documents by the ending of their name. */
const MEDIA_TYPES = { html: 'text/html; charset=utf-8', txt: 'text/plain; charset=utf-8' } as const;

/** Ending of a document. */
export type DocumentKind = keyof typeof MEDIA_TYPES;

/** Writes `content` as JSON and says where; the same name is overwritten. */
export async function keepEvidence(where: EvidencePlace, content: object): Promise<EvidencePointer> {
  return put(where, 'json', JSON.stringify(content, null, 2), 'application/json');
}

/** Writes a document for people and says where; the same name is overwritten. */
export async function keepDocument(where: EvidencePlace, kind: DocumentKind, text: string): Promise<EvidencePointer> {
  return put(where, kind, text, MEDIA_TYPES[kind]);
}

async function put(where: EvidencePlace, ending: string, body: string, type: string): Promise<EvidencePointer> {
  const run = where.execution.split(':').at(-1) ?? 'unknown';
  const key = `migrations/${where.migrationId}/${run}/${where.name}.${ending}`;
  await client.send(new PutObjectCommand({ Bucket: where.bucket, Key: key, Body: body, ContentType: type }));
  return { bucket: where.bucket, key };
}

/** Reads evidence back. */
export async function readEvidence(pointer: EvidencePointer): Promise<unknown> {
  const answer = await client.send(new GetObjectCommand({ Bucket: pointer.bucket, Key: pointer.key }));
  return JSON.parse((await answer.Body?.transformToString()) ?? 'null');
}
