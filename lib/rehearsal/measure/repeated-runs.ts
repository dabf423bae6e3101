/** The command line that soak and bench share: how many runs of which size, one clear line for a wrong flag, clean Ctrl-C. */
import { parseArgs } from 'node:util';
import { SIZES, type Size } from '../run/options';

/** Runs `work` with `--runs` (`defaultRuns` unless given) and `--size` (small); it answers the exit code, 130 after Ctrl-C. */
export function repeatRuns(
  defaultRuns: number,
  work: (runs: number, size: Size, signal: AbortSignal) => Promise<number>,
): void {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: String(defaultRuns) }, size: { type: 'string', default: 'small' } },
  });
  const runs = Number(values.runs);
  const size = SIZES.find((each) => each === values.size);
  if (!Number.isInteger(runs) || runs < 1 || size === undefined) {
    console.error(`--runs is a number from 1, --size one of ${SIZES.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  untilStopped((signal) => work(runs, size, signal));
}

/**
 * Runs `work`, which answers the exit code. A signal aborts it and is waited for, however often it comes: a terminal and whoever
 * started this process both send one, and servers must be stopped in any case. The code is then 128 and the signal's number.
 */
export function untilStopped(work: (signal: AbortSignal) => Promise<number>): void {
  const stopping = new AbortController();
  let stoppedWith: number | null = null;
  for (const [name, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
    process.on(name, () => {
      stoppedWith ??= code;
      stopping.abort(new Error(`ended by ${name === 'SIGINT' ? 'Ctrl-C' : name}`));
    });
  }
  work(stopping.signal).then(
    (code) => process.exit(stoppedWith ?? code),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(stoppedWith ?? 1);
    },
  );
}
