/** Phases by what may be done in them. */
import type { Phase } from '../contract';

/** Nothing follows the source yet: it may still be pruned and scanned, in any order and again. */
export const BEFORE_SEEDING = ['assessed', 'pruned', 'scanned'] as const satisfies readonly Phase[];

/** The target follows the source. */
export const FOLLOWING = ['replicating', 'verified'] as const satisfies readonly Phase[];

/** True behind a flip: somebody lives on what the migration moved, and nothing of it is taken down in passing. */
export function isInUse(phase: Phase): boolean {
  return phase === 'flipped' || phase === 'live' || phase === 'rolled-back' || phase === 'retired';
}
