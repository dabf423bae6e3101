import type { Client } from 'pg';
import { type Comparison, compareWithManifest, type Manifest } from '../../../lambda/backup/manifest';
import { type Reading, readServer } from '../../../lambda/backup/reading';
import type { Server } from '../../../lambda/platform/postgres';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { MASTER, Stage } from '../seed/stage';

const DATABASE = 'app';
/** Small, so that one table of the stage is read by sample. */
const SAMPLE_BYTES = 100_000;

let stage: Stage;
let restored: PostgresServer;
let server: Server<'target'>;
let manifest: Manifest;

beforeAll(async () => {
  stage = await Stage.start(17);
  const world = stage.world('adopt', '1');
  const source = stage.server('source', stage.source, world);
  await inApp((session) =>
    session.query(`${PREPARED}; grant pg_read_all_data to ${MASTER.username};
    grant connect on database app to ${MASTER.username}`),
  );
  const long = await openLong();
  const load = startLoad();
  const before = await readServer(source, { flushed: true, sampleBytes: SAMPLE_BYTES });
  // Seen by the snapshot and by neither the first reading nor its horizon.
  await long.commit();
  restored = await stage.copy('restored');
  const after = await readServer(source, { like: before });
  await load.stop();
  manifest = {
    manifestVersion: '1',
    migrationId: 'shop',
    snapshotId: 'one',
    instanceResourceId: 'db-A',
    keyArn: 'arn:key',
    takenAt: '2026-06-01T00:00:00.000Z',
    before,
    after,
  };
  await restored.start();
  server = stage.server('target', restored, world);
});
afterAll(() => stage?.close());

/** A quiet table of 2 MB, and what the load writes to. */
const PREPARED = `
  create table large (id int primary key, body text);
  insert into large select n, repeat(md5(n::text), 8) from generate_series(1, 6000) n;
  create table busy (id bigint generated always as identity primary key, body text);
  insert into busy (body) select 'b' from generate_series(1, 2000);
  create table hidden (id int); alter table hidden enable row level security;
  create table gone (id int); insert into gone values (1);
  create sequence downwards increment -2 cache 3; select nextval('downwards');
  create sequence unused;
  create function answer() returns int language sql as 'select 42';
  create extension if not exists pgcrypto`;

function inApp<T>(work: (session: Client) => Promise<T>, on: PostgresServer = stage.source): Promise<T> {
  return on.withAdmin(DATABASE, work);
}

/** A transaction that runs while the first reading is made, with a row of a subtransaction. */
async function openLong(): Promise<{ commit(): Promise<void> }> {
  let open = () => {};
  let finish = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const done = inApp(async (session) => {
    await session.query('begin; savepoint a');
    await session.query(`insert into nothing select n, 'late' from generate_series(200, 210) n`);
    await session.query('release a');
    open();
    await finished;
    await session.query('commit');
  });
  await opened;
  return {
    commit: async () => {
      finish();
      await done;
    },
  };
}

/** Inserts, changes and removes rows, partly with commits that are not flushed. */
function startLoad(): { stop(): Promise<void> } {
  let running = true;
  const done = inApp(async (session) => {
    for (let turn = 1; running; turn += 1) {
      await session.query(`set synchronous_commit = ${turn % 2 === 0 ? 'off' : 'on'}`);
      await session.query(`insert into busy (body) values ('new'); insert into uniquely values ('n${turn}', '{}');
        select nextval('downwards')`);
      await session.query('delete from busy where id = $1', [turn]);
      await session.query(`update busy set body = 'changed' where id = $1`, [2000 - turn]);
    }
  });
  return {
    stop: async () => {
      running = false;
      await done;
    },
  };
}

const look = (like: Reading = manifest.before): Promise<Reading> => readServer(server, { like });
const told = ({ mismatches }: Comparison) => mismatches.map(({ kind, object }) => `${kind} ${object}`).sort();

