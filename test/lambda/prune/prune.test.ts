import { MASTER } from '../seed/stage';
import { entry, PrunedSource, policyOf } from './pruned-source';

/** Events with three kinds of children, sessions that keep events, partitions, and a pointer that no foreign key declares. */
const TABLES = `
  create schema shop authorization app_owner;
  create table shop.session (id int primary key, opened_at timestamptz not null, best int);
  create table shop.event (id bigint generated always as identity primary key, session_id int references shop.session on delete set null,
    at timestamptz not null, body text);
  create table shop.mention (event_id bigint references shop.event on delete cascade, n int, primary key (event_id, n));
  create table shop.mention_note (id serial primary key, event_id bigint, n int,
    foreign key (event_id, n) references shop.mention on delete cascade);
  create table shop.receipt (event_id bigint references shop.event);
  create table shop.pointer (event bigint, text text);
  create table shop.metric (id bigint, at timestamptz not null, primary key (id, at)) partition by range (at);
  create table shop.metric_old partition of shop.metric for values from ('2000-01-01') to ('2020-01-01');
  create table shop.metric_now partition of shop.metric for values from ('2020-01-01') to ('2100-01-01');
  create table shop.tree (id int primary key, parent int references shop.tree, on_day date not null);
  insert into shop.session select n, now() - n * interval '10 days' from generate_series(1, 60) n;
  insert into shop.event (session_id, at, body) select 1 + n % 60, now() - n * interval '1 hour', repeat('x', 200)
    from generate_series(1, 9000) n;
  insert into shop.mention select id, n from shop.event, generate_series(1, 2) n;
  insert into shop.mention_note (event_id, n) select event_id, n from shop.mention where event_id % 3 = 0;
  insert into shop.receipt select id from shop.event where id % 500 = 0;
  insert into shop.pointer select id, 'p' from shop.event where id % 4 = 0;
  insert into shop.metric select n, timestamptz '2019-01-01' + n * interval '1 day' from generate_series(1, 900) n;
  insert into shop.tree select n, nullif(n / 2, 0), current_date - 400 + n from generate_series(1, 400) n;
  do $$ declare t text; begin
    foreach t in array array['session', 'event', 'mention', 'mention_note', 'receipt', 'pointer', 'metric', 'metric_old', 'metric_now', 'tree'] loop
      execute format('alter table shop.%I owner to app_owner', t);
    end loop; end $$;
  analyze`;

const EVENTS = entry({
  schema: 'shop',
  table: 'event',
  column: 'at',
  olderThan: '6 months',
  batchRows: 200,
  children: [{ schema: 'shop', table: 'pointer', column: 'event', references: null }],
});

