import { concludeRows } from '../../../../lambda/copy/conclude-rows';
import { copyRows } from '../../../../lambda/copy/copy-rows';
import { makeDatabases } from '../../../../lambda/copy/databases';
import { holdSnapshot } from '../../../../lambda/copy/hold-snapshot';
import { makeSchema } from '../../../../lambda/copy/make-schema';
import { planRows } from '../../../../lambda/copy/plan-rows';
import { planSchema } from '../../../../lambda/copy/plan-schema';
import { subscribe } from '../../../../lambda/replicate/subscribe';
import { watch } from '../../../../lambda/replicate/watch';
import { prepare } from '../../../../lambda/seed/prepare';
import { release } from '../../../../lambda/seed/release';
import { packagedBinaries } from '../../../../lib/rehearsal/servers/packaged-binaries';
import { CopyRoad } from '../../copy/copy-road';
import { MASTER } from '../../copy/schema/pair';
import { catalogFacts } from '../../seed/catalog-facts';

const binaries = packagedBinaries();
const DATABASES = ['shop', 'Odd "db"'];
const TIMEOUT_MS = 240_000;

const SHOP = `
  create table customer (id int primary key, name text not null unique);
  create table purchase (id bigint generated always as identity primary key, customer int not null references customer,
    amount numeric not null, twice numeric generated always as (amount * 2) stored);
  create table visit (at timestamptz not null default clock_timestamp(), who int, n int);
  create table rate (code text not null, value int not null); create unique index on rate (code);
  create table whole (id int primary key, body text); alter table whole replica identity full;
  create table reading (id int, at date, primary key (id, at)) partition by range (at);
  create table reading_1 partition of reading for values from ('2020-01-01') to ('2021-01-01');
  insert into customer select n, 'customer ' || n from generate_series(1, 300) n;
  insert into purchase (customer, amount) select 1 + n % 300, n / 7.0 from generate_series(1, 3000) n;
  insert into visit (who, n) select 0, n from generate_series(1, 2000) n;
  insert into rate select 'c' || n, n from generate_series(1, 100) n;
  insert into whole select n, 'w' from generate_series(1, 100) n;
  insert into reading select n, '2020-05-05' from generate_series(1, 200) n;
  alter table customer owner to keeper; alter table purchase owner to keeper; alter table visit owner to keeper;
  alter table rate owner to keeper; alter table whole owner to keeper; alter table reading owner to keeper;
  alter table reading_1 owner to keeper; grant usage on schema public to keeper`;

const TABLES = ['customer', 'purchase', 'visit', 'rate', 'whole', 'reading'];

if (binaries === null) console.warn('Engine pglogical is not tested: postgresql-15-pglogical is not installed');
const promises = binaries === null ? describe.skip : describe;

