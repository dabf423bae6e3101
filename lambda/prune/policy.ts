/** The policy as it lies in the environment, checked again: it decides what is deleted. */
import * as z from 'zod';
import type { PruneEntry, PrunePolicy } from '../contract/prune';
import { Blocked } from '../errors';

const name = z.string().min(1).max(63);

const entry = z.strictObject({
  database: name,
  schema: name,
  table: name,
  column: name,
  olderThan: z.string().regex(/^[1-9]\d{0,3} (?:day|week|month|year)s?$/),
  children: z.union([
    z.literal('auto'),
    z.array(z.strictObject({ schema: name, table: name, column: name, references: name.nullable() })),
  ]),
  keepLast: z.number().int().positive().nullable(),
  batchRows: z.number().int().min(1).max(100_000),
  partitions: z.enum(['rows', 'drop']),
  confirmed: z.boolean(),
});

const policy = z.strictObject({
  entries: z.array(entry),
  tolerance: z.number().min(0).max(1),
  maxShare: z.number().min(0).max(1),
  timeZone: z.string().min(1),
  workers: z.number().int().min(1),
});

/** The policy of the environment; throws `Blocked` without one and for one that names a database that does not migrate. */
export function checkedPolicy(given: PrunePolicy | undefined, databases: readonly string[]): PrunePolicy {
  const parsed = policy.safeParse(given);
  if (!parsed.success || parsed.data.entries.length === 0) {
    throw new Blocked(
      'nothing is configured to be pruned: prune.entries is empty or not understood, deploy the stack again',
    );
  }
  const { entries } = parsed.data;
  const foreign = entries.find(({ database }) => !databases.includes(database));
  if (foreign !== undefined) {
    throw new Blocked(
      `prune names database ${JSON.stringify(foreign.database)}, which is not among those that migrate ` +
        `(${databases.map((one) => JSON.stringify(one)).join(', ')}); correct prune.entries`,
    );
  }
  return parsed.data;
}

/** The entries of one database; throws `Blocked` when two of them name one table. */
export function entriesOf({ entries }: PrunePolicy, database: string): PruneEntry[] {
  const own = entries.filter((one) => one.database === database);
  const seen = new Set<string>();
  for (const { schema, table } of own) {
    const key = JSON.stringify([schema, table]);
    if (seen.has(key))
      throw new Blocked(`prune names table ${key} of database ${JSON.stringify(database)} twice, name it once`);
    seen.add(key);
  }
  return own;
}
