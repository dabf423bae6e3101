import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countAllOrphans } from '../../../../lambda/platform/prepared-target/orphans';
import { leftToRestore } from '../../../../lambda/platform/prepared-target/restore-target';
import { catalogueOf, difference, PreparedStage } from './prepared-stage';

const IN_THE_WAY = readFileSync(join(__dirname, 'in-the-way.sql'), 'utf8');
/** A superuser switches the triggers that PostgreSQL made for a foreign key. */
const SWITCHED = `alter table "Sch.ema $1"."To whole" disable trigger all;
  do $$ declare name text; begin
    for name in select tgname from pg_trigger where tgrelid = '"Sch.ema $1".heir'::regclass loop
      execute format('alter table "Sch.ema $1".heir enable always trigger %I', name);
    end loop;
  end $$`;
const NOTHING = { lost: [], more: [] };

describe.each([15, 17])('a target of %i', (major) => {
  const started = { stage: null as PreparedStage | null };
  const stage = (): PreparedStage => {
    if (started.stage === null) throw new Error('the stage did not start');
    return started.stage;
  };

  beforeAll(async () => {
    started.stage = await PreparedStage.start(major);
  }, 60_000);
  afterAll(async () => {
    await started.stage?.close();
  });

  it('gives back everything that was in the way, exactly, and twice does nothing', async () => {
    const expected = await stage().database('whole', IN_THE_WAY);
    const options = { database: 'whole', expected };
    const target = stage().connect();
    const session = await target.another('whole');
    const before = await catalogueOf(session);
    const first = await stage().prepare(target, options);
    expect(first).toMatchObject({
      chosen: { way: 'removal' },
      done: true,
      removed: { rule: 2, trigger: 6, 'foreign key': 8, identity: 1, index: 6 },
    });
    const again = await stage().prepare(target, options);
    expect(again.removed).toEqual({ rule: 0, trigger: 0, 'foreign key': 0, identity: 0, index: 0 });
    const prepared = difference(before, await catalogueOf(session));
    expect(prepared.lost.length).toBeGreaterThan(20);
    await stage().restore(target, options);
    expect(difference(before, await catalogueOf(session))).toEqual(NOTHING);
    expect(await leftToRestore(session)).toEqual({});
    await expect(stage().prepare(target, options)).rejects.toThrow('restored, this call came too late');
    await stage().restore(target, options);
    expect(difference(before, await catalogueOf(session))).toEqual(NOTHING);
  });

  it('leaves foreign keys where the DMS user may act as a replica, and switches off what fires there too', async () => {
    const expected = await stage().database('replica', IN_THE_WAY);
    const options = { database: 'replica', expected };
    const target = stage().connect();
    const session = await target.another('replica');
    const before = await catalogueOf(session);
    const { chosen, removed } = await stage().prepare(target, { ...options, form: 'cdc', dmsUser: session });
    expect(chosen).toMatchObject({ way: 'replica', reason: expect.stringContaining('secondary indexes stay') });
    expect(removed).toEqual({ rule: 2, trigger: 3, 'foreign key': 0, identity: 1, index: 0 });
    const { lost } = difference(before, await catalogueOf(session));
    expect(lost.length).toBeGreaterThan(4);
    await stage().restore(target, options);
    expect(difference(before, await catalogueOf(session))).toEqual(NOTHING);
  });

  it('names the rows that violate a foreign key, and checks them again when they are repaired', async () => {
    const expected = await stage().database(
      'violated',
      `create table up (id int primary key); create table "Down" (secret int, constraint "K" foreign key (secret) references up)`,
    );
    const options = { database: 'violated', expected };
    const target = stage().connect();
    const session = await target.another('violated');
    const before = await catalogueOf(session);
    await stage().prepare(target, options);
    await session.execute({ text: 'insert into public."Down" select n from generate_series(770001, 770007) n' });
    const orphans = await countAllOrphans(session);
    expect(orphans).toEqual([{ key: '"K" on public."Down"', rows: '7', places: expect.any(Array) }]);
    expect(orphans[0]?.places[0]).toContain('(0,1)');
    await expect(stage().restore(target, options)).rejects.toThrow(
      '"K" on public."Down" is violated by 7 rows, such as',
    );
    await expect(stage().restore(target, options)).rejects.not.toThrow('77000');
    await session.execute({ text: 'insert into public.up select secret from public."Down"' });
    await stage().restore(target, options);
    expect(difference(before, await catalogueOf(session))).toEqual(NOTHING);
  });

  it('removes no foreign key that it could not bring back, and nothing when the call comes late', async () => {
    const expected = await stage().database('late', IN_THE_WAY);
    const target = stage().connect();
    const session = await target.another('late');
    await stage().run('late', SWITCHED);
    const switched = await catalogueOf(session);
    const options = { database: 'late', expected };
    await expect(stage().prepare(target, options)).rejects.toThrow('a superuser switched its own triggers');
    await stage().claim('late', '2');
    await expect(stage().prepare(target, options)).rejects.toThrow('came too late and changed nothing');
    await stage().claim('late', '1');
    await stage().restore(target, options);
    expect(difference(switched, await catalogueOf(session))).toEqual(NOTHING);
  });
});