promises('the pglogical engine', () => {
  let road: CopyRoad;
  let before: Record<string, string[]>;

  beforeAll(async () => {
    road = await CopyRoad.start([15, 15], DATABASES, {
      binaries: binaries ?? undefined,
      settings: { shared_preload_libraries: 'pglogical', 'pglogical.conflict_resolution': 'error' },
      policy: { engine: 'pglogical', missingReplicaIdentity: 'insert-only' },
    });
    const { pair } = road;
    await pair.run('source', 'postgres', `create role keeper nologin; grant keeper to ${MASTER.username}`);
    await pair.run('source', 'shop', SHOP);
    // Somebody else replicates from here already.
    await pair.run(
      'source',
      'Odd "db"',
      `create table "Odd table" (id int primary key); insert into "Odd table" values (7);
        create extension pglogical; select pglogical.create_node('theirs', 'host=nowhere');
        select pglogical.replication_set_add_table('default', '"Odd table"')`,
    );
    before = await facts();
  }, TIMEOUT_MS);

  afterAll(() => road?.close());

  const facts = async (): Promise<Record<string, string[]>> => {
    const found = await catalogFacts(road.pair.source, DATABASES);
    const more = await road.pair.source.withAdmin('Odd "db"', async (session) => {
      const { rows } = await session.query(`select (select jsonb_agg(n) from pglogical.node n)::text as nodes,
        (select jsonb_agg(s order by set_name) from pglogical.replication_set s)::text as sets,
        (select jsonb_agg(t) from pglogical.replication_set_table t)::text as tables,
        (select jsonb_agg(tgname) from pg_trigger)::text as triggers`);
      return rows.map((row) => JSON.stringify(row));
    });
    // A right that was given and taken back leaves the default written out where nothing was (manual, GRANT).
    const schemas = (found['Odd "db" schemas'] ?? []).map((row) => row.replace('"{rdsadmin=UC/rdsadmin}"', 'null'));
    return { ...found, 'Odd "db" schemas': schemas, pglogical: more };
  };
  const making = (part: 'before-rows' | 'after-rows') =>
    road.call('make-schema', (asked, world) => makeSchema({ ...asked, part }, world));
  const holding = () => road.call('hold-snapshot', ({ target: _, ...asked }, world) => holdSnapshot(asked, world));
  const copying = () => road.call('copy-rows', (asked, world) => copyRows({ ...asked, worker: 0 }, world));
  const watching = () => road.call('watch', (asked, world) => watch(asked, world));
  const rowsOf = async (side: 'source' | 'target') => {
    const server = side === 'source' ? road.pair.source : road.pair.target;
    return server.withAdmin('shop', async (session) => {
      const counted: string[] = [];
      for (const table of TABLES) {
        const { rows } = await session.query<{ d: string }>(
          `select '${table} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as d from ${table} t`,
        );
        counted.push(rows[0]?.d ?? '');
      }
      return counted;
    });
  };
  const caughtUp = async (): Promise<void> => {
    for (let look = 0; look < 40 && !(await watching()).caughtUp; look += 1)
      await new Promise((r) => setTimeout(r, 100));
    expect((await watching()).caughtUp).toBe(true);
  };

  /** An application that inserts, changes and deletes until it is stopped; answers how many of its transactions were committed. */
  const application = (worker: number) => {
    let goesOn = true;
    const done = road.pair.source.withAdmin('shop', async (session) => {
      let commits = 0;
      for (let n = 1; goesOn && road.pair.source.running; n += 1) {
        await session.query('begin');
        await session.query('insert into purchase (customer, amount) values (1 + $1::int % 300, $1::int)', [n]);
        await session.query('insert into visit (who, n) values ($1, $2)', [worker, n]);
        await session.query('update purchase set amount = amount + 1 where id = 1 + $1::int % 3000', [n * 7]);
        await session.query('delete from purchase where id = 1 + $1::int % 3000', [n * 11 * worker]);
        await session.query(`update rate set value = value + 1 where code = 'c' || (1 + $1::int % 100)`, [n]);
        await session.query('update whole set body = body || $2 where id = 1 + $1::int % 100', [n, 'u']);
        await session.query(`insert into reading values ($1, '2020-06-06') on conflict do nothing`, [
          1000 * worker + n,
        ]);
        await session.query(n % 13 === 0 ? 'rollback' : 'commit');
        commits += n % 13 === 0 ? 0 : 1;
      }
      return commits;
    });
    return async (): Promise<number> => {
      goesOn = false;
      return done;
    };
  };

  it(
    'carries every change exactly once from where the rows end, each step called twice, while an application writes',
    async () => {
      await road.begin('one');
      for (let time = 0; time < 2; time += 1) {
        await road.call('prepare', ({ target: _, ...asked }, world) => prepare(asked, world));
      }
      const writers = [1, 2, 3].map(application);
      for (let time = 0; time < 2; time += 1) await road.call('make-databases', makeDatabases);
      expect(await road.call('plan-schema', planSchema)).toMatchObject({ leftOut: 0 });
      expect(await making('before-rows')).toMatchObject({ left: 0 });
      const held = await holding();
      expect(await holding()).toEqual(held);
      expect(await road.call('plan-rows', planRows)).toMatchObject({ snapshot: 'held' });
      expect(await copying()).toMatchObject({ left: 0, snapshot: 'held' });
      await road.call('conclude-rows', concludeRows);
      expect(await making('after-rows')).toMatchObject({ left: 0 });
      const subscribing = () => road.call('subscribe', (asked, world) => subscribe({ ...asked, seedLsn: null }, world));
      const subscribed = await subscribing();
      await new Promise((done) => setTimeout(done, 500));
      expect(await subscribing()).toEqual(subscribed);
      const commits = await Promise.all(writers.map((stop) => stop()));
      expect(Math.min(...commits)).toBeGreaterThan(0);
      await caughtUp();
      expect(await rowsOf('target')).toEqual(await rowsOf('source'));
    },
    TIMEOUT_MS,
  );

  it(
    'tells why nothing follows when a row is there already, and goes on when it is gone',
    async () => {
      await road.pair.run('target', 'shop', `insert into customer values (9001, 'rogue')`);
      await road.pair.run('source', 'shop', `insert into customer values (9001, 'real')`);
      let health = await watching();
      for (let look = 0; look < 60 && health.stuck.length === 0; look += 1) {
        await new Promise((done) => setTimeout(done, 500));
        health = await watching();
      }
      expect(health.stuck).toEqual([expect.stringContaining('fails at the same change again and again')]);
      expect(health.caughtUp).toBe(false);
      expect(await rowsOf('target')).not.toEqual(await rowsOf('source'));
      await road.pair.run('target', 'shop', 'delete from customer where id = 9001');
      for (let look = 0; look < 20 && !(await watching()).caughtUp; look += 1)
        await new Promise((r) => setTimeout(r, 500));
      await caughtUp();
      expect(await rowsOf('target')).toEqual(await rowsOf('source'));
    },
    TIMEOUT_MS,
  );

  it(
    'leaves nothing of its own behind, and the node of others as it was',
    async () => {
      await road.call('release', (asked, world) => release({ ...asked, reason: 'of this test' }, world));
      expect(await facts()).toEqual(before);
      const left = await road.pair.target.withAdmin('shop', async (session) => {
        const { rows } = await session.query(`select (select count(*)::int from pg_replication_origin) as origins,
          (select count(*)::int from pg_extension where extname = 'pglogical') as extensions`);
        return rows[0];
      });
      expect(left).toEqual({ origins: 0, extensions: 0 });
    },
    TIMEOUT_MS,
  );
});
