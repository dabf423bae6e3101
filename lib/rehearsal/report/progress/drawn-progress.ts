/**
 * Progress for people: finished phases stay as lines, below them one line per open phase, with a bar where there is a total,
 * and one with lag, writers and time. cli-progress draws it; the cursor is hidden meanwhile.
 */
import type { WriteStream } from 'node:tty';
import { MultiBar, type Params, type SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { PhaseName, RehearsalEvent } from '../../run/events';
import { seconds } from '../words';
import { printableLine } from './printable';
import type { Progress } from './progress';
import { amountWords, type Kept, type OpenPhase, RunState, rateWords } from './run-state';

/** What is drawn on. */
export type Terminal = Pick<WriteStream, 'write' | 'columns' | 'isTTY'>;

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;

/** Characters of a bar, and the width of a terminal below which there is none. */
const BAR = 20;
const LEAST_COLUMNS_FOR_BARS = 60;

/** Draws on a terminal; `colours` false, as NO_COLOR asks for, leaves it at symbols. */
export function drawnProgress(out: Terminal, colours: boolean): Progress {
  const state = new RunState();
  const paint = pc.createColors(colours);
  const clip = (text: string) => [...printableLine(text)].slice(0, Math.max(10, (out.columns || 80) - 1)).join('');
  const bars = new MultiBar({
    // cli-progress moves the cursor with Node.js' own functions, which need no more of a stream than this.
    stream: out as WriteStream,
    hideCursor: true,
    clearOnComplete: true,
    // The terminal would break a long line, and the next drawing would miss its beginning.
    linewrap: false,
    // Signals are the command's: it stops servers first, and calls `end` in any case.
    gracefulExit: false,
    forceRedraw: true,
    fps: 1000 / FRAME_MS,
  });
  const open = new Map<PhaseName, SingleBar>();
  bars.create(1, 0, {}, { format: () => clip(`  ${state.status()}`) });
  let ended = false;
  return {
    tell: (event: RehearsalEvent) => {
      if (ended) return;
      const kept = state.take(event);
      if (kept !== null) bars.log(`${keptLine(kept, clip, paint)}\n`);
      follow(state, bars, open, (phase, params) => clip(phaseLine(phase, params, out.columns || 80)));
    },
    end: () => {
      if (ended) return;
      ended = true;
      // Lines that wait to be kept are written by the next drawing only.
      bars.update();
      bars.stop();
    },
  };
}

/** A bar for each open phase, none for others. */
function follow(
  state: RunState,
  bars: MultiBar,
  open: Map<PhaseName, SingleBar>,
  line: (phase: OpenPhase, params: Params) => string,
): void {
  for (const [name, bar] of open) {
    if (state.phases.has(name)) continue;
    open.delete(name);
    bars.remove(bar);
  }
  for (const [name, phase] of state.phases) {
    const { total = 0, done = 0 } = phase.amount ?? {};
    const bar = open.get(name);
    if (bar === undefined) {
      open.set(name, bars.create(total, done, {}, { format: (_: object, params: Params) => line(phase, params) }));
    } else {
      bar.setTotal(total);
      bar.update(done);
    }
  }
}

function keptLine({ kind, text }: Kept, clip: (text: string) => string, paint: ReturnType<typeof pc.createColors>) {
  const clipped = clip(`  ${text}`).slice(1);
  return kind === 'done' ? `${paint.green('✓')}${clipped}` : `${paint.yellow('!')}${clipped}`;
}

function phaseLine(phase: OpenPhase, { progress, eta }: Params, columns: number): string {
  const { name, amount, state, startedAt } = phase;
  const elapsed = seconds(Date.now() - startedAt);
  const frame = FRAMES[Math.floor(Date.now() / FRAME_MS) % FRAMES.length];
  if (amount === null || amount.total === 0) {
    const said = amount === null ? '' : `${amount.doing} ${amountWords(amount)}`;
    return `${frame} ${[name, state, said, elapsed].filter(Boolean).join(' · ')}`;
  }
  const full = Math.round(Math.min(1, progress) * BAR);
  const bar = columns < LEAST_COLUMNS_FOR_BARS ? '' : ` ${'█'.repeat(full)}${'░'.repeat(BAR - full)}`;
  const left = Number.isFinite(eta) && eta > 0 && progress < 1 ? `about ${seconds(eta * 1000)} left` : '';
  const words = [`${amount.doing} ${amountWords(amount)}`, rateWords(amount), left || elapsed];
  return `${frame} ${name}${bar} ${words.filter(Boolean).join(' · ')}`;
}
