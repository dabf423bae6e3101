/** One whole migration with the faults of a seed, and the judgement on it. */
import type { StepName } from '../../../lambda/contract';
import { DEFAULT_OPTIONS, type RehearsalOptions } from '../run/options';
import { RECORD_NAME } from '../run/place';
import { rehearse } from '../run/rehearse';
import type { Surroundings } from '../run/surroundings';
import { bringToAnEnd } from './aftermath';
import { violations } from './invariants';
import { keepLog } from './keep-log';
import type { Lane } from './lane';
import { callLate, type LateCalls } from './late-calls';
import type { Schedule } from './schedule';
import { readSourceState, type SourceState } from './source-state';
import { Striker } from './strike';
import type { ChaosVerdict } from './verdict';
import { Volume } from './volume';

/** How much shorter waits are than in AWS. */
const CLOCK_FACTOR = 200;

/** How long the writers write before the migration, on the target before the way back, and at the end. */
const WRITE_MS = { warmUpMs: 500, onTargetMs: 500, afterwardsMs: 500 };

/** What the copy road is there for; both majors come with `npm ci`. */
const NEWER_MAJOR = { sourceVersion: 15, targetVersion: 17 };

/** What is read around the migration. */
interface Readings {
  before?: SourceState;
  after?: SourceState;
  live: 'source' | 'target';
  late: LateCalls;
  secrets: ReadonlyMap<string, string>;
}

/**
 * Migrates the tiny sample while the faults of `schedule` strike. A run that breaks an invariant leaves its log below
 * `logDirectory`, in a folder named after the seed.
 */
export async function chaosRun(
  schedule: Schedule,
  lane: Lane,
  logDirectory: string,
  signal?: AbortSignal,
): Promise<ChaosVerdict> {
  const volume = schedule.faults.some(({ kind }) => kind === 'disk-full') ? await Volume.mount(lane.path) : null;
  const striker = new Striker(schedule.faults, { lane, volume });
  const readings: Readings = { live: 'source', late: { called: [], changed: [] }, secrets: new Map() };
  const events: string[] = [];
  try {
    const rehearsal = await rehearse({
      ...DEFAULT_OPTIONS,
      size: 'tiny',
      ...(schedule.road === 'copy' && { road: 'copy' as const, ...NEWER_MAJOR }),
      writers: 2,
      rollback: schedule.wayBack,
      ...(signal && { signal }),
      onEvent: (event) => {
        if (event.kind === 'phase-started' && event.phase === 'Rollback') striker.turn();
        if (event.kind !== 'writers' && event.kind !== 'lag') events.push(JSON.stringify(event));
      },
      test: {
        ...testOptions(schedule, lane, volume),
        chaos: (step, invocation) => striker.invoked(step as StepName, invocation),
        beforeMigration: async (surroundings) => {
          striker.enter(surroundings);
          readings.before = await readSourceState(surroundings.source, surroundings.databases);
        },
        afterMigration: async (surroundings) => {
          await striker.leave();
          await bringToAnEnd(surroundings);
          readings.after = await readSourceState(surroundings.source, surroundings.databases);
          readings.late = await callLate(surroundings, striker.firstCalls);
          readings.live = liveSide(surroundings);
          readings.secrets = secretsOf(surroundings);
        },
      },
    });
    const { before, after, secrets, live, late } = readings;
    if (!before || !after) throw new Error('the run ended without a reading of the source');
    const broken = violations({ rehearsal, before, after, live, changedByLateCalls: late.changed, secrets });
    const strikes = striker.strikes();
    const verdict = { schedule, report: rehearsal.report, strikes, calledLate: late.called, violations: broken };
    const keptIn = broken.length === 0 ? null : await keepLog(verdict, rehearsal, events, logDirectory);
    return { ...verdict, keptIn };
  } finally {
    await striker.leave();
    lane.clear();
    await volume?.unmount();
  }
}

function testOptions(schedule: Schedule, lane: Lane, volume: Volume | null): RehearsalOptions['test'] {
  return {
    ...WRITE_MS,
    preparation: lane.preparation,
    clockFactor: CLOCK_FACTOR,
    pruneAndScan: schedule.pruneAndScan,
    thinkMs: 5,
    policy: { standStillMinutes: 5 },
    injections: schedule.faults.flatMap((fault) => (fault.kind === 'aws' ? [fault.injection] : [])),
    replicationPort: (port) => lane.lead('replication', () => port),
    wayBackPort: (port) => lane.lead('wayBack', port),
    endpointPort: (side, port) => lane.lead(side, () => port),
    volumeOf: async (side) => (side === 'target' ? (volume?.path ?? null) : null),
  };
}

function liveSide({ aws, source }: Surroundings): 'source' | 'target' {
  return aws.plane.locate(RECORD_NAME)?.port === source.port ? 'source' : 'target';
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
