/** What the target's ledger keeps of a plan: there only while everything that was planned stands in the queue. */
import * as z from 'zod';
import type { LedgerRow } from '../platform/ledger';

const planFacts = z.object({
  verification: z.object({ epoch: z.string(), items: z.number(), bytes: z.number() }),
});

/** A complete plan: the epoch that made it, the number of ranges, the bytes of all tables. */
export type PlanFacts = z.infer<typeof planFacts>['verification'];

/** Facts of a ledger without a plan. */
export const NOT_PLANNED = { verification: null } as const;

/** Reads the complete plan of `epoch`; null when there is none. */
export function readPlan(ledger: LedgerRow, epoch: string): Omit<PlanFacts, 'epoch'> | null {
  const parsed = planFacts.safeParse(ledger.facts);
  if (!parsed.success || parsed.data.verification.epoch !== epoch) return null;
  const { items, bytes } = parsed.data.verification;
  return { items, bytes };
}
