import type { Client } from 'pg';
import { loadSample } from '../../../lib/rehearsal/sample/load-sample';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { prepareWriters } from '../../../lib/rehearsal/writers/prepare-writers';
import type { WriterDatabase } from '../../../lib/rehearsal/writers/protocol';
import { startWriters, type WriterHandle } from '../../../lib/rehearsal/writers/start-writers';
import { MASTER, PASSWORDS } from '../sample/sample-content';
import { connect, HOST, type RehearsedRun, startRun } from '../servers/rehearsed-run';

let rehearsed: RehearsedRun;
const running = new Set<WriterHandle>();
beforeAll(async () => {
  rehearsed = await startRun();
});
afterEach(() => {
  for (const writers of running) writers.kill();
  running.clear();
});
afterAll(() => rehearsed.run.stopAll());

const APPLICATION: WriterDatabase = { database: 'shop', user: 'Shop "app"', password: "it's the shop" };

function asMaster(server: PostgresServer) {
  return (database: string): Promise<Client> =>
    connect(server, { user: MASTER.masterUsername, password: MASTER.masterPassword, database });
}

async function start(options: Partial<Parameters<typeof startWriters>[0]> & { servers: () => PostgresServer }) {
  const writers = await startWriters({
    writers: 4,
    databases: [APPLICATION],
    mode: 'generic',
    resolve: async () => ({ host: 'instance.localhost', port: options.servers().port }),
    ca: rehearsed.authority.caPem,
    servername: HOST,
    thinkMs: 0,
    ...options,
  });
  running.add(writers);
  return writers;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 600) throw new Error('the condition did not come true within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A server with a database of three tables, none of which the writers know beforehand. */
async function shop(): Promise<PostgresServer> {
  const server = await rehearsed.create(17);
  await server.start();
  await shapeAsRds(server, MASTER);
  const master = await asMaster(server)('postgres');
  await master.query('create database shop');
  await master.end();
  const client = await asMaster(server)('shop');
  await client.query(`
    create table item (a integer generated always as identity, "B b" text, price numeric generated always as (1) stored, primary key (a, "B b"));
    insert into item ("B b") select 'item ' || n from generate_series(1, 50) n;
    create table only_key (id integer generated always as identity primary key);
    create table empty (id integer primary key, v text);
    create table broken (id integer primary key, v text);
    insert into broken values (1, 'x');
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger refuse before update on broken for each row execute function refuse();`);
  await client.end();
  await prepareWriters({ connect: asMaster(server), databases: [APPLICATION], mode: 'generic' });
  return server;
}

/** What a migration does, by hand: shut the application out, copy its rows, set the sequences ahead. */
async function move(
  from: PostgresServer,
  to: PostgresServer,
  options: { readonly setSequences: boolean },
): Promise<void> {
  await from.withAdmin('shop', async (source) => {
    await source.query(`alter role "Shop ""app""" nologin`);
    await source.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'Shop "app"'`);
    await to.withAdmin('shop', async (target) => {
      for (const table of ['writes', 'appends']) {
        const rows = await source.query(`select writer, number from rehearsal.${table}`);
        await target.query(
          `insert into rehearsal.${table} (writer, number) select * from unnest($1::integer[], $2::bigint[])`,
          [rows.rows.map((row) => row.writer), rows.rows.map((row) => row.number)],
        );
      }
      if (!options.setSequences) return;
      await target.query(
        `select setval('rehearsal.handed_out', 1000000), setval('rehearsal.handed_out_downwards', -1000000)`,
      );
    });
  });
}

describe('writers that are moved to another server', () => {
  let from: PostgresServer;
  let to: PostgresServer;
  let writers: WriterHandle;
  beforeAll(async () => {
    from = await shop();
    to = await shop();
    let live = from;
    writers = await start({ servers: () => live, stubborn: 1 });
    await until(() => writers.stats().acknowledged > 200);
    await move(from, to, { setSequences: true });
    live = to;
    const before = writers.stats().acknowledged;
    await until(() => writers.stats().acknowledged > before + 200);
    await writers.stop();
  });

  const proof = () => writers.prove({ live: asMaster(to), source: asMaster(from) });

  test('find every acknowledged commit, exactly once', async () => {
    const { acknowledged, lost, doubled, torn, phantom, acceptedBySourceAfterFence } = await proof();
    expect(acknowledged).toBeGreaterThan(400);
    expect({ lost, doubled, torn, phantom, acceptedBySourceAfterFence }).toEqual({
      lost: 0,
      doubled: 0,
      torn: 0,
      phantom: 0,
      acceptedBySourceAfterFence: 0,
    });
  });

  test('measure the outage from the first attempt that failed to the first that was accepted', async () => {
    const { outageMs, allWritersBackMs, firstRefusedAt, firstAcceptedAt, outages, refused, latencySeries } =
      await proof();
    expect(outageMs).toBeGreaterThan(0);
    expect(allWritersBackMs).toBeGreaterThanOrEqual(outageMs ?? Number.POSITIVE_INFINITY);
    expect(Date.parse(firstAcceptedAt ?? '') - Date.parse(firstRefusedAt ?? '')).toBeCloseTo(outageMs ?? 0, -1);
    expect(outages.filter((outage) => outage.moved)).toHaveLength(1);
    expect(refused).toBeGreaterThan(0);
    expect(latencySeries.reduce((sum, point) => sum + point.refused, 0)).toBe(refused);
  });

  test('hand out no sequence value twice, and the stubborn one is let in nowhere', async () => {
    const { sequenceReuse, sequenceValues, stubbornAccepted, stubbornRefused } = await proof();
    expect(sequenceValues).toBeGreaterThan(100);
    expect({ sequenceReuse, stubbornAccepted }).toEqual({ sequenceReuse: 0, stubbornAccepted: 0 });
    expect(stubbornRefused).toBeGreaterThan(0);
  });

  test('report a row that was deleted as lost, and one that was applied twice as doubled', async () => {
    await to.withAdmin('shop', async (target) => {
      await target.query(
        'delete from rehearsal.writes where (writer, number) = (select writer, min(number) from rehearsal.writes where writer = 1 group by 1)',
      );
      await target.query(
        'insert into rehearsal.appends select * from rehearsal.appends where writer = 2 order by number limit 1',
      );
      await target.query('insert into rehearsal.appends values (3, 100000000), (77, 1)');
    });
    const { lost, lostWrites, doubled, doubledWrites, phantom } = await proof();
    expect({ lost, doubled, phantom }).toEqual({ lost: 1, doubled: 1, phantom: 2 });
    expect(lostWrites[0]).toMatch(/^writer 1 write \d+$/);
    expect(doubledWrites[0]).toMatch(/^writer 2 write \d+$/);
  });

  test('report a commit that only the old server holds', async () => {
    await from.withAdmin('shop', (source) => source.query('insert into rehearsal.writes values (4, 90000000)'));
    expect((await proof()).acceptedBySourceAfterFence).toBe(1);
  });
});

test('report sequence values that are handed out again', async () => {
  const [from, to] = [await shop(), await shop()];
  let live = from;
  const writers = await start({ servers: () => live });
  await until(() => writers.stats().acknowledged > 100);
  await move(from, to, { setSequences: false });
  live = to;
  const before = writers.stats().acknowledged;
  await until(() => writers.stats().acknowledged > before + 100);
  const { sequenceReuse, lost } = await writers.prove({ live: asMaster(to) });
  expect(sequenceReuse).toBeGreaterThan(0);
  expect(lost).toBe(0);
});

test('a server that is killed under load leaves commits of unknown fate, and none that counts as lost', async () => {
  const server = await shop();
  const writers = await start({ servers: () => server, writers: 8 });
  for (let kills = 0; kills < 20 && (kills < 2 || writers.stats().unknown === 0); kills += 1) {
    const before = writers.stats().acknowledged;
    await until(() => writers.stats().acknowledged > before + 50);
    await server.kill();
    await server.start();
  }
  const before = writers.stats().acknowledged;
  await until(() => writers.stats().acknowledged > before + 50);
  const proof = await writers.prove({ live: asMaster(server) });
  expect(proof.conflicts.P0001 ?? 0).toBeLessThan(50);
  expect(proof).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0, sequenceReuse: 0, stubbornAccepted: 0 });
  expect(proof.unknown).toBeGreaterThan(0);
  expect(proof.outageMs).toBeGreaterThan(0);
});

test.each([17, 15])('the sample takes every kind of write on %i, and nothing is refused', async (major) => {
  const server = await rehearsed.create(major);
  await server.start();
  await shapeAsRds(server, MASTER);
  await loadSample({ connect: asMaster(server), size: 'tiny', passwords: PASSWORDS });
  const databases = [
    { database: 'catalog', user: 'catalog_app', password: PASSWORDS.catalog_app },
    { database: 'lineage', user: 'lineage_app', password: PASSWORDS.lineage_app },
  ];
  await prepareWriters({ connect: asMaster(server), databases, mode: 'sample' });
  const writers = await start({ servers: () => server, databases, mode: 'sample', writers: 6 });
  await until(() => writers.stats().acknowledged > 1500);
  const proof = await writers.prove({ live: asMaster(server) });
  expect(proof).toMatchObject({
    lost: 0,
    doubled: 0,
    phantom: 0,
    unknown: 0,
    refused: 0,
    sequenceReuse: 0,
    outageMs: proof.outageMs,
  });
  expect(proof.conflicts.application).toBeGreaterThan(0);
  expect(Object.keys(proof.conflicts).filter((code) => !['application', '40P01', '40001'].includes(code))).toEqual([]);
});

test('fails at once when the password is wrong, without telling it', async () => {
  const server = await shop();
  const wrong = { ...APPLICATION, password: 'a wrong one' };
  const failure = await start({ servers: () => server, databases: [wrong] }).then(
    () => null,
    (error: Error) => error,
  );
  expect(failure?.message).toContain('28P01');
  expect(failure?.message).not.toContain('a wrong one');
});
