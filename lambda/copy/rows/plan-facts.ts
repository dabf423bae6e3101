/** What the target's ledger keeps of a plan: there only while everything that was planned stands in the queue. */
import * as z from 'zod';
import { snapshotFactsOf } from '../../platform/snapshot-facts';
import type { HeldSnapshot } from '../../platform/snapshot-holder';
import type { LeftOut } from './table-set';

const schema = z.object({
  items: z.number(),
  tables: z.number(),
  bytes: z.number(),
  leftOut: z.array(z.object({ relation: z.string(), reason: z.string() })),
  snapshot: z.unknown(),
});

/** A complete plan: the snapshot it copies, and how much there is to do. */
export interface RowsPlan {
  readonly snapshot: HeldSnapshot;
  readonly items: number;
  readonly tables: number;
  /** Of the tables on the source, with TOAST. */
  readonly bytes: number;
  /** Relations whose rows do not travel. */
  readonly leftOut: readonly LeftOut[];
}

/** Facts of a ledger without a plan. */
export const NOT_PLANNED = { copyRows: null } as const;

/** The facts to merge into a ledger for a plan. */
export function planFacts(plan: RowsPlan): { readonly copyRows: RowsPlan } {
  return { copyRows: plan };
}

/** Reads the complete plan from a ledger row's facts; null when there is none. */
export function planFactsOf(facts: Readonly<Record<string, unknown>>): RowsPlan | null {
  const { copyRows } = facts;
  if (copyRows === undefined || copyRows === null) return null;
  const { snapshot, ...rest } = schema.parse(copyRows);
  const held = snapshotFactsOf({ copySnapshot: snapshot });
  return held === null ? null : { ...rest, snapshot: held };
}
