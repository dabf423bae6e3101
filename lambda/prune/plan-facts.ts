/** What the ledger of a database keeps of its pruning: the boundaries once they are decided, the counts once the work is queued. */
import * as z from 'zod';
import type { LedgerRow } from '../platform/ledger';
import type { Model, Retention } from './model';
import type { Structure } from './read-model';

const child = z.object({
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  references: z.string().nullable(),
});

const entry = z.object({
  database: z.string(),
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  olderThan: z.string(),
  children: z.union([z.literal('auto'), z.array(child)]),
  keepLast: z.number().nullable(),
  batchRows: z.number(),
  partitions: z.enum(['rows', 'drop']),
  confirmed: z.boolean(),
  /** Of the column's type, as text. */
  boundary: z.string(),
  /** The same as ISO. */
  instant: z.string(),
});

const counted = z.object({
  relation: z.string(),
  total: z.number(),
  old: z.number(),
  bytes: z.number(),
  indexes: z.number(),
  least: z.string().nullable(),
  greatest: z.string().nullable(),
  /** Rows of other tables that go with the old ones. */
  going: z.array(
    z.object({
      relation: z.string(),
      rows: z.number(),
      /** Most of them that go with one old row; 0 where they go on several ways. */
      largest: z.number().default(0),
    }),
  ),
});

const orphans = z.object({ from: z.string(), to: z.string(), columns: z.array(z.string()), orphans: z.number() });

const facts = z.object({
  prune: z.object({
    epoch: z.string(),
    clock: z.string(),
    timeZone: z.string(),
    tolerance: z.number(),
    /** Slowest hundredth of the pulse before anything was counted. */
    calmPulseMs: z.number(),
    entries: z.array(entry),
    /** Null until the work is queued. */
    before: z.object({ counts: z.array(counted), orphans: z.array(orphans) }).nullable(),
    /** Queues in the order in which they are worked off: the position of an entry, and the round. */
    stages: z.array(z.object({ entry: z.number(), round: z.number() })),
  }),
});

/** An entry with its boundary. */
export type DecidedEntry = z.infer<typeof entry>;
/** What was counted of an entry's table. */
export type CountedTable = z.infer<typeof counted>;
/** Rows of `from` that point at nothing in `to`. */
export type CountedOrphans = z.infer<typeof orphans>;
/** What the ledger keeps of a database's pruning. */
export type PruneFacts = z.infer<typeof facts>['prune'];

/** Reads what was decided at `epoch`; null when nothing was. */
export function readFacts(ledger: LedgerRow | null, epoch: string): PruneFacts | null {
  const parsed = facts.safeParse(ledger?.facts);
  return parsed.success && parsed.data.prune.epoch === epoch ? parsed.data.prune : null;
}

/** The model of a database under the boundaries of its entries. */
export function modelOf(structure: Structure, entries: readonly Pick<DecidedEntry, 'column' | 'boundary'>[]): Model {
  const retentions = new Map<string, Retention>();
  structure.roots.forEach(({ table, type }, index) => {
    const decided = entries[index];
    if (decided === undefined) return;
    retentions.set(table, { table, column: decided.column, type, boundary: decided.boundary });
  });
  return { relations: structure.relations, edges: structure.edges, retentions };
}
