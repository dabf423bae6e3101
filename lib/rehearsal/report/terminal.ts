/** Progress for people: a status line that is drawn over and over on a terminal, plain lines in a pipe. */
import type { WriteStream } from 'node:tty';
import type { RehearsalEvent } from '../run/events';
import { LiveState } from './live-state';
import type { Progress } from './progress';

const REDRAW_MS = 120;
const PLAIN_LINE_MS = 5_000;
const CLEAR_LINE = '\r\u001b[2K';
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Draws on a terminal; the cursor is hidden meanwhile. */
export function drawnProgress(out: WriteStream): Progress {
  const live = new LiveState();
  let frame = 0;
  const draw = () => {
    frame += 1;
    const line = `${FRAMES[frame % FRAMES.length]} ${live.line()}`;
    out.write(CLEAR_LINE + [...line].slice(0, Math.max(20, out.columns || 80) - 1).join(''));
  };
  out.write('\u001b[?25l');
  const timer = setInterval(draw, REDRAW_MS);
  return {
    tell: (event: RehearsalEvent) => {
      const kept = live.take(event);
      if (kept !== null) out.write(`${CLEAR_LINE}✓ ${kept}\n`);
    },
    end: () => {
      clearInterval(timer);
      out.write(`${CLEAR_LINE}\u001b[?25h`);
    },
  };
}

/** Writes a line for each phase that ended, and now and then how far the present one is. */
export function plainProgress(write: (text: string) => void): Progress {
  const live = new LiveState();
  const timer = setInterval(() => write(`${live.line()}\n`), PLAIN_LINE_MS);
  timer.unref();
  return {
    tell: (event: RehearsalEvent) => {
      const kept = live.take(event);
      if (kept !== null) write(`${kept}\n`);
    },
    end: () => clearInterval(timer),
  };
}
