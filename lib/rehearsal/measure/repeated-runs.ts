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
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort(new Error('ended by Ctrl-C')));
  work(runs, size, stopping.signal).then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(stopping.signal.aborted ? 130 : 1);
    },
  );
}
