import { tapName } from '../../../lambda/platform/names';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { Application, fillApplication } from '../cutover/application';
import { Rig } from '../cutover/rig';
import { MIGRATION_ID } from '../seed/stage';

/** Tables over one range's size, one per kind of key; `n` runs through their rows. */
const LARGE: Record<string, string> = {
  large_text: 'md5(n::text)',
  large_uuid: 'md5(n::text)::uuid',
  large_time: "'2001-01-01+00'::timestamptz + n * interval '7 minutes'",
};
const LARGE_ROWS = 40_000;

async function fill(source: PostgresServer): Promise<void> {
  await fillApplication(source);
  await source.withAdmin('app', async (session) => {
    for (const [name, key] of Object.entries(LARGE)) {
      await session.query(`create table ${name} as select ${key} as key, n, repeat('x', 450) as body
        from generate_series(1, ${LARGE_ROWS}) n`);
      await session.query(`alter table ${name} add primary key (key); alter table ${name} owner to app_owner`);
    }
    await session.query(`create table large_pair as select n % 7 as a, n as b, repeat('x', 450) as body
      from generate_series(1, ${LARGE_ROWS}) n; alter table large_pair add primary key (a, b);
      alter table large_pair owner to app_owner`);
  });
}

describe('the verification', () => {
  let rig: Rig;
  let application: Application;
  beforeAll(async () => {
    rig = await Rig.start(17, fill);
    application = new Application(rig, 2, 5);
  });
  afterAll(async () => {
    await application?.stop();
    await rig?.close();
  });

  const onTarget = (sql: string) =>
    rig.target.withAdmin('app', (session) => session.query(`set session_replication_role = replica; ${sql}`));
  const queue = () =>
    rig.target.withAdmin('postgres', async (session) => {
      const { rows } = await session.query<{ item: string; state: string }>(
        `select item::text as item, state from sealift.work where queue = 'verify' order by item`,
      );
      return rows;
    });

  it('cuts large tables into ranges, and planning again within an epoch changes nothing', async () => {
    const plan = await rig.plan({ policy: { verifyWorkers: 3 } });
    expect(plan.workers).toEqual([0, 1, 2]);
    const planned = await queue();
    expect(planned).toHaveLength(plan.items);
    const ranges = await rig.target.withAdmin('postgres', (session) =>
      session.query(`select payload->'table'->>'name' as name, count(*)::int as ranges from sealift.work
        where payload->'table'->>'name' like 'large%' group by 1 order by 1`),
    );
    expect(ranges.rows.map((row) => row.name)).toEqual(['large_pair', 'large_text', 'large_time', 'large_uuid']);
    for (const row of ranges.rows) expect(row.ranges).toBeGreaterThan(1);
    expect(await rig.plan({ policy: { verifyWorkers: 3 } })).toEqual(plan);
    expect(await queue()).toEqual(planned);
    await expect(rig.conclude()).rejects.toMatchObject({ name: 'NotReady' });
  });

  it('loses no range of a worker that was killed, and several workers compare each range once', async () => {
    const killed = rig.chunks(0).catch((error: unknown) => error);
    await rig.killUntil('verify-chunks', killed);
    expect(await killed).toMatchObject({ name: 'NotReady' });
    const before = await queue();
    expect(before.some(({ state }) => state === 'open')).toBe(true);
    const results = await Promise.all([0, 1, 2].map((worker) => rig.chunks(worker)));
    expect(results.map(({ left }) => left)).toEqual([0, 0, 0]);
    const open = before.filter(({ state }) => state === 'open').length;
    expect(results.reduce((sum, { done }) => sum + done, 0)).toBe(open);
    const verification = await rig.conclude();
    expect(verification).toMatchObject({ verdict: 'equal' });
    const [app] = verification.databases;
    expect(app?.rows).toBeGreaterThan(4 * LARGE_ROWS);
    expect(await rig.conclude()).toMatchObject({ verdict: 'equal' });
    expect((await rig.stand('target')).phase).toBe('verified');
  });

  it('finds and names rows that were changed, removed or added on the target, and what was defined otherwise', async () => {
    await onTarget(`update large_text set n = -1 where key = (select key from large_text offset 39000 limit 1);
      update large_uuid set body = 'y' where key = (select max(key::text)::uuid from large_uuid);
      delete from large_pair where (a, b) = (3, 10);
      insert into large_time values ('1990-01-01+00', 0, 'more');
      insert into keyless (body) values ('more');
      update uniquely set body = null where code = 'c7';
      drop materialized view above; alter table parted add constraint odd check (id > -5)`);
    // A verification of this epoch is complete: only a lost tap makes a new one.
    await rig.source.withAdmin('app', async (session) => {
      await session.query('select pg_drop_replication_slot($1)', [tapName(MIGRATION_ID, 'app')]);
    });
    const { databases, verdict } = await rig.verify();
    expect(verdict).toBe('different');
    const found = databases.find(({ name }) => name === 'app');
    expect([...(found?.mismatchedTables ?? [])].sort()).toEqual(
      ['keyless', 'large_pair', 'large_text', 'large_time', 'large_uuid', 'uniquely'].map(
        (name) => `"public"."${name}"`,
      ),
    );
    expect(found?.catalogDifferences.join('; ')).toMatch(/relation public.above is missing on the target/);
    expect(found?.catalogDifferences.join('; ')).toMatch(/odd on .*parted.* exists on the target only/);
    expect(databases.filter(({ name }) => name !== 'app').flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual(
      [],
    );
    expect([(await rig.stand('source')).phase, (await rig.stand('target')).phase]).toEqual([
      'replicating',
      'replicating',
    ]);
    await expect(rig.cutover()).rejects.toMatchObject({ name: 'Blocked' });
  });

  it('names a table that cannot be compared, after it compared all the others', async () => {
    await rig.source.withAdmin('app', async (session) => {
      await session.query('select pg_drop_replication_slot($1)', [tapName(MIGRATION_ID, 'app')]);
    });
    await rig.plan();
    await onTarget('alter table nothing rename to hidden');
    await expect(rig.chunks()).rejects.toThrow(/table "public"."nothing" of database "app" cannot be compared/);
    expect((await queue()).filter(({ state }) => state === 'open')).toHaveLength(1);
    await onTarget('alter table hidden rename to nothing');
    expect(await rig.chunks()).toMatchObject({ left: 0 });
  });
});
