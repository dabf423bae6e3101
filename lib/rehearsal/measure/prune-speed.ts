/**
 * How fast a pruning is, beside one plain DELETE of the same rows in the same run, and what applications feel of it. The rows are
 * events with their mentions and notes; the DELETE names the events, and the foreign keys' cascade takes the rest.
 */
import type { Client } from 'pg';
import type { Report } from '../report/report';
import { DEFAULT_OPTIONS } from '../run/options';
import { rehearse } from '../run/rehearse';
import type { PostgresServer } from '../servers/postgres-server';
import { LatencyProbe, type Span } from './latency-probe';

const DATABASE = 'lineage';
const OWNER = 'lineage_owner';

/** Two schemas with the same content: one is pruned, the other one deleted from. */
const PRUNED = 'weighed_pruned';
const PLAIN = 'weighed_plain';

/** An event every two minutes, of which those of more than six months are old: 92,000, and five other rows with each. */
const EVENTS = 222_000;
const OLD = `at < now() - interval '6 months'`;

const POLICY = {
  entries: [
    { database: DATABASE, schema: PRUNED, table: 'event', column: 'at', olderThan: '6 months', confirmed: true },
  ],
};

/** What was measured, in milliseconds. */
export interface PruneSpeed {
  readonly rows: number;
  /** Removing the rows, two workers. */
  readonly removalMs: number;
  /** With planning, counting before and after, and reclaiming. */
  readonly wholeMs: number;
  readonly deleteMs: number;
  /** VACUUM (ANALYZE) after the DELETE. */
  readonly vacuumMs: number;
}

/** Slowest hundredth of small transactions beside four writers, in milliseconds. */
export interface FeltLatency {
  readonly pruneMs: number;
  readonly scanMs: number;
  /** As long as both, in the same run, with neither. */
  readonly calmMs: number;
  /** During the plain DELETE. */
  readonly deleteMs: number;
  /** How long the removal and the DELETE of the same rows took beside the writers. */
  readonly tookMs: { readonly removal: number; readonly delete: number };
}

/** Deletes and prunes the same rows, one after the other, nobody else there. */
export async function measurePrune(signal: AbortSignal): Promise<PruneSpeed> {
  let [deleteMs, vacuumMs] = [Number.NaN, Number.NaN];
  const { report } = await rehearse({
    ...DEFAULT_OPTIONS,
    size: 'tiny',
    signal,
    writers: 0,
    stopAfter: 'prune',
    test: {
      prune: POLICY,
      prepare: (database, session) => fill(database, session, [PRUNED, PLAIN]),
      beforeMigration: async ({ source }) => {
        // Both begin with a checkpoint, because the first change of a page after one writes the page whole.
        await source.withAdmin(DATABASE, (session) => session.query('checkpoint'));
        deleteMs = await msOf(source, `delete from ${PLAIN}.event where ${OLD}`);
        vacuumMs = 0;
        for (const table of ['event', 'mention', 'note']) {
          vacuumMs += await msOf(source, `vacuum (analyze) ${PLAIN}.${table}`);
        }
        await source.withAdmin(DATABASE, (session) => session.query('checkpoint'));
      },
    },
  });
  requireSuccess(report);
  const ms = (...names: string[]) =>
    names.reduce(
      (sum, name) => sum + spansOf(report, 'prune', name).reduce((all, { from, to }) => all + to - from, 0),
      0,
    );
  return {
    rows: report.pruning?.rows ?? Number.NaN,
    removalMs: ms('Prune'),
    wholeMs: ms('Plan the pruning', 'Queue the pruning', 'Prune', 'Conclude the pruning'),
    deleteMs,
    vacuumMs,
  };
}

