/** The rehearsal as a command: progress, summary, report, signals, exit code. */
import { chooseProgress, type ProgressMode } from '../report/progress/choose-progress';
import { printable } from '../report/progress/printable';
import type { Progress } from '../report/progress/progress';
import { holds } from '../report/report';
import { summaryOf } from '../report/summary';
import { assessmentIn, requireWritable, writeReport } from '../report/write-report';
import type { Decide } from './approver';
import { askForAnswer } from './ask';
import { requireDumps } from './dump-content';
import { enterUserServer, type UserServerRequest } from './enter-user-server';
import { CLOCK_FACTOR } from './local-aws';
import type { UserOptions } from './options';
import { rehearse } from './rehearse';
import type { Access } from './server-access';

/** Exit codes that shells expect of a process that ended by these signals. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Rehearses and answers the exit code; never throws, and leaves nothing behind. */
export async function rehearseForPeople(
  options: UserOptions,
  mode: ProgressMode,
  request: UserServerRequest | null = null,
): Promise<number> {
  const stopping = new AbortController();
  let signalCode: number | null = null;
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      // The second signal does not wait for servers; those end with this process.
      if (signalCode !== null) process.exit(code);
      signalCode = code;
      stopping.abort(new Error(`ended by ${signal}`));
    });
  }
  const progress = chooseProgress(mode, process.stdout, process.env, options.ask);
  // A second signal ends the process on the spot; the cursor comes back all the same.
  process.on('exit', () => progress.end());
  try {
    const terminal = { input: process.stdin, output: process.stderr };
    const entered = request === null ? options : await enterUserServer(options, request, terminal);
    return await rehearseAndReport(entered, mode, progress, stopping.signal);
  } catch (error) {
    progress.end();
    if (signalCode !== null) return signalCode;
    process.stderr.write(`${printable(process.env.SEALIFT_DEBUG ? stackOf(error) : oneLine(error))}\n`);
    return 1;
  }
}

async function rehearseAndReport(
  options: UserOptions,
  mode: ProgressMode,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  await requireWritable(options.reportDirectory);
  await requireDumps(options.dumpFiles);
  const rehearsal = await rehearse({
    ...options,
    signal,
    onEvent: (event) => progress.tell(event),
    ...(options.ask && { decide: askTheTerminal(progress) }),
  });
  progress.end();
  try {
    await writeReport(options.reportDirectory, rehearsal);
    if (mode !== 'json') {
      const screen = assessmentIn(rehearsal.evidence, 'txt');
      // Where nothing follows, the assessment is what was asked for.
      if (screen && (options.dryRun || options.stopAfter === 'assess'))
        process.stdout.write(printable(`\n${screen}\n`));
      process.stdout.write(printable(summaryOf(rehearsal.report, options.reportDirectory)));
    }
    if (rehearsal.access) await keepUntilSignal(rehearsal.access, signal);
  } finally {
    await rehearsal.end();
  }
  signal.throwIfAborted();
  return holds(rehearsal.report) ? 0 : 1;
}

/** Asked on stderr, so that what is written to stdout stays what it is, JSON lines among it. */
function askTheTerminal(progress: Progress): Decide {
  return askForAnswer({
    input: process.stdin,
    output: process.stderr,
    clockFactor: CLOCK_FACTOR,
    hold: () => progress.hold?.() ?? (() => undefined),
  });
}

async function keepUntilSignal(access: readonly Access[], signal: AbortSignal): Promise<void> {
  const lines = access.map(
    ({ side, host, port, user, databases, passwordFile, caFile }) =>
      `${side}: host ${host}, port ${port}, user ${user}, databases ${databases.join(', ')}\n` +
      `  password in ${passwordFile}, CA in ${caFile} (sslmode verify-full)`,
  );
  process.stderr.write(`\nThe servers run until Ctrl-C, then everything is deleted.\n${lines.join('\n')}\n`);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    // A pending promise alone does not keep a process alive.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });
}

function oneLine(error: unknown): string {
  if (error instanceof AggregateError) return [error.message, ...error.errors.map(oneLine)].join('; ');
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