describe('pruning', () => {
  let source: PrunedSource;
  beforeAll(async () => {
    source = await PrunedSource.start();
    await source.sql(TABLES);
  });
  afterAll(() => source?.close());

  const count = async (from: string) =>
    (await source.sql<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n;

  it('previews without a claim and changes nothing, not even a membership', async () => {
    const facts = `select (select count(*) from pg_auth_members) as m, to_regnamespace('sealift') as s,
      (select sum(n_tup_upd + n_tup_del + n_tup_ins) from pg_stat_user_tables) as w`;
    await source.sql(`grant connect on database app to ${MASTER.username}`);
    const before = await source.sql(facts);
    const policy = policyOf([{ ...EVENTS, confirmed: false }], { maxShare: 0.2 });
    const plan = await source.plan(policy, 'preview');
    const [planned] = plan.entries;
    const old = await count(`shop.event where at < now() - interval '6 months'`);
    expect(planned).toMatchObject({ relation: '"shop"."event"', rows: old, ofRows: 9000 });
    expect(planned?.children.find(({ relation }) => relation === '"shop"."mention"')?.rows).toBe(2 * (old ?? 0));
    expect(plan.refusals.join()).toMatch(/more than the share 0.2/);
    expect(await source.sql(facts)).toEqual(before);
  });

  it('refuses what is too much, unknown, or not there, and removes nothing', async () => {
    await source.claim();
    const refused = (policy: Parameters<typeof policyOf>[0][number], rest = {}) =>
      expect(source.plan(policyOf([policy], rest), 'decide')).rejects.toMatchObject({ name: 'Blocked' });
    await refused({ ...EVENTS, confirmed: false }, { maxShare: 0.2 });
    await refused({ ...EVENTS, table: 'absent' });
    await refused({ ...EVENTS, column: 'body' });
    await refused({ ...EVENTS, database: 'elsewhere' });
    await refused(EVENTS, { timeZone: 'Nowhere/Land' });
    await expect(source.plan(policyOf([]), 'decide')).rejects.toThrow(/nothing is configured/);
    expect(await count('shop.event')).toBe(9000);
  });

  it('removes exactly what is old, with what goes with it, and keeps what is pointed at, however often each step runs and dies', async () => {
    const keeps = `shop.event e where at < now() - interval '6 months' and exists (select from shop.receipt where event_id = e.id)`;
    const kept = await count(keeps);
    const young = await count(`shop.event where at >= now() - interval '6 months'`);
    const policy = policyOf([
      entry({ schema: 'shop', table: 'session', column: 'opened_at', olderThan: '1 year' }),
      EVENTS,
    ]);
    await source.claim();
    const decided = await source.plan(policy, 'decide');
    expect(await source.plan(policy, 'decide')).toEqual(decided);
    await expect(source.rows()).resolves.toMatchObject({ left: 0, done: 0 });
    const queued = await source.plan(policy, 'queue');
    expect((await source.plan(policy, 'queue')).entries).toEqual(queued.entries);
    await expect(source.conclude()).rejects.toMatchObject({ name: 'NotReady' });
    const killed = source.rows().catch((error: unknown) => error);
    const work = async () =>
      (await source.sql<{ n: number }>(`select count(*)::int as n from sealift.work where state = 'done'`))[0]?.n ?? 0;
    while ((await work()) < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await source.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%prune-rows%'`,
    );
    expect(await killed).toMatchObject({ name: 'NotReady' });
    const left = await Promise.all([source.rows(0), source.rows(1), source.rows(0)]);
    expect(left.map((one) => one.left)).toEqual([0, 0, 0]);
    const concluded = await source.finish();
    expect(concluded.kept).toBeGreaterThanOrEqual(kept ?? 0);
    expect(await source.conclude()).toMatchObject({ again: false, rows: concluded.rows });

    expect(await count('shop.event')).toBe((young ?? 0) + (kept ?? 0));
    expect(await count('shop.event e where not exists (select from shop.mention where event_id = e.id)')).toBe(0);
    expect(await count('shop.mention')).toBe(2 * ((young ?? 0) + (kept ?? 0)));
    expect(await count('shop.pointer p where not exists (select from shop.event where id = p.event)')).toBe(0);
    expect(await count('shop.event where session_id is null')).toBe(0);
    expect(await count(`shop.session where opened_at < now() - interval '1 year'`)).toBeGreaterThan(0);
    const [phase] = await source.sql<{ phase: string }>('select phase from sealift.migration');
    expect(phase?.phase).toBe('pruned');
  });

  it('comes to the same when every step runs twice at once, or is killed in its middle and runs again', async () => {
    await source.sql(`create table shop.twin (id int primary key, at timestamptz); alter table shop.twin owner to app_owner;
      create table shop.twin_child (id int references shop.twin on delete cascade, n int, primary key (id, n));
      alter table shop.twin_child owner to app_owner;
      insert into shop.twin select n, now() - n * interval '1 day' from generate_series(1, 4000) n;
      insert into shop.twin_child select id, n from shop.twin, generate_series(1, 2) n`);
    const policy = policyOf([
      entry({ schema: 'shop', table: 'twin', column: 'at', olderThan: '1000 days', batchRows: 100 }),
    ]);
    const old = (await count(`shop.twin where at < now() - interval '1000 days'`)) ?? 0;
    // Whoever loses says that it may be called again.
    const twice = async <T>(call: () => Promise<T>): Promise<T> => {
      for (const one of await Promise.allSettled([call(), call()])) {
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ name: 'NotReady' });
      }
      return call();
    };
    const killed = async <T>(step: string, call: () => Promise<T>): Promise<T> => {
      const running = call().then(
        () => true,
        (error: unknown) => error,
      );
      let ended: unknown = null;
      void running.then((one) => {
        ended = one;
      });
      while (ended === null) {
        const [found] = await source.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%${step}%' and state = 'active'`,
        );
        if (found !== undefined) break;
      }
      const outcome = await running;
      if (outcome !== true) expect(outcome).toMatchObject({ name: 'NotReady' });
      return twice(call);
    };
    await source.claim();
    const { entries } = await killed('plan-prune', () => source.plan(policy, 'decide'));
    expect(await killed('plan-prune', () => source.plan(policy, 'queue'))).toMatchObject({ entries });
    const [pieces] = await source.sql(
      `select count(*)::int as n, count(distinct payload)::int as different from sealift.work where queue like 'prune-%'`,
    );
    expect(pieces?.n).toBe(pieces?.different);
    expect(await killed('prune-rows', () => source.rows(0))).toMatchObject({ left: 0 });
    const concluded = await killed('conclude-prune', () => source.conclude());
    expect(concluded).toMatchObject({ again: false, rows: 3 * old, kept: 0 });
    expect(await count('shop.twin')).toBe(4000 - old);
    expect(await count('shop.twin_child')).toBe(2 * (4000 - old));
  });

  it('finds nothing the second time, and says so', async () => {
    const before = await count('shop.event');
    const again = await source.prune(policyOf([EVENTS]));
    expect(again.rows).toBe(0);
    expect(await count('shop.event')).toBe(before);
  });

  it('drops partitions that are past, and only those', async () => {
    const old = await count(`shop.metric where at < timestamptz '2020-01-01'`);
    const concluded = await source.prune(
      policyOf([entry({ schema: 'shop', table: 'metric', column: 'at', olderThan: '30 days', partitions: 'drop' })]),
    );
    expect(concluded.tables).toEqual([{ database: 'app', relation: '"shop"."metric"', rows: 900 }]);
    expect(old).toBeLessThan(900);
    const [gone] = await source.sql<{ old: string | null; now: string | null }>(
      `select to_regclass('shop.metric_old') as old, to_regclass('shop.metric_now') as now`,
    );
    expect(gone).toMatchObject({ old: null });
    expect(gone?.now).not.toBeNull();
  });

  it('removes a chain of rows that point at each other when all of it is old, and no link that something kept points at', async () => {
    await source.prune(
      policyOf([entry({ schema: 'shop', table: 'tree', column: 'on_day', olderThan: '100 days', batchRows: 20 })]),
    );
    const rows = await source.sql<{ id: number }>('select id from shop.tree order by id');
    // Every node from 300 on stays, and so does every ancestor of one.
    const staying = new Set<number>();
    for (let id = 300; id <= 400; id += 1) for (let up = id; up >= 1; up = Math.floor(up / 2)) staying.add(up);
    expect(rows.map(({ id }) => id)).toEqual([...staying].sort((left, right) => left - right));
  });

  it('keeps the newest rows that it is told to keep', async () => {
    await source.sql(
      "create table shop.few (at date); alter table shop.few owner to app_owner; insert into shop.few select date '2001-01-01' + n from generate_series(1, 10) n",
    );
    await source.prune(
      policyOf([entry({ schema: 'shop', table: 'few', column: 'at', olderThan: '1 day', keepLast: 4 })]),
    );
    expect(await count('shop.few')).toBe(4);
    await source.prune(
      policyOf([entry({ schema: 'shop', table: 'few', column: 'at', olderThan: '1 day', keepLast: 40 })]),
    );
    expect(await count('shop.few')).toBe(4);
  });

  it('stops as Blocked with both figures when less went than was planned', async () => {
    await source.sql(`create table shop.shrinking (id int primary key, at timestamp); alter table shop.shrinking owner to app_owner;
      insert into shop.shrinking select n, '2001-01-01' from generate_series(1, 1000) n`);
    const policy = policyOf([entry({ schema: 'shop', table: 'shrinking', column: 'at', olderThan: '2 years' })], {
      tolerance: 0.1,
    });
    await source.claim();
    await source.plan(policy, 'decide');
    await source.plan(policy, 'queue');
    await source.sql('delete from shop.shrinking where id <= 300');
    await expect(source.finish()).rejects.toThrow(/700 old rows of "shop"."shrinking" went .* 1000 were planned/);
  });

  it('waits for a row that an application holds, and does the rest meanwhile', async () => {
    await source.sql(`create table shop.held (id int primary key, at timestamptz); alter table shop.held owner to app_owner;
      insert into shop.held select n, '2001-01-01' from generate_series(1, 500) n`);
    const holder = await source.stage.source.admin('app');
    await holder.query('begin');
    await holder.query('select from shop.held where id = 7 for update');
    await source.claim();
    const policy = policyOf([
      entry({ schema: 'shop', table: 'held', column: 'at', olderThan: '2 years', batchRows: 100 }),
    ]);
    await source.plan(policy, 'decide');
    await source.plan(policy, 'queue');
    const finished = source.finish();
    while ((await count('shop.held')) !== undefined && ((await count('shop.held')) ?? 0) > 250) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await holder.query('commit');
    await holder.end();
    await finished;
    expect(await count('shop.held')).toBe(0);
  });

  it('refuses a call of an older epoch', async () => {
    const stale = source.epoch;
    await source.claim();
    source.epoch = stale;
    await expect(source.rows()).rejects.toMatchObject({ name: 'Blocked' });
  });
});
