/** What the ledger of a database keeps of the plan of its scan: there only while everything that was planned stands in its queues. */
import * as z from 'zod';
import type { LedgerRow } from '../platform/ledger';

const planFacts = z.object({
  scan: z.object({
    epoch: z.string(),
    structureItems: z.number(),
    contentItems: z.number(),
    tables: z.number(),
    bytes: z.number(),
    /** Slowest hundredth of the pulse before anything was read. */
    calmPulseMs: z.number(),
    /** Schemas of the extensions' functions, null where a check cannot be done. */
    available: z.object({
      heap: z.string().nullable(),
      btree: z.string().nullable(),
      visibility: z.string().nullable(),
    }),
  }),
});

/** The complete plan of one database. */
export type ScanPlan = z.infer<typeof planFacts>['scan'];

/** Reads the complete plan of `epoch`; null when there is none. */
export function readPlan(ledger: LedgerRow, epoch: string): ScanPlan | null {
  const parsed = planFacts.safeParse(ledger.facts);
  return parsed.success && parsed.data.scan.epoch === epoch ? parsed.data.scan : null;
}
