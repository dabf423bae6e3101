/** The phases of the ledger in which a source may be scanned and repaired: before anything follows it. */
import type { Phase } from '../contract';

/** Phases before the replication. */
export const BEFORE_SEEDING = ['assessed', 'scanned'] as const satisfies readonly Phase[];
