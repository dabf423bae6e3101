import { concludeRows } from '../../../lambda/copy/conclude-rows';
import { copyRows } from '../../../lambda/copy/copy-rows';
import { makeDatabases } from '../../../lambda/copy/databases';
import { holdSnapshot } from '../../../lambda/copy/hold-snapshot';
import { makeSchema } from '../../../lambda/copy/make-schema';
import { planRows } from '../../../lambda/copy/plan-rows';
import { planSchema } from '../../../lambda/copy/plan-schema';
import { replicationRole } from '../../../lambda/platform/names';
import type { Server, Side } from '../../../lambda/platform/postgres';
import { subscribe } from '../../../lambda/replicate/subscribe';
import { prepare } from '../../../lambda/seed/prepare';
import { release } from '../../../lambda/seed/release';
import { CopyRoad, KEPT_PASSWORD, MIGRATION_ID } from './copy-road';
import { MASTER } from './schema/pair';

const SHOP = `
  create table customer (id int primary key, name text not null unique);
  create table purchase (id int primary key, customer int not null references customer, amount numeric not null);
  create index on purchase (amount);
  insert into customer select n, 'customer ' || n from generate_series(1, 500) n;
  insert into purchase select n, 1 + n % 500, n / 7.0 from generate_series(1, 2000) n;
  create materialized view totals as select customer, sum(amount) from purchase group by 1;
  alter materialized view totals owner to ${MASTER.username};
  alter table customer owner to keeper; alter table purchase owner to keeper;
  grant select, insert on customer, purchase to app; grant select on customer to visitor;`;

let road: CopyRoad;
const TIMEOUT_MS = 300_000;

beforeAll(async () => {
  road = await CopyRoad.start([15, 17], ['shop', 'Odd "db"']);
  const { pair } = road;
  await pair.run(
    'source',
    'postgres',
    `create role keeper nologin; create role app login password '${KEPT_PASSWORD}'; create role visitor login password 'v';
      grant keeper to ${MASTER.username}; grant app to ${MASTER.username} with admin option;
      grant visitor to ${MASTER.username} with admin option; alter role app set work_mem = '7MB'`,
  );
  await pair.run('source', 'shop', SHOP);
  await pair.run(
    'source',
    'Odd "db"',
    'create table "Odd table" (id int primary key); insert into "Odd table" values (7)',
  );
  await pair.run(
    'source',
    'postgres',
    `comment on database shop is 'sells things'; alter database shop connection limit 50;
      alter database shop set timezone = 'Europe/Berlin'; grant connect on database shop to visitor`,
  );
}, TIMEOUT_MS);

afterAll(() => road?.close());

