import type { Catcher, Retrier } from './definition';
import { errorMatches, StateFailure } from './failure';
import { leave, type Outcome, type Visit } from './thread';

/**
 * Runs the attempts of a Task, Map or Parallel: the first Retry entry that matches a failure repeats it until its
 * MaxAttempts are used up, then the first Catch entry that matches takes over. Interruptions pass through untouched.
 */
export async function withRecovery(
  visit: Visit,
  state: { readonly Retry?: readonly Retrier[]; readonly Catch?: readonly Catcher[] },
  attempt: () => Promise<Outcome>,
): Promise<Outcome> {
  const used = new Map<Retrier, number>();
  // Ends because every further round uses up one of the finitely many MaxAttempts.
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StateFailure)) {
        throw error;
      }
      const retrier = state.Retry?.find((entry) => matches(entry, error));
      const before = retrier === undefined ? 0 : (used.get(retrier) ?? 0);
      if (retrier === undefined || before >= (retrier.MaxAttempts ?? 3)) {
        return await caught(visit, state.Catch ?? [], error);
      }
      used.set(retrier, before + 1);
      visit.retryCount += 1;
      await visit.thread.run.world.clock.sleep(retryDelaySeconds(retrier, before) * 1000, visit.thread.signal);
    }
  }
}

/** Seconds before the next attempt when `before` retries of this entry were made. */
export function retryDelaySeconds(retrier: Retrier, before: number, random: () => number = Math.random): number {
  const grown = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** before;
  const capped = Math.min(grown, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return retrier.JitterStrategy === 'FULL' ? capped * random() : capped;
}

async function caught(visit: Visit, catchers: readonly Catcher[], failure: StateFailure): Promise<Outcome> {
  const index = catchers.findIndex((entry) => matches(entry, failure));
  const catcher = catchers[index];
  if (catcher === undefined) {
    throw failure;
  }
  // ASL: an Error Output "usually" has a Cause; a timeout, for one, has none.
  const errorOutput = { Error: failure.error, ...(failure.causeText === '' ? {} : { Cause: failure.causeText }) };
  return leave(visit, catcher, { errorOutput }, errorOutput, catcher.Next, `Catch[${index}]/`);
}

function matches(entry: { readonly ErrorEquals: readonly string[] }, failure: StateFailure): boolean {
  return entry.ErrorEquals.some((pattern) => errorMatches(pattern, failure.error));
}
