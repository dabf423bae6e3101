/** One whole migration with the faults of a seed, and the judgement on it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepName } from '../../../lambda/contract';
import type { Report } from '../report/report';
import type { LocalAws } from '../run/local-aws';
import { DEFAULT_OPTIONS, type Surroundings } from '../run/options';
import { type Rehearsal, rehearse } from '../run/rehearse';
import { inWords } from './fault';
import { violations } from './invariants';
import { type Link, openLink } from './link';
import type { Schedule } from './schedule';
import { readSourceState, type SourceState } from './source-state';
import { type Strike, Striker } from './strike';

/** How much shorter waits are than in AWS. */
const CLOCK_FACTOR = 200;

/** Longest wait for what goes on after the execution has ended: the reaper, and children that end later. */
const AFTERMATH_MS = 120_000;

/** What became of a run. */
export interface ChaosVerdict {
  readonly schedule: Schedule;
  readonly report: Report;
  /** What struck and how that ended, in order. */
  readonly strikes: readonly Strike[];
  /** What did not hold; empty when everything did. */
  readonly violations: readonly string[];
  /** Where the run's log was kept; null when it was not. */
  readonly keptIn: string | null;
}

/** What is read from the servers around the migration. */
interface Readings {
  before?: SourceState;
  after?: SourceState;
  secrets: ReadonlyMap<string, string>;
}

/**
 * Migrates the tiny sample while the faults of `schedule` strike. A run that breaks an invariant leaves its log below
 * `logDirectory`, in a folder named after the seed.
 */
export async function chaosRun(schedule: Schedule, logDirectory: string, signal?: AbortSignal): Promise<ChaosVerdict> {
  let link: Link | null = null;
  const striker = new Striker(schedule.faults, () => link);
  const readings: Readings = { secrets: new Map() };
  const events: string[] = [];
  try {
    const rehearsal = await rehearse({
      ...DEFAULT_OPTIONS,
      size: 'tiny',
      writers: 2,
      ...(signal && { signal }),
      onEvent: (event) => {
        if (event.kind !== 'writers' && event.kind !== 'lag') events.push(JSON.stringify(event));
      },
      test: {
        clockFactor: CLOCK_FACTOR,
        pruneAndScan: schedule.pruneAndScan,
        thinkMs: 5,
        policy: { standStillMinutes: 5 },
        injections: schedule.faults.flatMap((fault) => (fault.kind === 'aws' ? [fault.injection] : [])),
        replicationPort: async (port) => {
          link = await openLink(port);
          return link.port;
        },
        chaos: (step, invocation) => striker.invoked(step as StepName, invocation),
        beforeMigration: async (surroundings) => {
          striker.enter(surroundings);
          readings.before = await readSourceState(surroundings.source, surroundings.databases);
        },
        afterMigration: async (surroundings) => {
          await striker.leave();
          await aftermath(surroundings.aws);
          readings.after = await readSourceState(surroundings.source, surroundings.databases);
          readings.secrets = secretsOf(surroundings);
        },
      },
    });
    const { before, after, secrets } = readings;
    if (!before || !after) throw new Error('the run ended without a reading of the source');
    const broken = violations({ rehearsal, before, after, secrets });
    const verdict = { schedule, report: rehearsal.report, strikes: striker.strikes, violations: broken };
    const keptIn = broken.length === 0 ? null : await keepLog(verdict, rehearsal, events, logDirectory);
    return { ...verdict, keptIn };
  } finally {
    await striker.leave();
    await (link as Link | null)?.close();
  }
}

/** Waits for every execution, the reaper's included. */
async function aftermath({ machines }: LocalAws): Promise<void> {
  const deadline = Date.now() + AFTERMATH_MS;
  // Ends when nothing runs any more at two looks in a row, or by the deadline.
  for (let quiet = 0; quiet < 2 && Date.now() < deadline; ) {
    const running = machines.listExecutions().filter(({ status }) => status === 'RUNNING');
    quiet = running.length === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function secretsOf({ aws, writerDatabases }: Surroundings): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const { name, versions } of aws.plane.secrets.all()) {
    for (const { value } of versions.values()) {
      const { password } = JSON.parse(value) as { password?: string };
      if (password) secrets.set(`the password of ${name}`, password);
    }
  }
  for (const { user, password } of writerDatabases) secrets.set(`the password of ${user}`, password);
  return secrets;
}

async function keepLog(
  verdict: Omit<ChaosVerdict, 'keptIn'>,
  rehearsal: Rehearsal,
  events: readonly string[],
  logDirectory: string,
): Promise<string> {
  const directory = join(logDirectory, String(verdict.schedule.seed));
  await mkdir(directory, { recursive: true });
  const { report, ...rest } = verdict;
  const told = { ...rest, faults: verdict.schedule.faults.map(inWords) };
  await writeFile(join(directory, 'verdict.json'), `${JSON.stringify(told, null, 2)}\n`);
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(directory, 'events.jsonl'), `${events.join('\n')}\n`);
  const lines = rehearsal.logs.map(({ functionName, line }) => `${functionName} ${line}`);
  await writeFile(join(directory, 'functions.log'), `${lines.join('\n')}\n`);
  for (const { name, content } of rehearsal.histories) await writeFile(join(directory, name), content);
  return directory;
}
