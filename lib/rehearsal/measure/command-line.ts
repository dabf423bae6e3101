/** The command lines of soak, bench and chaos: `--help`, one clear line for a wrong flag, clean Ctrl-C. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { SIZES, type Size } from '../run/options';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** A command: `read` answers the flags, or says in a line what is wrong with them. */
export interface Command<O extends Options, F> {
  /** What `--help` prints, and what follows a line about a wrong flag. */
  readonly help: string;
  readonly options: O;
  read(values: Values<O>): F | string;
  /** Answers the exit code. */
  work(flags: F, signal: AbortSignal): Promise<number>;
}

/** Runs a command with the words after its name; the exit code is 2 for a wrong flag. */
export function runCommand<O extends Options, F extends object>({ help, options, read, work }: Command<O, F>): void {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(help);
    return;
  }
  const flags = parsed(options, read);
  if (typeof flags === 'string') {
    console.error(`${flags}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  untilStopped((signal) => work(flags, signal));
}

function parsed<O extends Options, F>(options: O, read: Command<O, F>['read']): F | string {
  try {
    return read(parseArgs({ options, strict: true }).values as Values<O>);
  } catch (error) {
    // What parseArgs refuses is a flag of the user's, and its message says which.
    if (error instanceof TypeError && 'code' in error) return error.message;
    throw error;
  }
}

/** The number of runs and the size of the sample, or what is wrong with them. */
export function runsAndSize(values: {
  readonly runs?: unknown;
  readonly size?: unknown;
}): string | { readonly runs: number; readonly size: Size } {
  const [runs, size] = [Number(values.runs), SIZES.find((each) => each === values.size)];
  if (!Number.isInteger(runs) || runs < 1) return `--runs is a number from 1, not ${String(values.runs)}`;
  if (size === undefined) return `--size is one of ${SIZES.join(', ')}, not ${String(values.size)}`;
  return { runs, size };
}

/**
 * Runs `work`, which answers the exit code. A signal aborts it and is waited for, however often it comes: a terminal and whoever
 * started this process both send one, and servers must be stopped in any case. The code is then 128 and the signal's number.
 */
function untilStopped(work: (signal: AbortSignal) => Promise<number>): void {
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
