/** Progress without control characters, for pipes, logs and terminals that can do no more. */
import type { RehearsalEvent } from '../../run/events';
import { printableLine } from './printable';
import type { Progress } from './progress';
import { type Kept, RunState } from './run-state';

const LINE_MS = 5_000;

/** Writes a line for each phase that ended, and now and then how far the present one is. */
export function plainProgress(write: (text: string) => void): Progress {
  const state = new RunState();
  const lines = new HeldLines(write);
  const timer = setInterval(() => state.idle || lines.held || lines.write(printableLine(state.line())), LINE_MS);
  timer.unref();
  return following(state, lines, () => clearInterval(timer));
}

/** Writes a line for each phase that ended and for each warning, nothing else. */
export function quietProgress(write: (text: string) => void): Progress {
  return following(new RunState(), new HeldLines(write), () => undefined);
}

/** Lines that can be kept back for a while. */
class HeldLines {
  private kept: string[] | null = null;

  constructor(private readonly out: (text: string) => void) {}

  get held(): boolean {
    return this.kept !== null;
  }

  write(line: string): void {
    if (this.kept === null) this.out(`${line}\n`);
    else this.kept.push(line);
  }

  hold(): () => void {
    this.kept ??= [];
    return () => {
      const lines = this.kept ?? [];
      this.kept = null;
      for (const line of lines) this.write(line);
    };
  }
}

function following(state: RunState, lines: HeldLines, end: () => void): Progress {
  return {
    tell: (event: RehearsalEvent) => {
      const kept = state.take(event);
      if (kept !== null) lines.write(printableLine(words(kept)));
    },
    hold: () => lines.hold(),
    end,
  };
}

function words({ kind, text }: Kept): string {
  return kind === 'warning' ? `warning: ${text}` : text;
}
