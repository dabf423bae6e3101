import { createHash, randomUUID } from 'node:crypto';

/** Algorithms of `$hash`, in Step Functions' spelling, and what Node.js calls them. */
const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** `$range` makes at most this many elements, like the intrinsic that it replaces. */
const RANGE_LIMIT = 1000;

/**
 * What Step Functions adds to JSONata, and the refusal of `$eval` (developer guide, "JSONata functions provided by Step
 * Functions"): name, implementation and JSONata signature.
 */
export const ADDED_FUNCTIONS: readonly (readonly [string, (...args: never[]) => unknown, string])[] = [
  ['partition', partition, '<an:a>'],
  ['range', range, '<nnn:a>'],
  ['hash', hash, '<ss:s>'],
  ['random', random, '<n?:n>'],
  ['uuid', () => randomUUID(), '<:s>'],
  ['parse', (text: string) => JSON.parse(text), '<s:x>'],
  ['eval', refuseEval, '<s-x?:x>'],
];

function partition(values: readonly unknown[], size: number): unknown[][] {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`$partition needs a positive whole chunk size, got ${size}`);
  }
  const chunks: unknown[][] = [];
  // Ends because size is at least one.
  for (let at = 0; at < values.length; at += size) {
    chunks.push(values.slice(at, at + size));
  }
  return chunks;
}

function range(first: number, last: number, step: number): number[] {
  if (step === 0) {
    throw new RangeError('$range needs a step other than 0');
  }
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > RANGE_LIMIT) {
    throw new RangeError(`$range makes at most ${RANGE_LIMIT} elements, asked for ${length}`);
  }
  return Array.from({ length }, (_, index) => first + index * step);
}

function hash(text: string, algorithm: string): string {
  const name = HASHES[algorithm];
  if (name === undefined) {
    throw new RangeError(`$hash knows ${Object.keys(HASHES).join(', ')}, got '${algorithm}'`);
  }
  return createHash(name).update(text).digest('hex');
}

/** Without a seed random; with one always the same number, which is all that Step Functions promises about seeds. */
function random(seed?: number): number {
  if (seed === undefined) {
    return Math.random();
  }
  const digest = createHash('sha256').update(String(seed)).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

function refuseEval(): never {
  throw new Error('$eval is not available in Step Functions, use $parse');
}
