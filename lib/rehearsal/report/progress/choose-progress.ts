/** Which progress is shown. */
import { drawnProgress, type Terminal } from './drawn-progress';
import { jsonLines } from './json-lines';
import { plainProgress, quietProgress } from './plain-progress';
import type { Progress } from './progress';

/** What the command line asks for. */
export type ProgressMode = 'json' | 'quiet' | 'shown';

/** Drawn on a terminal that can move its cursor, lines otherwise, and lines where a question is asked between them. */
export function chooseProgress(
  mode: ProgressMode,
  out: Terminal,
  environment: Readonly<Record<string, string | undefined>>,
  asks = false,
): Progress {
  const write = (text: string) => void out.write(text);
  if (mode === 'json') return jsonLines(write);
  if (mode === 'quiet') return quietProgress(write);
  if (asks || !out.isTTY || environment.TERM === 'dumb') return plainProgress(write);
  // Set and not empty, whatever its value (no-color.org).
  return drawnProgress(out, !environment.NO_COLOR);
}
