/** What the page takes from the answers of steps and machines; each part alone, so that one that is not understood costs no other. */
import * as z from 'zod';

const count = z.coerce.number();
const text = z.string();

/** Whatever crossed as a number or as digits. */
export const assessed = z.object({
  verdict: z.enum(['pass', 'warn', 'block']),
  counts: z.object({ pass: count, warn: count, block: count }).partial().catch({}),
  blocks: z.array(z.object({ id: text, verdict: text, detail: text, remedy: text })).catch([]),
});

/** What `adopt` answered. */
export const adopted = z.object({ seedLsn: text, seedOrigin: text });

/** What `conclude-verification` answered. */
export const verified = z.object({
  verdict: z.enum(['equal', 'different']),
  databases: z
    .array(
      z.object({
        name: text,
        tables: count,
        rows: count,
        bytes: count,
        mismatchedTables: z.array(text).catch([]),
        catalogDifferences: z.array(text).catch([]),
      }),
    )
    .catch([]),
  keysToCompareAgain: count.catch(0),
});

/** What `plan-prune` answered. */
export const prunePlanned = z.object({
  entries: z.array(
    z.object({
      database: text,
      relation: text,
      column: text.catch(''),
      olderThan: text.catch(''),
      boundary: text,
      rows: count,
      ofRows: count,
      bytes: count.catch(0),
      children: z.array(z.object({ relation: text, rows: count })).catch([]),
    }),
  ),
  refusals: z.array(text).catch([]),
  warnings: z.array(text).catch([]),
});

/** What `conclude-prune` answered. */
export const pruned = z.object({
  again: z.boolean(),
  rows: count,
  tables: z.array(z.object({ database: text, relation: text, rows: count })).catch([]),
  kept: count.catch(0),
});

/** A snapshot that `encrypt` made. */
export const encrypted = z.object({ snapshotId: text });

/** What `conclude-scan` answered. */
export const scanned = z.object({
  on: z.enum(['source', 'target']).catch('source'),
  databases: z.array(
    z.object({
      name: text,
      tables: count,
      rows: count,
      badRows: count,
      badPages: count,
      badIndexes: count,
      summary: text.catch(''),
    }),
  ),
});

/** What `quarantine` answered. */
export const quarantined = z.object({
  databases: z.array(z.object({ name: text, rowsRemoved: count, pagesLost: count, indexesRebuilt: count })),
});

/** What `watch` answered. */
export const health = z.object({ lagBytes: count, lagSeconds: count });

/** What `cutover` answered. */
export const cutOver = z.object({
  flippedAt: text.catch(''),
  outageMs: z.object({
    total: count,
    fence: count.nullable().catch(null),
    barrier: count.nullable().catch(null),
    sequences: count.nullable().catch(null),
    gate: count.nullable().catch(null),
    switch: count.nullable().catch(null),
  }),
  prediction: z
    .object({ totalMs: count, fence: count, barrier: count, sequences: count, gate: count, basis: text })
    .nullable()
    .catch(null),
  canary: z
    .object({ how: z.enum(['server', 'proxy']), looks: count, ms: count })
    .nullable()
    .catch(null),
  keysCompared: count.nullable().catch(null),
  sequencesSet: count.nullable().catch(null),
});

/** What `give-back` and `release` answered. */
export const givenBack = z.object({
  outcome: z.enum(['given-back', 'finished', 'released', 'refused']),
  detail: text.catch(''),
});

/** Where evidence lies. */
export const pointer = z.object({ bucket: text, key: text });

/** What RDS says of an instance, as far as the page names it. */
export const instance = z.object({ instanceId: text, engineVersion: text.catch('') });

/** Who let the cutover begin. */
export const approval = z.object({ approvedBy: text, approvedAt: text.catch('') });

/** A value of that shape, or null. */
export function told<T>(schema: z.ZodType<T>, value: unknown): T | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** A member of an object, or undefined; never a member that every object has. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (at !== null && typeof at === 'object' && Object.hasOwn(at, name) ? Object(at)[name] : undefined),
    value,
  );
}
