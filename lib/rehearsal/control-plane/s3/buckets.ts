import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../clock';
import { AwsFault } from '../fault';

/** A stored object, without its bytes. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** In double quotes, as S3 writes it. */
  readonly etag: string;
  /** Base64 of the big-endian CRC-32. */
  readonly crc32: string;
  readonly contentType: string;
  readonly contentEncoding: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lastModified: number;
  /** `null` in a bucket without versions. */
  readonly versionId: string;
  readonly file: string;
}

/** A bucket. */
export interface Bucket {
  readonly name: string;
  versioned: boolean;
  /** Key of the default encryption; null: S3's own keys. */
  kmsKeyId: string | null;
  /** Bucket policy of its template, as an object. */
  policy: unknown;
  readonly tags: Map<string, string>;
  /** The current version of each key. */
  readonly objects: Map<string, StoredObject>;
}

/** The buckets, whose objects are files of the run's directory. */
export class Buckets {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  /** @param directory existing or new directory for the objects */
  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /**
   * Makes a bucket.
   *
   * @throws AwsFault `BucketAlreadyOwnedByYou`
   */
  create(
    name: string,
    options: {
      readonly versioned?: boolean;
      readonly kmsKeyId?: string;
      readonly tags?: ReadonlyMap<string, string>;
    } = {},
  ): Bucket {
    if (this.#buckets.has(name))
      throw new AwsFault('BucketAlreadyOwnedByYou', `Bucket ${name} exists and is yours`, 409);
    const bucket: Bucket = {
      name,
      versioned: options.versioned ?? false,
      kmsKeyId: options.kmsKeyId ?? null,
      policy: null,
      tags: new Map(options.tags),
      objects: new Map(),
    };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** Finds a bucket. */
  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /**
   * Finds a bucket.
   *
   * @throws AwsFault `NoSuchBucket`
   */
  get(name: string): Bucket {
    const bucket = this.find(name);
    if (!bucket) throw new AwsFault('NoSuchBucket', 'The specified bucket does not exist', 404);
    return bucket;
  }

  /**
   * Removes an empty bucket.
   *
   * @throws AwsFault `BucketNotEmpty`
   */
  remove(name: string): void {
    if (this.get(name).objects.size > 0)
      throw new AwsFault('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    this.#buckets.delete(name);
  }

  /**
   * Finds the current version of an object.
   *
   * @throws AwsFault `NoSuchKey`
   */
  object(bucketName: string, key: string): StoredObject {
    const found = this.get(bucketName).objects.get(key);
    if (!found) throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
    return found;
  }

  /** Reads the bytes of an object. */
  read(object: StoredObject): Promise<Buffer> {
    return readFile(object.file);
  }

  /** Stores an object; it is visible only when it is whole. */
  async put(
    bucketName: string,
    key: string,
    body: Buffer,
    properties: Pick<StoredObject, 'contentType' | 'contentEncoding' | 'metadata'>,
  ): Promise<StoredObject> {
    const bucket = this.get(bucketName);
    const directory = join(this.#directory, bucket.name);
    await mkdir(directory, { recursive: true });
    const versionId = bucket.versioned ? randomUUID().replaceAll('-', '') : 'null';
    // A key may hold what a file name cannot, so the file is named by its hash.
    const name = `${createHash('sha256').update(key).digest('hex').slice(0, 32)}-${versionId}`;
    const file = join(directory, name);
    const half = `${file}.${randomUUID()}`;
    await writeFile(half, body);
    await rename(half, file);
    const object: StoredObject = {
      key,
      size: body.length,
      etag: `"${createHash('md5').update(body).digest('hex')}"`,
      crc32: crc32Base64(body),
      lastModified: this.#clock.now(),
      versionId,
      file,
      ...properties,
    };
    bucket.objects.set(key, object);
    return object;
  }
}

/** CRC-32 of bytes as S3 writes it: base64 of four bytes, big-endian. */
export function crc32Base64(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}