/** Nobody but a superuser could end a session of one. */
async function asAdmin<T>(side: Side, work: (server: Server) => Promise<T>): Promise<T> {
  const server = await road.pair.connectAsAdmin(side);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

const digest = (side: 'source' | 'target') =>
  asAdmin(side, async (server) => {
    const shop = await server.session('shop');
    const odd = await server.session('Odd "db"');
    const one = async (text: string, session = shop) => (await session.one<{ d: string }>({ text })).d;
    return [
      await one(`select count(*) || md5(string_agg(c::text, ',' order by id)) as d from customer c`),
      await one(`select count(*) || md5(string_agg(p::text, ',' order by id)) as d from purchase p`),
      await one(`select string_agg(t::text, ',' order by 1) as d from "Odd table" t`, odd),
      await one(`select string_agg(indexdef, ';' order by indexname) as d from pg_indexes where schemaname = 'public'`),
      await one(`select string_agg(pg_get_constraintdef(oid) || convalidated, ';' order by conname) as d
        from pg_constraint where contype in ('p', 'u', 'f') and connamespace = 'public'::regnamespace`),
      await one(`select string_agg(table_name || grantee || privilege_type, ';' order by table_name, grantee, privilege_type) as d
        from information_schema.role_table_grants where grantee in ('app', 'visitor')`),
      await one(`select string_agg(relname || relowner::regrole, ';' order by relname) as d from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'm')`),
      await one(
        `select datconnlimit || shobj_description(oid, 'pg_database') as d from pg_database where datname = 'shop'`,
      ),
    ];
  });

const making = (part: 'before-rows' | 'as-rows-come' | 'after-rows') =>
  road.call('make-schema', (asked, world) => makeSchema({ ...asked, part }, world));
const copying = () => road.call('copy-rows', (asked, world) => copyRows({ ...asked, worker: 0 }, world));
const subscribing = () => road.call('subscribe', (asked, world) => subscribe({ ...asked, seedLsn: null }, world));
const databasesMade = (options = {}) => road.call('make-databases', makeDatabases, options);

/** Everything up to the tables, each call twice: the second must change nothing. */
async function upToTables(): Promise<void> {
  for (let time = 0; time < 2; time += 1) {
    const prepared = await road.call('prepare', ({ target: _, ...asked }, world) => prepare(asked, world));
    expect(prepared.slots).toEqual([]);
  }
  const made = await databasesMade();
  expect(await databasesMade()).toEqual(made);
  expect(made).toMatchObject({ databases: 2, newPasswords: 1 });
  const planned = await road.call('plan-schema', planSchema);
  // The migration's own publication and role are no part of the database, and nothing else is lost.
  expect([made.leftOut, planned.leftOut]).toEqual([0, 0]);
  expect(await road.call('plan-schema', planSchema)).toEqual(planned);
  expect(await making('before-rows')).toMatchObject({ left: 0 });
  expect(await making('before-rows')).toMatchObject({ left: 0 });
}

describe('the copy road', () => {
  it(
    'fills an empty target up to its tables, with every role closed',
    async () => {
      await road.begin('one');
      await upToTables();
      const roles = await asAdmin('target', async (server) =>
        (await server.home()).query<{ role: string; login: boolean; verifier: string | null }>({
          text: `select rolname as role, rolcanlogin as login, left(rolpassword, 13) as verifier from pg_authid
            where rolname in ('app', 'visitor', 'keeper') order by 1`,
        }),
      );
      expect(roles).toEqual([
        { role: 'app', login: false, verifier: 'SCRAM-SHA-256' },
        { role: 'keeper', login: false, verifier: null },
        { role: 'visitor', login: false, verifier: 'SCRAM-SHA-256' },
      ]);
      expect(Object.keys(road.newPasswords())).toEqual(['visitor']);
    },
    TIMEOUT_MS,
  );

  it(
    'lets the target try the way to a server that AWS does not manage, leaves nothing of it, and names the line that is missing',
    async () => {
      const reach = (port: number) =>
        road.call('make-databases', async (asked, world) => {
          const endpoint = await world.keepEvidence('endpoint-host', { host: '127.0.0.1', port });
          const source = { kind: 'server', instanceId: 'source', endpoint } as const;
          return makeDatabases({ ...asked, source }, world);
        });
      expect(await reach(road.pair.source.port)).toMatchObject({ databases: 2 });
      await asAdmin('source', async (server) => {
        await (await server.home()).execute({ text: `alter role ${replicationRole(MIGRATION_ID)} nologin` });
      });
      const refused = await reach(road.pair.source.port).catch((error: unknown) => error);
      await asAdmin('source', async (server) => {
        await (await server.home()).execute({ text: `alter role ${replicationRole(MIGRATION_ID)} login` });
      });
      expect(refused).toMatchObject({
        name: 'Blocked',
        message: expect.stringContaining(
          `hostssl "shop" "${replicationRole(MIGRATION_ID)}" 127.0.0.1/32 scram-sha-256; reload it`,
        ),
      });
      expect(String(refused)).not.toContain('replication-password');
      const subscriptions = await asAdmin('target', async (server) =>
        (await server.home()).query({ text: 'select subname from pg_subscription' }),
      );
      expect(subscriptions).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'begins the rows again when the holder of their snapshot died, and subscribes nothing that is not complete',
    async () => {
      const hold = () => road.call('hold-snapshot', ({ target: _, ...asked }, world) => holdSnapshot(asked, world));
      const held = await hold();
      expect(await hold()).toEqual(held);
      expect(await road.call('plan-rows', planRows)).toMatchObject({ snapshot: 'held', tables: 3 });
      const home = await (await road.pair.connectAsAdmin('source')).home();
      await home.query({
        text: `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sealift/road/hold-snapshot/%'`,
      });
      expect(await copying()).toMatchObject({ snapshot: 'gone' });
      // Nobody copies what indexes would wait for, so they wait no more.
      expect(await making('as-rows-come')).toMatchObject({ left: 0 });
      await expect(road.call('conclude-rows', concludeRows)).rejects.toMatchObject({ name: 'NotReady' });
      await expect(subscribing()).rejects.toMatchObject({
        name: 'Blocked',
        message: expect.stringContaining('are not complete'),
      });
      const anew = await hold();
      expect(anew.slots.map(({ slot }) => slot)).toEqual(held.slots.map(({ slot }) => slot));
      expect(anew.slots).not.toEqual(held.slots);
      expect(await road.call('plan-rows', planRows)).toMatchObject({ snapshot: 'held' });
    },
    TIMEOUT_MS,
  );

  it(
    'waits in no database for another worker while a database has rows that nobody is at, or tables whose rows are in',
    async () => {
      await road.pair.run('source', 'shop', `insert into purchase select n, 1, n from generate_series(2001, 2100) n`);
      const shop = await road.pair.target.admin('shop');
      // Somebody else is at everything of the first database.
      await shop.query(`begin; select from sealift.work where queue = 'copy' for update`);
      const [copied, early] = [copying(), making('as-rows-come')];
      const atOdd = (text: string) =>
        asAdmin(
          'target',
          async (server) => (await (await server.session('Odd "db"')).one<{ yet: boolean }>({ text })).yet,
        );
      // Its rows come and its keys are made, though nothing of the first database gets on.
      for (const text of [
        `select exists (select from sealift.work where queue = 'copy' and state = 'open') as yet`,
        `select not exists (select from pg_index where indrelid = '"Odd table"'::regclass and indisvalid) as yet`,
      ]) {
        while (await atOdd(text)) await new Promise((done) => setTimeout(done, 25));
      }
      await shop.query('rollback');
      expect(await copied).toMatchObject({ left: 0, snapshot: 'held' });
      expect(await early).toMatchObject({ left: 0 });
      await shop.end();
      expect(await copying()).toMatchObject({ left: 0, done: 0 });
    },
    TIMEOUT_MS,
  );

  it(
    'follows the source from where the rows end, and both sides are equal',
    async () => {
      await road.pair.run(
        'source',
        'shop',
        `delete from purchase where id % 3 = 0; update customer set name = name || '!'`,
      );
      const concluded = await road.call('conclude-rows', concludeRows);
      expect(await road.call('conclude-rows', concludeRows)).toEqual(concluded);
      expect(concluded.rows).toBe(2501);
      expect(await making('after-rows')).toMatchObject({ left: 0 });
      await subscribing();
      await subscribing();
      const lsn = async () =>
        (await (await road.pair.connectAsAdmin('source')).home()).one<{ behind: boolean }>({
          text: `select bool_or(confirmed_flush_lsn < pg_current_wal_lsn()) as behind from pg_replication_slots`,
        });
      for (let look = 0; look < 600 && (await lsn()).behind; look += 1)
        await new Promise((done) => setTimeout(done, 50));
      expect(await digest('target')).toEqual(await digest('source'));
    },
    TIMEOUT_MS,
  );

  it(
    'lets nobody in but with the password that was kept, or the one that is told',
    async () => {
      await road.pair.run('target', 'postgres', 'alter role app login; alter role visitor login');
      for (const [username, password] of [
        ['app', KEPT_PASSWORD],
        ['visitor', road.newPasswords().visitor ?? ''],
      ] as const) {
        const session = await road.pair.connect('target', 'test', { username, password }).session('shop');
        expect(await session.one({ text: 'select current_user::text as me' })).toEqual({ me: username });
        await session.close();
      }
      const wrong = road.pair.connect('target', 'test', { username: 'visitor', password: 'v' });
      await expect(wrong.session('shop')).rejects.toThrow();
    },
    TIMEOUT_MS,
  );

  it(
    'refuses a call of an earlier epoch, which would empty the target of a newer run',
    async () => {
      const late = (BigInt(road.epoch) - 1n).toString();
      await expect(databasesMade({ epoch: late })).rejects.toMatchObject({ name: 'Blocked' });
      expect(await digest('target')).toEqual(await digest('source'));
    },
    TIMEOUT_MS,
  );

  it(
    'begins on an empty target again after a release, and drops nothing that it did not make',
    async () => {
      await road.call('release', (asked, world) => release({ ...asked, reason: 'of this test' }, world));
      await road.pair.run('target', 'theirs', 'create table kept (id int)');
      await road.begin('two');
      await road.call('prepare', ({ target: _, ...asked }, world) => prepare(asked, world));
      await expect(databasesMade()).rejects.toMatchObject({
        name: 'Blocked',
        message: expect.stringContaining('database "theirs"'),
      });
      await road.pair.run('target', 'postgres', 'drop database theirs');
      await upToTables();
      const { rows } = await asAdmin('target', async (server) =>
        (await server.session('shop')).one<{ rows: string }>({
          text: 'select (select count(*) from customer) + (select count(*) from purchase) as rows',
        }),
      );
      expect(Number(rows)).toBe(0);
      await road.call('release', (asked, world) => release({ ...asked, reason: 'of this test' }, world));
      expect(await road.homeFacts('source')).toBeNull();
    },
    TIMEOUT_MS,
  );
});
