/**
 * The copy road beside its peers: the same data, on this machine, in one run, each with a target of its own that is configured like
 * the others. A run is a rehearsal that ends when replication has begun; the peers copy from its source before Sealift touched it and
 * after its traces are gone, and the order is another one in each run.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report, StateReport } from '../report/report';
import { DEFAULT_OPTIONS, type Size } from '../run/options';
import { MASTER_USERNAME, SOURCE_INSTANCE } from '../run/place';
import { rehearse } from '../run/rehearse';
import type { Surroundings } from '../run/surroundings';
import type { PostgresServer } from '../servers/postgres-server';
import { RunDirectory } from '../servers/run-directory';
import { runClient } from './client-tools';
import { type ContestShape, contestBytes, writeContestShape } from './contest-shapes';
import { assertSameContent, type CopyContent, copyContent } from './copy-content';
import type { CopyPeer, PeerPlace } from './copy-peers';

/** The major of all servers: that of Debian's client programs, which refuse a newer server. */
export const CONTEST_MAJOR = 15;

/** Workers of everybody: what Sealift is configured with by default. */
export const CONTEST_JOBS = 4;

/** How Sealift is called among the others. */
export const SEALIFT = 'sealift';

/** The states of the copy road that count, in their order. */
export const COPY_STATES = [
  'Plan the schema',
  'Make the tables',
  'Hold the snapshots',
  'Plan the rows',
  'Copy',
  'Conclude the rows',
  'Make the indexes',
] as const;

/** What one of them took in one run. */
export interface CopyTime {
  readonly who: string;
  readonly ms: number;
  /** ANALYZE afterwards, by who gathers no statistics itself; null for who does. */
  readonly analyzeMs: number | null;
}

/** One run. */
export interface CopyContest {
  /** In the order in which they copied. */
  readonly times: readonly CopyTime[];
  /** What Sealift's states took, in milliseconds. */
  readonly states: Readonly<Record<(typeof COPY_STATES)[number], number>>;
  /** Of the database on the source. */
  readonly bytes: number;
}

/** What a run is made of. */
export interface ContestOptions {
  readonly shape: ContestShape;
  readonly size: Size;
  readonly peers: readonly CopyPeer[];
  /** Number of the run, from 0: it turns the order. */
  readonly turn: number;
  readonly signal: AbortSignal;
}

const DATABASE = 'dump';
const ROLE = 'measured_copy';
const INSTANCE = 'z-measured';

/** Copies once with each; every server is gone afterwards. */
export async function holdContest({ shape, size, peers, turn, signal }: ContestOptions): Promise<CopyContest> {
  const run = await RunDirectory.create({ minimumFreeBytes: contestBytes(size) });
  try {
    const dumpFile = join(run.path, 'dump.sql');
    await writeContestShape(dumpFile, shape, size);
    const order = inTurn([null, ...peers], turn);
    const ours = order.indexOf(null);
    const [first, then] = [order.slice(0, ours), order.slice(ours + 1)].map((some) =>
      some.flatMap((peer) => peer ?? []),
    );
    const contest = new PeersTurn(signal);
    const { report } = await rehearse({
      ...DEFAULT_OPTIONS,
      road: 'copy',
      sourceVersion: CONTEST_MAJOR,
      targetVersion: CONTEST_MAJOR,
      dumpFiles: [dumpFile],
      writers: 0,
      stopAfter: 'replicate',
      signal,
      test: {
        pruneAndScan: false,
        warmUpMs: 0,
        afterwardsMs: 0,
        beforeMigration: async (surroundings) => {
          await contest.lookAt(surroundings.source);
          await contest.copy(surroundings, first ?? []);
          await settle(surroundings.source);
        },
        afterMigration: async (surroundings) => {
          const target = surroundings.target();
          if (target === null) return;
          assertSameContent(SEALIFT, contest.original, await contentOf(target));
          await leaveNothing(surroundings.source, target);
          await target.stop();
          await contest.copy(surroundings, then ?? []);
          await target.start();
        },
      },
    });
    requireSuccess(report);
    const own: CopyTime = { who: SEALIFT, ms: copyMs(report.states), analyzeMs: null };
    const before = contest.times.slice(0, first?.length);
    const after = contest.times.slice(first?.length);
    return { times: [...before, own, ...after], states: statesMs(report.states), bytes: contest.bytes };
  } finally {
    await run.stopAll();
    await rm(run.path, { recursive: true, force: true });
  }
}

/** Starts at another place in each turn. */
export function inTurn<T>(all: readonly T[], turn: number): T[] {
  const at = turn % Math.max(1, all.length);
  return [...all.slice(at), ...all.slice(0, at)];
}

/** From the beginning of the first state of the copy to the end of the last one. */
export function copyMs(states: readonly StateReport[]): number {
  const own = ofTheCopy(states);
  const begins = own.map(({ startedAt }) => Date.parse(startedAt));
  const ends = own.map(({ startedAt, ms }) => Date.parse(startedAt) + ms);
  return Math.max(...ends) - Math.min(...begins);
}

function statesMs(states: readonly StateReport[]): CopyContest['states'] {
  const sum = (name: string): number =>
    ofTheCopy(states).reduce((all, state) => all + (state.name === name ? state.ms : 0), 0);
  return Object.fromEntries(COPY_STATES.map((name) => [name, sum(name)])) as CopyContest['states'];
}

function ofTheCopy(states: readonly StateReport[]): StateReport[] {
  return states.filter(({ machine, name }) => machine === 'replicate' && COPY_STATES.some((known) => known === name));
}

