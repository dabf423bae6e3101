/** Whole migrations of the tiny sample, as `npm start` runs them, with what only tests set. */
import type { RehearsalEvent } from '../../lib/rehearsal/run/events';
import { DEFAULT_OPTIONS, type RehearsalOptions, type TestOptions } from '../../lib/rehearsal/run/options';
import { type Rehearsal, rehearse } from '../../lib/rehearsal/run/rehearse';

/** A run of a test may take this long on a machine that does other things. */
export const SCENARIO_TIMEOUT_MS = 240_000;

/** Rehearses with the tiny sample and shortened waits; everything is stopped and deleted afterwards. */
export function rehearseTiny(test: TestOptions = {}, options: Partial<RehearsalOptions> = {}): Promise<Rehearsal> {
  return rehearse({
    ...DEFAULT_OPTIONS,
    size: 'tiny',
    writers: 2,
    ...options,
    // Most scenarios are about what comes after; those that are not ask for it.
    // Enough load to lose or double something, and no more than two scenarios at once can bear on two cores.
    test: { clockFactor: 200, pruneAndScan: false, thinkMs: 10, warmUpMs: 700, afterwardsMs: 1_000, ...test },
  });
}

/** Collects the events of a run. */
export function collector(): { readonly events: RehearsalEvent[]; onEvent(event: RehearsalEvent): void } {
  const events: RehearsalEvent[] = [];
  return { events, onEvent: (event) => events.push(event) };
}