/** Prunes and scans while writers write, and looks at the latency of small transactions. */
export async function measureFelt(signal: AbortSignal): Promise<FeltLatency> {
  const probe = new LatencyProbe();
  const calm = { from: Number.NaN, to: Number.NaN };
  const plain = { from: Number.NaN, to: Number.NaN };
  const { report } = await rehearse({
    ...DEFAULT_OPTIONS,
    size: 'small',
    signal,
    stopAfter: 'scan',
    test: {
      prune: POLICY,
      prepare: (database, session) => fill(database, session, [PRUNED, PLAIN]),
      beforeMigration: async ({ source }) => {
        // A server that has run for long has its WAL files ready; one just filled makes each anew while every commit waits.
        await source.withAdmin(DATABASE, (session) => session.query('checkpoint'));
        await probe.start(source, DATABASE, OWNER);
      },
      afterMigration: async ({ source }) => {
        calm.from = Date.now();
        await new Promise((resolve) => setTimeout(resolve, CALM_MS));
        calm.to = Date.now();
        await source.withAdmin(DATABASE, (session) => session.query('checkpoint'));
        plain.from = Date.now();
        await msOf(source, `delete from ${PLAIN}.event where ${OLD}`);
        plain.to = Date.now();
        await probe.stop();
      },
    },
  });
  requireSuccess(report);
  const [prune, plan, conclude] = [
    spansOf(report, 'prune', 'Prune'),
    spansOf(report, 'scan', 'Plan the scan'),
    spansOf(report, 'scan', 'Conclude the scan'),
  ];
  return {
    pruneMs: probe.p99Ms(around(prune)),
    scanMs: probe.p99Ms(around([...plan, ...conclude])),
    calmMs: probe.p99Ms(calm),
    deleteMs: probe.p99Ms(plain),
    tookMs: { removal: lengthMs(around(prune)), delete: lengthMs(plain) },
  };
}

/** Time that the probe looks on with neither phase: long enough for a slowest hundredth. */
const CALM_MS = 10_000;

/** A run that failed measured nothing. */
function requireSuccess({ outcome, reason }: Report): void {
  if (outcome !== 'succeeded') throw new Error(`the measured rehearsal ${outcome}: ${reason?.error}: ${reason?.cause}`);
}

async function msOf(server: PostgresServer, text: string): Promise<number> {
  return server.withAdmin(DATABASE, async (session) => {
    const startedAt = performance.now();
    await session.query(text);
    return performance.now() - startedAt;
  });
}

function spansOf({ states }: Report, machine: string, name: string): Span[] {
  const own = states.filter((state) => state.machine === machine && state.name === name);
  return own.map(({ startedAt, ms }) => ({ from: Date.parse(startedAt), to: Date.parse(startedAt) + ms }));
}

function lengthMs({ from, to }: Span): number {
  return to - from;
}

function around(spans: readonly Span[]): Span {
  return { from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) };
}

async function fill(database: string, session: Client, schemas: readonly string[]): Promise<void> {
  if (database !== DATABASE) return;
  for (const schema of schemas) {
    await session.query(`create schema ${schema} authorization ${OWNER};
      create table ${schema}.event (id bigint generated always as identity primary key, at timestamptz not null, body text);
      create table ${schema}.mention (event_id bigint, number int, body text);
      create table ${schema}.note (id bigint generated always as identity primary key, event_id bigint, body text);
      insert into ${schema}.event (at, body)
        select now() - n * interval '2 minutes', repeat('x', 150) from generate_series(1, ${EVENTS}) n;
      insert into ${schema}.mention select id, n, repeat('m', 40) from ${schema}.event, generate_series(1, 3) n;
      insert into ${schema}.note (event_id, body) select id, repeat('n', 60) from ${schema}.event, generate_series(1, 2);
      alter table ${schema}.mention add primary key (event_id, number),
        add foreign key (event_id) references ${schema}.event on delete cascade;
      create index on ${schema}.note (event_id);
      alter table ${schema}.note add foreign key (event_id) references ${schema}.event on delete cascade;
      create index on ${schema}.event (at);
      alter table ${schema}.event owner to ${OWNER};
      alter table ${schema}.mention owner to ${OWNER};
      alter table ${schema}.note owner to ${OWNER}`);
    for (const table of ['event', 'mention', 'note']) await session.query(`vacuum (analyze) ${schema}.${table}`);
  }
}