/** A run that failed measured nothing. */
function requireSuccess({ outcome, reason }: Report): void {
  if (outcome !== 'succeeded') throw new Error(`the measured rehearsal ${outcome}: ${reason?.error}: ${reason?.cause}`);
}

/** The peers of one run, one after the other. */
class PeersTurn {
  readonly times: CopyTime[] = [];
  original: CopyContent = { rows: {}, indexes: 0, constraints: 0 };
  bytes = 0;

  constructor(private readonly signal: AbortSignal) {}

  /** Notes what everybody has to copy, from a source that has been vacuumed as one of some age is. */
  async lookAt(source: PostgresServer): Promise<void> {
    await source.withAdmin(DATABASE, async (session) => {
      await session.query('vacuum (analyze)');
      this.original = await copyContent(session);
      const { rows } = await session.query<{ bytes: string }>(
        'select pg_database_size(current_database())::text as bytes',
      );
      this.bytes = Number(rows[0]?.bytes);
    });
    await settle(source);
  }

  async copy(surroundings: Surroundings, peers: readonly CopyPeer[]): Promise<void> {
    if (peers.length === 0) return;
    const { source } = surroundings;
    const password = randomBytes(18).toString('base64url');
    await makeRole(source, password);
    try {
      for (const peer of peers) this.times.push(await this.copyOne(peer, surroundings, password));
    } finally {
      await source.withAdmin('postgres', (session) => session.query(`drop role ${ROLE}`));
    }
  }

  private async copyOne(peer: CopyPeer, { aws, source }: Surroundings, password: string): Promise<CopyTime> {
    this.signal.throwIfAborted();
    const instances = aws.plane.rds.instances;
    const target = await emptyTarget(aws);
    await makeRole(target, password);
    await target.withAdmin('postgres', (session) => session.query(`create database ${DATABASE} template template0`));
    const reached = { database: DATABASE, user: ROLE, password };
    const place: PeerPlace = {
      source,
      target,
      from: { ...reached, port: source.port },
      to: { ...reached, port: target.port },
      jobs: CONTEST_JOBS,
      signal: this.signal,
    };
    await peer.prepare?.(place);
    await settle(source);
    const startedAt = performance.now();
    await peer.copy(place);
    const ms = performance.now() - startedAt;
    await peer.clear?.(place);
    assertSameContent(peer.name, this.original, await contentOf(target));
    const analyzeMs = await this.analyze(place);
    const gone = instances.delete(INSTANCE);
    await gone.settled;
    return { who: peer.name, ms, analyzeMs };
  }

  /** What is missing to plans that know the tables; null where the peer gathered it. */
  private async analyze({ target, to, signal }: PeerPlace): Promise<number | null> {
    const missing = await target.withAdmin(to.database, (session) =>
      session.query<{ missing: boolean }>(
        `select not exists (select from pg_statistic s join pg_class c on c.oid = s.starelid
          where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)) as missing`,
      ),
    );
    if (missing.rows[0]?.missing !== true) return null;
    const startedAt = performance.now();
    const server = ['--host', '127.0.0.1', '--port', String(to.port), '--username', to.user, '--dbname', to.database];
    await runClient('vacuumdb', [...server, '--analyze-only', '--jobs', String(CONTEST_JOBS)], {
      password: to.password,
      signal,
    });
    return performance.now() - startedAt;
  }
}

/** An instance of the target's own parameters. */
async function emptyTarget({ plane: { rds }, server }: Surroundings['aws']): Promise<PostgresServer> {
  const group = rds.parameterGroups
    .list()
    .find(({ name }) => !/^default\./.test(name) && !name.startsWith(SOURCE_INSTANCE));
  if (group === undefined) throw new Error('the stacks made no parameter group for a target');
  const instance = rds.instances.create({
    instanceId: INSTANCE,
    engineVersion: rds.instances.get(SOURCE_INSTANCE).engineVersion,
    master: { username: MASTER_USERNAME, password: randomBytes(24).toString('base64url') },
    settings: { parameterGroup: group.name, instanceClass: 'db.m7g.large', allocatedStorageGib: 100 },
  });
  await instance.settled;
  const made = server(INSTANCE);
  if (made === undefined)
    throw new Error(`an empty target could not be started: ${instance.statusReason ?? instance.status}`);
  return made;
}

async function makeRole(server: PostgresServer, password: string): Promise<void> {
  await server.withAdmin('postgres', (session) =>
    session.query(`create role ${ROLE} superuser login password ${session.escapeLiteral(password)}`),
  );
}

async function contentOf(server: PostgresServer): Promise<CopyContent> {
  return server.withAdmin(DATABASE, copyContent);
}

/** Everybody begins without what others left to be written. */
async function settle(source: PostgresServer): Promise<void> {
  await source.withAdmin('postgres', (session) => session.query('checkpoint'));
}

/** Takes Sealift's traces off the source, so that later peers copy what earlier ones did. */
async function leaveNothing(source: PostgresServer, target: PostgresServer): Promise<void> {
  await target.withAdmin(DATABASE, async (session) => {
    const { rows } = await session.query<{ name: string }>(
      `select subname as name from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()`,
    );
    for (const { name } of rows) await session.query(`drop subscription ${session.escapeIdentifier(name)}`);
  });
  await source.withAdmin(DATABASE, async (session) => {
    const { rows } = await session.query<{ name: string }>('select pubname as name from pg_publication');
    for (const { name } of rows) await session.query(`drop publication ${session.escapeIdentifier(name)}`);
    await session.query('drop schema if exists sealift cascade');
  });
}
