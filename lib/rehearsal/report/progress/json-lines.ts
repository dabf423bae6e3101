/** Progress for programs: every event as one line of JSON. */
import type { RehearsalEvent } from '../../run/events';
import type { Progress } from './progress';

/** Writes each event as it comes. */
export function jsonLines(write: (text: string) => void): Progress {
  return {
    tell: (event: RehearsalEvent) => write(`${JSON.stringify(event)}\n`),
    end: () => undefined,
  };
}
