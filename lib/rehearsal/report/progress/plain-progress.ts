/** Progress without control characters, for pipes, logs and terminals that can do no more. */
import type { RehearsalEvent } from '../../run/events';
import { printableLine } from './printable';
import type { Progress } from './progress';
import { type Kept, RunState } from './run-state';

const LINE_MS = 5_000;

/** Writes a line for each phase that ended, and now and then how far the present one is. */
export function plainProgress(write: (text: string) => void): Progress {
  const state = new RunState();
  const timer = setInterval(() => state.idle || write(`${printableLine(state.line())}\n`), LINE_MS);
  timer.unref();
  return following(state, write, () => clearInterval(timer));
}

/** Writes a line for each phase that ended and for each warning, nothing else. */
export function quietProgress(write: (text: string) => void): Progress {
  return following(new RunState(), write, () => undefined);
}

function following(state: RunState, write: (text: string) => void, end: () => void): Progress {
  return {
    tell: (event: RehearsalEvent) => {
      const kept = state.take(event);
      if (kept !== null) write(`${printableLine(words(kept))}\n`);
    },
    end,
  };
}

function words({ kind, text }: Kept): string {
  return kind === 'warning' ? `warning: ${text}` : text;
}
