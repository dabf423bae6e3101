/** When each state was entered and left. */
import type { EventChain } from './event-chain';
import type { ReadEvent } from './history-events';

/** One stay in a state, in milliseconds since the epoch. */
export interface StateSpan {
  readonly name: string;
  /** Such as `Task`, `Wait` or `Choice`. */
  readonly kind: string;
  readonly from: number;
  /** Null when it was never left: the state under way, or the one in which the execution ended. */
  readonly to: number | null;
}

/** Every stay, in the order of the entries. */
export function stateSpans(events: readonly ReadEvent[], chain: EventChain): StateSpan[] {
  const leftAt = new Map<number, number>();
  for (const event of events) {
    const left = event.stateExitedEventDetails?.name;
    if (left === undefined) continue;
    const entry = chain.before(event, ({ stateEnteredEventDetails: entered }) => entered?.name === left);
    if (entry) leftAt.set(entry.id, event.timestamp);
  }
  return events.flatMap(({ id, type, timestamp, stateEnteredEventDetails: entered }) => {
    if (entered === undefined) return [];
    const kind = type.replace('StateEntered', '');
    // Fail has no exit, and takes no time.
    const to = leftAt.get(id) ?? (kind === 'Fail' ? timestamp : null);
    return [{ name: entered.name, kind, from: timestamp, to }];
  });
}
