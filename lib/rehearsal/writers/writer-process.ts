/** The process of the writers: apart from the rehearsal, so that nothing else disturbs the latencies they measure. */
import { HandedOutValues } from './handed-out';
import type {
  Address,
  FromWriters,
  ToWriters,
  WriterDatabase,
  WriterRecord,
  WriterSettings,
  WriterStats,
} from './protocol';
import { failureCode, openSession } from './session';
import { Timings } from './timings';
import type { ChooseWorkload, Workload } from './transaction';
import { CATALOG_WORKLOADS } from './workload-catalog';
import { genericWorkloads } from './workload-generic';
import { LINEAGE_WORKLOADS } from './workload-lineage';
import { nowMs, type Workplace, Writer } from './writer';

const STATS_EVERY_MS = 200;
const RESOLVE_TIMEOUT_MS = 5_000;

const waiting = new Map<number, (address: Address | null) => void>();
let resolutions = 0;
let stop: () => void = () => process.exit(0);

/** Asks the rehearsal for the address; fails when the rehearsal could not resolve it. */
function resolveAddress(): Promise<Address> {
  resolutions += 1;
  const id = resolutions;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => answer(null), RESOLVE_TIMEOUT_MS);
    const answer = (address: Address | null) => {
      clearTimeout(timer);
      waiting.delete(id);
      if (address) resolve(address);
      else reject(Object.assign(new Error('the name of the database could not be resolved'), { code: 'ENOTFOUND' }));
    };
    waiting.set(id, answer);
    send({ kind: 'resolve', id });
  });
}

/** Why the writers could not begin; errors of a connection name no secret. */
function reasonOf(error: unknown): string {
  return `${failureCode(error)}: ${error instanceof Error ? error.message : String(error)}`;
}

function send(message: FromWriters): void {
  if (process.connected) process.send?.(message);
}

async function chooser(settings: WriterSettings, database: WriterDatabase): Promise<ChooseWorkload> {
  if (settings.mode === 'sample') {
    const workloads = database.database === 'catalog' ? CATALOG_WORKLOADS : LINEAGE_WORKLOADS;
    const lots = workloads.flatMap(({ share, workload }) => Array<Workload>(share).fill(workload));
    // 37 has no factor in common with 100, so a hundred writes draw every lot once, well mixed.
    return (number) => lots[(number * 37) % lots.length] ?? null;
  }
  const session = await openSession(settings, database, await resolveAddress());
  try {
    const workloads = await genericWorkloads(session.client);
    return (number) => workloads[number % Math.max(1, workloads.length)] ?? null;
  } finally {
    await session.client.end();
  }
}

async function makeWriters(settings: WriterSettings, workplace: Workplace): Promise<Writer[]> {
  const choosers = new Map<string, ChooseWorkload>();
  for (const database of settings.databases) choosers.set(database.database, await chooser(settings, database));
  const writers = Array.from({ length: settings.writers + settings.stubborn }, (_, index) => {
    const database = settings.databases[index % settings.databases.length];
    const choose = database && choosers.get(database.database);
    if (!database || !choose) throw new Error('the writers were given no database');
    return new Writer(workplace, index + 1, database, index >= settings.writers, choose);
  });
  for (const writer of writers) await writer.connect();
  return writers;
}

function statsOf(workplace: Workplace): WriterStats {
  const { counts, timings } = workplace;
  return {
    acknowledged: counts.acknowledged,
    refused: counts.refused,
    unknown: counts.unknown,
    rolledBack: counts.rolledBack,
    perSecond: timings.perSecond(nowMs()),
    latencyP50Ms: timings.percentileMs(0.5),
    latencyP99Ms: timings.percentileMs(0.99),
    latencyMaxMs: timings.maxMs,
  };
}

function recordOf(workplace: Workplace, writers: readonly Writer[], startedAt: number): WriterRecord {
  const { movedAt } = workplace;
  const stubborn = writers.filter((writer) => writer.stubborn);
  return {
    startedAt,
    stoppedAt: nowMs(),
    stats: statsOf(workplace),
    ledgers: writers.map((writer) => writer.ledger()),
    interruptions: workplace.interruptions,
    latencySeries: workplace.timings.series(),
    refusals: Object.fromEntries(workplace.refusals),
    conflicts: Object.fromEntries(workplace.conflicts),
    sequenceReuse: workplace.handedOut.reused(),
    sequenceValues: workplace.handedOut.count,
    stubbornAccepted:
      movedAt === null ? 0 : stubborn.reduce((sum, writer) => sum + writer.acknowledgedAfter(movedAt), 0),
    stubbornRefused: workplace.counts.stubbornRefused,
  };
}

async function start(settings: WriterSettings): Promise<void> {
  const startedAt = nowMs();
  const workplace: Workplace = {
    settings,
    resolve: resolveAddress,
    timings: new Timings(startedAt),
    handedOut: new HandedOutValues(),
    counts: { acknowledged: 0, refused: 0, unknown: 0, rolledBack: 0, stubbornRefused: 0 },
    refusals: new Map(),
    conflicts: new Map(),
    servers: new Map(),
    movedAt: null,
    interruptions: [],
    stopping: false,
  };
  stop = () => {
    workplace.stopping = true;
  };
  const writers = await makeWriters(settings, workplace);
  send({ kind: 'ready' });
  const timer = setInterval(() => send({ kind: 'stats', stats: statsOf(workplace) }), STATS_EVERY_MS);
  await Promise.all(writers.map((writer) => writer.run()));
  clearInterval(timer);
  send({ kind: 'stopped', record: recordOf(workplace, writers, startedAt) });
}

process.on('message', (message: ToWriters) => {
  if (message.kind === 'address') waiting.get(message.id)?.(message.address);
  if (message.kind === 'stop') stop();
  if (message.kind !== 'start') return;
  start(message.settings).catch((error: unknown) => send({ kind: 'failed', reason: reasonOf(error) }));
});

// Ctrl-C reaches the whole group: the rehearsal decides when the writers end, and they end with it.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
