/** What follows a run: drawn on a terminal, lines in a pipe, or JSON. */
import type { RehearsalEvent } from '../../run/events';

/** A way of showing progress. */
export interface Progress {
  tell(event: RehearsalEvent): void;
  /** Keeps lines back while something else has the terminal; the function returned writes them. Absent where nothing is disturbed. */
  hold?(): () => void;
  /** Leaves the terminal as it was found; a second call does nothing. */
  end(): void;
}
