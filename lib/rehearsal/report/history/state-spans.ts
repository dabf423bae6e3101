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
  const open = new Map<string, number[]>();
  for (const event of events) {
    const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
    if (entered !== undefined) open.set(entered.name, [...(open.get(entered.name) ?? []), event.id]);
    if (exited === undefined) continue;
    const stays = open.get(exited.name) ?? [];
    const entry = chain.before(event, (one) => one.stateEnteredEventDetails?.name === exited.name);
    // Behind a Map of thousands of events the way back is too long: then it was the stay that began last.
    const left = entry?.id ?? stays.at(-1);
    if (left === undefined) continue;
    leftAt.set(left, event.timestamp);
    open.set(
      exited.name,
      stays.filter((id) => id !== left),
    );
  }
  return events.flatMap(({ id, type, timestamp, stateEnteredEventDetails: entered }) => {
    if (entered === undefined) return [];
    const kind = type.replace('StateEntered', '');
    // Fail has no exit, and takes no time.
    const to = leftAt.get(id) ?? (kind === 'Fail' ? timestamp : null);
    return [{ name: entered.name, kind, from: timestamp, to }];
  });
}
