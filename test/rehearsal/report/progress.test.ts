import { chooseProgress, type ProgressMode } from '../../../lib/rehearsal/report/progress/choose-progress';
import { printable } from '../../../lib/rehearsal/report/progress/printable';
import { RunState } from '../../../lib/rehearsal/report/progress/run-state';
import type { RehearsalEvent, Untimed } from '../../../lib/rehearsal/run/events';
import { Screen } from './screen';

const at = '2026-01-01T00:00:00.000Z';
const event = (untimed: Untimed) => ({ at, ...untimed }) as RehearsalEvent;
const HOSTILE = 'evil\u001b[2J\u0007\r\n\u202e';

const EVENTS: RehearsalEvent[] = [
  event({ kind: 'phase-started', phase: 'Load the database' }),
  event({ kind: 'phase-started', phase: 'Synthesize the stacks' }),
  event({ kind: 'progress', phase: 'Load the database', doing: HOSTILE, done: 5e6, total: 2e7, unit: 'bytes' }),
  event({ kind: 'note', text: HOSTILE }),
  event({ kind: 'phase-ended', phase: 'Load the database', ms: 7100 }),
  event({ kind: 'phase-ended', phase: 'Synthesize the stacks', ms: 24_900 }),
  event({ kind: 'phase-started', phase: 'Replicate' }),
  event({ kind: 'state', machine: 'replicate', state: 'Verify chunks' }),
  event({ kind: 'lag', bytes: 33_200_000, ms: 19 }),
  event({ kind: 'writers', acknowledged: 4076, perSecond: 437, refused: 3, latencyP99Ms: 9 }),
  event({ kind: 'progress', phase: 'Replicate', doing: 'comparing', done: 12, total: 20, unit: 'ranges' }),
  event({ kind: 'step-failed', step: 'watch', error: `NotReady${HOSTILE}`, cause: HOSTILE }),
  event({ kind: 'phase-ended', phase: 'Replicate', ms: 43_600 }),
];

function show(mode: ProgressMode, columns: number | null, environment = {}, events = EVENTS) {
  const screen = new Screen(columns ?? 80);
  const terminal = columns === null ? Object.assign(screen, { isTTY: false }) : screen;
  const progress = chooseProgress(mode, terminal as never, environment);
  for (const one of events) progress.tell(one);
  return { screen, progress };
}

describe('drawn', () => {
  test('leaves the ended phases, warnings and nothing else, with the cursor shown', () => {
    const { screen, progress } = show('shown', 80, { NO_COLOR: '1' });
    progress.end();
    expect(screen.text().split('\n')).toEqual(
      [
        '✓ Load the database, 7.1 s',
        '✓ Synthesize the stacks, 24.9 s',
        '! step watch failed: NotReadyevil?[2J?? ?',
        '✓ Replicate, 43.6 s',
      ].map((line) => expect.stringContaining(line)),
    );
    expect(screen).toMatchObject({ cursorShown: true, wrapping: true });
  });

  test('shows the cursor again when it ends in the middle, and does so once', () => {
    const { screen, progress } = show('shown', 80, {}, EVENTS.slice(0, 4));
    expect(screen.cursorShown).toBe(false);
    progress.end();
    expect(screen).toMatchObject({ cursorShown: true, wrapping: true });
    const { written } = screen;
    progress.end();
    progress.tell(event({ kind: 'phase-ended', phase: 'Assess', ms: 1 }));
    expect(screen.written).toBe(written);
  });

  test.each([20, 40, 80, 200])('never writes beyond the edge of %i columns', (columns) => {
    const { screen, progress } = show('shown', columns, { NO_COLOR: '1' }, EVENTS.slice(0, 11));
    progress.end();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    const plain = screen.written.split(/\u001b\[\??\d*(?:;\d*)?[A-Za-z]|\r|\n/);
    expect(Math.max(...plain.map((text) => [...text].length))).toBeLessThan(columns);
  });

  test('has a bar, an amount, the lag and the commits while a phase with a total is open', () => {
    const { screen, progress } = show('shown', 100, { NO_COLOR: '1' }, EVENTS.slice(0, 11));
    progress.tell(event({ kind: 'phase-started', phase: 'Write afterwards' }));
    progress.tell(event({ kind: 'phase-ended', phase: 'Write afterwards', ms: 1 }));
    const text = screen.text();
    for (const words of [
      '█',
      '░',
      'comparing 12 of 20 ranges',
      'lag 33.2 MB, 19 ms',
      '4,076 commits, 437/s, 3 refused',
    ]) {
      expect(text).toContain(words);
    }
    progress.end();
  });

  test('obeys NO_COLOR', () => {
    const written = ['', '1'].map((value) => {
      const { screen, progress } = show('shown', 80, { NO_COLOR: value });
      progress.end();
      return screen.written;
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    const colour = /\u001b\[\d+m/;
    expect(written[0]).toMatch(colour);
    expect(written[1]).not.toMatch(colour);
  });
});

describe('in a pipe', () => {
  test.each([
    ['shown', null, {}],
    ['quiet', null, {}],
    ['quiet', 80, {}],
    ['shown', 80, { TERM: 'dumb' }],
  ] as const)('%s, %p columns, %j: writes no control character', (mode, columns, environment) => {
    const { screen, progress } = show(mode, columns, environment);
    progress.end();
    expect(screen.written).not.toMatch(/[^\P{Cc}\n]/u);
    expect(screen.written).toContain('Replicate, 43.6 s\n');
    expect(screen.written).toContain('warning: step watch failed: NotReady');
  });

  test('JSON lines are whole events, one a line', () => {
    const { screen } = show('json', null);
    expect(
      screen.written
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(EVENTS);
  });
});

test('between two phases it says what is waited for, and afterwards no figure of writers that have stopped', () => {
  const state = new RunState();
  const take = (untimed: Untimed) => state.take(event(untimed));
  take({ kind: 'writers', acknowledged: 5, perSecond: 1, refused: 0, latencyP99Ms: 1 });
  expect(state.idle).toBe(true);
  take({ kind: 'state', machine: 'migrate', state: 'Ask for approval' });
  expect(state.idle).toBe(false);
  expect(state.line()).toMatch(/^Ask for approval · 5 commits/);
  take({ kind: 'phase-started', phase: 'Prove' });
  expect(state.line()).toMatch(/^Prove · \d+ ms$/);
  take({ kind: 'phase-ended', phase: 'Prove', ms: 1 });
  expect(state.idle).toBe(true);
});

test('control characters of names are shown, not obeyed', () => {
  expect(printable('a\nb\u001b[31m\u0000\u009b\u2028é漢')).toBe('a\nb?[31m???é漢');
});