describe('a manifest', () => {
  it('of a backup under load is met by its restore, exactly where nothing was removed', async () => {
    const comparison = compareWithManifest(manifest, await look());
    expect(comparison.mismatches).toEqual([]);
    expect(comparison.notJudged).toEqual(['"app" table "public"."hidden"']);
    expect(comparison.tablesWithinBounds).toBe(1);
    expect(comparison.tablesEqual).toBeGreaterThan(15);
    expect(comparison.emptied).toContain('"app" "public"."scratch"');
    const tables = manifest.before.databases[DATABASE]?.tables ?? {};
    const large = tables['"public"."large"'];
    expect(large?.samplePercent).toBeLessThan(10);
    expect(Number(large?.rows)).toBeGreaterThan(0);
    const [busy, late] = ['"public"."busy"', '"public"."nothing"'].map((name) => tables[name]?.rows);
    expect([busy === '0', late]).toEqual([false, '100']);
  });

  it('names each thing that a restore lacks, has otherwise or has too much', async () => {
    await inApp(async (session) => {
      await session.query(`delete from keyed where id = 7; update keyless set body = body where body = 'k3'; drop table gone;
        select setval('keyed_id_seq', 5); select setval('downwards', -100000); select nextval('unused');
        create or replace function answer() returns int language sql as 'select 43';
        create table more (id int); drop extension pgcrypto; delete from busy`);
    }, restored);
    await restored.withAdmin('postgres', (session) => session.query('create role intruder'));
    await server.leave('Odd "name"');
    await restored.withAdmin('postgres', (session) => session.query('drop database "Odd ""name"""'));
    const all = told(compareWithManifest(manifest, await look()));
    expect(all).toEqual(
      expect.arrayContaining([
        'database Odd "name"',
        'definition role intruder',
        'sequence "public"."downwards"',
        'sequence "public"."keyed_id_seq"',
        'sequence "public"."unused"',
        'table "public"."busy"',
        'table "public"."gone"',
        'table "public"."keyed"',
        'table "public"."keyless"',
      ]),
    );
    for (const word of ['answer', 'more', 'pgcrypto'])
      expect(all.some((one) => one.startsWith('definition ') && one.includes(word))).toBe(true);
    expect(all.some((one) => one.includes('"large"') || one.includes('uniquely'))).toBe(false);
  });

  it('refuses a restore of another cluster, of another major and of an older moment', async () => {
    const reading = await look();
    const other = { ...reading, systemIdentifier: '1', engineVersion: '18.1', firstLsn: '0/1' };
    expect(told(compareWithManifest(manifest, other)).slice(0, 40)).toEqual(
      expect.arrayContaining(['server major version', 'server system identifier', 'wal end of the WAL']),
    );
  });

  it('sees other content under an equal count, and judges nothing where both readings disagree', async () => {
    const { before } = manifest;
    const app = before.databases[DATABASE];
    const keyed = '"public"."keyed"';
    if (app === undefined) throw new Error('the database was not read');
    const withHash = (reading: Reading, hash: string): Reading => {
      const table = { ...app.tables[keyed], rows: '1000', samplePercent: 100, hash };
      return {
        ...reading,
        databases: { ...reading.databases, [DATABASE]: { ...app, tables: { ...app.tables, [keyed]: table } } },
      };
    };
    const now = { ...before, firstLsn: before.lastLsn };
    const still = { ...manifest, after: before };
    expect(told(compareWithManifest(still, now))).toEqual([]);
    expect(told(compareWithManifest(still, withHash(now, '1')))).toEqual([`table ${keyed}`]);
    const disagreeing = compareWithManifest({ ...still, after: withHash(before, '1') }, now);
    expect([disagreeing.mismatches, disagreeing.notJudged]).toEqual([
      [],
      ['"app" table "public"."hidden"', `"app" table ${keyed}`],
    ]);
    const used = await readServer(server, { like: before, hasTime: () => false });
    expect(compareWithManifest(still, used).notJudged.length).toBeGreaterThan(10);
  });
});
