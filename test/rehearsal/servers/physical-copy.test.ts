import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { giveToServer } from '../../../lib/rehearsal/servers/data-directory';
import { treeBytes } from '../../../lib/rehearsal/servers/file-copy';
import { copyDirectory, copyUnderLoad, readReplayLsn } from '../../../lib/rehearsal/servers/physical-copy';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { startRdsHooks } from '../../../lib/rehearsal/servers/rds-hooks';
import { installSeedFunction, shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { connect, HOST, type RehearsedRun, startRun } from './rehearsed-run';

const MASTER = { masterUsername: 'dbmaster', masterPassword: 'master password' };
const asMaster = { user: MASTER.masterUsername, password: MASTER.masterPassword };
const asApp = { user: 'app', password: 'app password', database: 'shop' };

let rehearsed: RehearsedRun;
beforeAll(async () => {
  rehearsed = await startRun();
});
afterAll(() => rehearsed.run.stopAll());

describe.each([17, 15])('a physical copy of PostgreSQL %i', (major) => {
  let source: PostgresServer;
  let stopHooks: () => Promise<void>;
  beforeAll(async () => {
    source = await rehearsed.create(major);
    await source.start();
    await shapeAsRds(source, MASTER);
    stopHooks = startRdsHooks(source, 20);
    await createShop(source);
  });
  afterAll(() => stopHooks());

  test('taken under load and followed from its seed by the master role alone ends with equal tables', async () => {
    const load = startLoad(source, 4);
    const master = await connect(source, { ...asMaster, database: 'shop' });
    await master.query('create publication moved for table account, entry');
    const slot = await master.query<{ start: string }>(
      "select lsn::text as start from pg_create_logical_replication_slot('moved', 'pgoutput')",
    );
    await load.commits(100);

    const snapshot = join(rehearsed.run.path, randomUUID());
    let bytes = 0;
    await copyUnderLoad(source, snapshot, { onBytes: (more) => (bytes += more) });
    // backup_label and pg_control are written by hand and are small.
    expect((await treeBytes(join(snapshot, 'data'))) - bytes).toBeLessThan(10_000);
    await load.commits(100);
    const restored = join(rehearsed.run.path, randomUUID());
    await copyDirectory(snapshot, restored);
    await load.commits(100);

    const target = await rehearsed.open(major, restored);
    await target.start();
    const seed = await readReplayLsn(target);
    expect(seed).not.toBeNull();
    await installSeedFunction(target, seed ?? '');
    const [subscriber, prefix] = await follow(target, source, slot.rows[0]?.start ?? '');
    await load.commits(100);
    await load.stop();
    await caughtUp(master);

    const onSource = await content(master);
    const onTarget = await content(subscriber);
    expect(onTarget).toEqual(onSource);
    // Rows came both ways, else this would prove the one or the other only.
    expect(prefix).toBeGreaterThan(0);
    expect(Number(onSource.entries)).toBeGreaterThan(prefix);

    await subscriber.query('drop subscription moved');
    await Promise.all([master.end(), subscriber.end()]);
    await rehearsed.run.remove(target);
    expect(existsSync(restored)).toBe(false);
  });

  test('has tablespaces of its own', async () => {
    const place = join(rehearsed.run.path, `tablespace-${major}`);
    await mkdir(place, { mode: 0o700 });
    await giveToServer(place);
    await source.withAdmin('postgres', async (session) => {
      await session.query(`create tablespace aside location '${place}'`);
      await session.query('create table beside tablespace aside as select 1 as id');
    });
    const snapshot = join(rehearsed.run.path, randomUUID());
    const restored = join(rehearsed.run.path, randomUUID());
    await copyUnderLoad(source, snapshot);
    await source.withAdmin('postgres', (session) => session.query('update beside set id = 2; checkpoint'));
    await copyDirectory(snapshot, restored);
    const copy = await rehearsed.open(major, restored);
    await copy.start();
    const read = (server: PostgresServer) =>
      server.withAdmin('postgres', async (session) => (await session.query('select id from beside')).rows);
    expect(await read(copy)).toEqual([{ id: 1 }]);
    await copy.withAdmin('postgres', (session) => session.query('update beside set id = 3; checkpoint'));
    await copy.stop();
    await source.stop();
    await source.start();
    expect(await read(source)).toEqual([{ id: 2 }]);
    await rehearsed.run.remove(copy);
  });
});

/** Database `shop` of role `app`, made by the master as a customer would; the master may act as `app`. */
async function createShop(server: PostgresServer): Promise<void> {
  const master = await connect(server, asMaster);
  await master.query("create role app login password 'app password'; grant app to dbmaster");
  await master.query("create role follower login password 'follower password' in role rds_replication");
  await master.query('create database shop owner app');
  await master.query('grant create, connect on database shop to dbmaster');
  await master.end();
  const app = await connect(server, asApp);
  await app.query('create table account (id int primary key, balance bigint not null)');
  // Without a key a change that is applied twice shows.
  await app.query('create table entry (account int, amount int, note text)');
  await app.query('insert into account select id, 0 from generate_series(1, 50) as id');
  await app.end();
}

interface Load {
  /** Returns when so many more transactions were committed. */
  commits(count: number): Promise<void>;
  stop(): Promise<void>;
}

function startLoad(server: PostgresServer, writers: number): Load {
  let committed = 0;
  let stopping = false;
  const write = async (): Promise<void> => {
    const session = await connect(server, asApp);
    while (!stopping) {
      const account = 1 + Math.floor(Math.random() * 50);
      await session.query('begin');
      await session.query('insert into entry values ($1, 1, repeat(md5(random()::text), 20))', [account]);
      await session.query('update account set balance = balance + 1 where id = $1', [account]);
      await session.query(Math.random() < 0.1 ? 'rollback' : 'commit');
      committed++;
    }
    await session.end();
  };
  const running = Promise.all(Array.from({ length: writers }, write));
  return {
    async commits(count) {
      const goal = committed + count;
      while (committed < goal) await Promise.race([sleep(5), running]);
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}

/** Experiments 4, the recipe, as the master only; returns its session and the rows that came with the copy. */
async function follow(target: PostgresServer, source: PostgresServer, slotStart: string): Promise<[Client, number]> {
  const session = await connect(target, { ...asMaster, database: 'shop' });
  const slots = await session.query('select slot_name, pg_drop_replication_slot(slot_name) from pg_replication_slots');
  expect(slots.rows.map((row) => row.slot_name)).toEqual(['moved']);
  const start = await connect(target, asMaster);
  const seed = await start.query(
    'select s::text as lsn, s >= $1::pg_lsn as after from rds_tools.logical_seed_lsn() as s',
    [slotStart],
  );
  await start.end();
  expect(seed.rows[0]).toMatchObject({ after: true });
  const copied = await session.query<{ entries: number }>('select count(*)::int as entries from entry');
  const connection = [
    `host=${HOST} hostaddr=127.0.0.1 port=${source.port} dbname=shop user=follower`,
    `password='follower password' sslmode=verify-full sslrootcert=${target.caPathOnServer}`,
  ].join(' ');
  await session.query(`create subscription moved connection ${session.escapeLiteral(connection)} publication moved
    with (create_slot = false, slot_name = 'moved', copy_data = false, enabled = false)`);
  await session.query("select pg_replication_origin_advance('pg_' || oid, $1) from pg_subscription", [
    seed.rows[0]?.lsn,
  ]);
  await session.query('alter subscription moved enable');
  return [session, copied.rows[0]?.entries ?? 0];
}

async function caughtUp(source: Client): Promise<void> {
  await source.query("select pg_logical_emit_message(true, 'nudge', '')");
  const end = await source.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
  for (let confirmed = false; !confirmed; await sleep(10)) {
    const slot = await source.query(
      "select from pg_replication_slots where slot_name = 'moved' and confirmed_flush_lsn >= $1",
      [end.rows[0]?.lsn],
    );
    confirmed = slot.rowCount === 1;
  }
}

async function content(session: Client): Promise<Record<string, unknown>> {
  const result = await session.query(`
    select (select count(*) from entry) as entries,
           (select md5(string_agg(e::text, ',' order by e::text)) from entry e) as entry_hash,
           (select md5(string_agg(a::text, ',' order by a.id)) from account a) as account_hash,
           (select sum(balance) from account) as balance`);
  return { ...result.rows[0] };
}
