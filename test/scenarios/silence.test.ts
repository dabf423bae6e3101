import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../lib/rehearsal/report/report';
import { writeReport } from '../../lib/rehearsal/report/write-report';
import type { Surroundings, TestOptions } from '../../lib/rehearsal/run/options';
import { collector, rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** Key and content of the rows by which a leak is told. */
const KEY = 'canary-key-5e1f0c';
const ROW = 'canary-row-9b47d2';

/** Text that only the databases, the secrets or the steps' own connections may hold, by what it is. */
type Canaries = Map<string, string>;
/** What others may read, by where. */
type Told = Map<string, string>;

/** What a run told, and what it must not tell. */
interface WatchedRun {
  readonly outcome: Outcome;
  readonly canaries: Canaries;
  readonly told: Told;
}

/** Rehearses with canaries in the databases, and listens everywhere. */
async function watchedRun(test: TestOptions): Promise<WatchedRun> {
  const canaries: Canaries = new Map([
    ['the key of a row', KEY],
    ['the content of a row', ROW],
  ]);
  const told: Told = new Map();
  const { events, onEvent } = collector();
  let writing = true;
  const rehearsal = await rehearseTiny(
    {
      ...test,
      prepare: async (_database, session) => {
        await session.query(`create table public.canary (name text primary key, note text, at timestamptz);
          insert into public.canary values ('${KEY}', '${ROW}', now());
          do $$ begin execute format('alter table public.canary owner to %I',
            (select datdba::regrole::text from pg_database where datname = current_database())); end $$`);
      },
      // Until there is a target: what is written after the snapshot and before the forced seed is missing there.
      beforeMigration: async ({ source, databases, target }) => {
        for (const database of databases) void keepWriting(database);
        async function keepWriting(database: string): Promise<void> {
          await source.withAdmin(database, async (session) => {
            while (writing && target() === null) {
              await session.query('update public.canary set at = now()').catch(() => undefined);
              await new Promise((resolve) => setTimeout(resolve, 50));
            }
          });
        }
      },
      afterMigration: async (surroundings) => {
        writing = false;
        await noteCanaries(surroundings, canaries);
        await noteWhatAwsTold(surroundings, told);
      },
    },
    { onEvent },
  );
  told.set('events', JSON.stringify(events));
  await noteReport(rehearsal, told);
  return { outcome: rehearsal.report.outcome, canaries, told };
}

async function noteCanaries({ aws, writerDatabases, target }: Surroundings, canaries: Canaries): Promise<void> {
  for (const { name, versions } of aws.plane.secrets.all()) {
    for (const { value } of versions.values()) canaries.set(`the password of ${name}`, JSON.parse(value).password);
  }
  for (const { user, password } of writerDatabases) canaries.set(`the password of ${user}`, password);
  for (const { instanceId, hostName } of aws.plane.rds.instances.list()) {
    canaries.set(`the host of ${instanceId}`, hostName);
  }
  await target()?.withAdmin('catalog', async (session) => {
    const { rows } = await session.query<{ conninfo: string }>('select subconninfo as conninfo from pg_subscription');
    for (const { conninfo } of rows) canaries.set('a connection string', conninfo.slice(0, 40));
  });
}

async function noteWhatAwsTold({ aws, assemblyDirectory }: Surroundings, told: Told): Promise<void> {
  for (const { executionArn } of aws.machines.listExecutions()) {
    told.set(`history of ${executionArn}`, JSON.stringify(aws.machines.getExecutionHistory(executionArn)));
  }
  told.set('logs of the functions', JSON.stringify(aws.logLines()));
  told.set('notifications', JSON.stringify(aws.plane.sns.messages()));
  for (const file of await readdir(assemblyDirectory, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) told.set(`cdk.out/${file.name}`, await readFile(join(file.parentPath, file.name), 'utf8'));
  }
}

async function noteReport(rehearsal: Parameters<typeof writeReport>[1], told: Told): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-silence-'));
  try {
    await writeReport(directory, rehearsal);
    for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) told.set(`report/${file.name}`, await readFile(join(file.parentPath, file.name), 'utf8'));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Where a canary was found, as `what in where`. */
function leaks({ canaries, told }: WatchedRun): string[] {
  return [...told].flatMap(([where, text]) =>
    [...canaries].flatMap(([what, canary]) => (text.includes(canary) ? [`${what} in ${where}`] : [])),
  );
}

test.each<[string, Outcome, TestOptions]>([
  ['a run that succeeds', 'succeeded', { pruneAndScan: true }],
  [
    'a run that finds rows that differ',
    'aborted',
    {
      chooseSeedLsn:
        ({ source }) =>
        () =>
          source.withAdmin('postgres', async (session) => {
            const { rows } = await session.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
            return rows[0]?.lsn ?? '0/0';
          }),
    },
  ],
])(
  '%s tells no password, host, row or connection string in a state, log, notification, report or template',
  async (_name, outcome, options) => {
    const run = await watchedRun(options);
    expect(run.outcome).toBe(outcome);
    expect([...run.told.keys()]).toEqual(
      expect.arrayContaining(['logs of the functions', 'report/report.json', 'report/report.html', 'events']),
    );
    expect([...run.told.keys()].filter((where) => where.startsWith('history of')).length).toBeGreaterThan(2);
    expect([...run.told.keys()].filter((where) => where.startsWith('cdk.out')).length).toBeGreaterThan(10);
    expect(run.canaries.size).toBeGreaterThan(7);
    for (const canary of run.canaries.values()) expect(canary.length).toBeGreaterThan(10);
    expect(leaks(run)).toEqual([]);
  },
  SCENARIO_TIMEOUT_MS,
);
