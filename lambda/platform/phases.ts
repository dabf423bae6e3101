/** Phases by what may be done in them. */
import type { Phase } from '../contract';

/** Nothing follows the source yet: it may still be pruned and scanned, in any order and again. */
export const BEFORE_SEEDING = ['assessed', 'pruned', 'scanned'] as const satisfies readonly Phase[];
