/** What the source's ledger keeps of the snapshot that a database is copied from. */
import * as z from 'zod';
import type { HeldSnapshot } from './snapshot-holder';

const schema = z.object({
  slot: z.string(),
  consistentPoint: z.string(),
  snapshot: z.string(),
  pid: z.number(),
  backendStart: z.string(),
});

/** Facts of a ledger whose database has no snapshot. */
export const NO_SNAPSHOT = { copySnapshot: null } as const;

/** The facts to merge into a ledger for a snapshot that is held. */
export function snapshotFacts(held: HeldSnapshot): { readonly copySnapshot: HeldSnapshot } {
  return { copySnapshot: held };
}

/** Reads the snapshot from a ledger row's facts; null when none was recorded. */
export function snapshotFactsOf(facts: Readonly<Record<string, unknown>>): HeldSnapshot | null {
  const { copySnapshot } = facts;
  return copySnapshot === undefined || copySnapshot === null ? null : schema.parse(copySnapshot);
}

/** True when both are the same snapshot: its name alone may return after a restart of the server. */
export function sameSnapshot(left: HeldSnapshot | null, right: HeldSnapshot | null): boolean {
  if (left === null || right === null) return false;
  return (
    left.snapshot === right.snapshot &&
    left.consistentPoint === right.consistentPoint &&
    left.pid === right.pid &&
    left.backendStart === right.backendStart
  );
}

/** The facts to merge into a target's ledger when every row of a database was copied under that snapshot. */
export function copiedSnapshotFacts(held: HeldSnapshot): { readonly rowsCopied: HeldSnapshot } {
  return { rowsCopied: held };
}

/** Reads from a target's ledger row's facts which snapshot was copied completely; null while none was. */
export function copiedSnapshotOf(facts: Readonly<Record<string, unknown>>): HeldSnapshot | null {
  return snapshotFactsOf({ copySnapshot: facts.rowsCopied });
}
