import type { ReadEvent } from './history-events';

/** Steps back until a search ends: a state's own events are few, whatever its history holds. */
const FARTHEST = 2_000;

/** The events of a history, each tied to the one before it. */
export class EventChain {
  private readonly byId: ReadonlyMap<number, ReadEvent>;

  constructor(events: readonly ReadEvent[]) {
    this.byId = new Map(events.map((event) => [event.id, event]));
  }

  /** The nearest event before `from` that `fits`; undefined when there is none. */
  before(from: ReadEvent, fits: (event: ReadEvent) => boolean): ReadEvent | undefined {
    let event = this.previous(from);
    // Ends at the first event at the latest, because every step goes to a smaller number, and by its bound.
    for (let steps = 0; event !== undefined && steps < FARTHEST; steps += 1) {
      if (fits(event)) return event;
      event = this.previous(event);
    }
    return undefined;
  }

  private previous({ id, previousEventId }: ReadEvent): ReadEvent | undefined {
    return previousEventId === undefined || previousEventId >= id ? undefined : this.byId.get(previousEventId);
  }
}
