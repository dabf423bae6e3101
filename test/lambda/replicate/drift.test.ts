/** Definitions that change while the source is followed: named, with the statements that bring both sides together again. */
import { watchOn } from '../../../lambda/replicate/watch';
import { fillApplication } from '../cutover/application';
import { Rig } from '../cutover/rig';
import { DATABASES, MIGRATION_ID } from '../seed/stage';

const BUCKET = 'evidence';

const CHANGES = `
  create sequence "Odd ""numbers" increment by 7;
  create table "Odd; new" (id bigint generated always as identity primary key, n bigint not null default nextval('"Odd ""numbers"'),
    keyed_id bigint references keyed (id), body text collate "C" default 'it''s', twice bigint generated always as (2) stored,
    constraint "body; check" check (length(body) < 100));
  create index "odd; index" on "Odd; new" (body) where n > 0;
  create table unnamed (at timestamptz not null default now(), body text);
  create table parted_2 partition of parted for values from ('2021-01-01') to ('2022-01-01');
  alter table keyed add column more text not null default 'm';
  alter table uniquely alter column code type varchar(90), drop column body;
  create index keyed_body on keyed (body);
  drop table keyless;
  alter table "Odd; new" owner to app_owner; alter table unnamed owner to app_owner; alter table parted_2 owner to app_owner;
  alter sequence "Odd ""numbers" owner to app_owner;
  grant select, insert on "Odd; new" to app_writer;
  insert into "Odd; new" (body) select 'b' || i from generate_series(1, 50) i;
  insert into unnamed (body) select 'u' || i from generate_series(1, 50) i;
  insert into parted select i, '2021-05-05', 'p' from generate_series(1, 50) i`;

describe('definitions that change while the source is followed', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start(17, fillApplication);
  });
  afterAll(() => rig?.close());

  const watch = () => rig.call('watch', ({ source, target, world }) => watchOn(source, target, DATABASES, world));
  const onSource = (text: string) => rig.source.withAdmin('app', (session) => session.query(text));
  const onTarget = (text: string) => rig.target.withAdmin('app', (session) => session.query(text));
  const caughtUp = async () => {
    for (let look = 0; look < 100; look += 1) {
      const health = await watch();
      if (health.caughtUp) return health;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the target did not catch up: ${(await watch()).stuck.join('; ')}`);
  };
  /** Apply may stand still besides: it was sent a row of a table that is not there. */
  const driftIn = (stuck: readonly string[]) => stuck.find((each) => each.startsWith('definitions')) ?? '';
  const document = async (message: string) => {
    const key = /s3:\/\/evidence\/(\S+\.txt)/.exec(message)?.[1] ?? '';
    const { s3 } = rig.aws.plane;
    return (await s3.read(s3.object(BUCKET, key))).toString('utf8');
  };
  /** The statements of the document that a message names, run as the master user where it says, part by part. */
  const obey = async (message: string) => {
    const text = await document(message);
    const parts = text.split(/^-- \d+\. On the /m).slice(1);
    await rig.call('watch', async (sides) => {
      for (const part of parts.filter((each) => !each.includes('when pg_subscription_rel'))) {
        const where = part.startsWith('source') ? sides.source : sides.target;
        const session = await where.another('app');
        for (const statement of part.split('\n').filter((line) => line.endsWith(';')))
          await session.execute({ text: statement });
      }
    });
    return text;
  };

  it('are found at the next look, every new table and partition by name, and are gone when the statements were run', async () => {
    await caughtUp();
    const { catalog } = await rig.source
      .withAdmin('app', (session) => session.query('select facts from sealift.migration'))
      .then(({ rows }) => rows[0].facts);
    expect(catalog).toMatch(/^\d+ /);
    await onSource(CHANGES);
    const { stuck, caughtUp: ready } = await watch();
    expect(ready).toBe(false);
    const said = driftIn(stuck);
    expect(said).toMatch(/"Odd; new" is missing[\s\S]*parted_2 is missing[\s\S]*unnamed is missing/);
    const text = await obey(said);
    for (const name of ['"Odd; new"', 'unnamed', 'parted_2']) expect(text).toContain(`public.${name}`);
    expect(text).toContain('alter table public.unnamed replica identity full');
    await onSource(
      `insert into keyed (body) values ('afterwards'); insert into "Odd; new" (body) values ('afterwards')`,
    );
    await caughtUp();
    for (const table of ['"Odd; new"', 'unnamed', 'parted_2', 'keyed']) {
      const read = `select count(*)::int as n, md5(string_agg(t::text, ',' order by t::text)) as content from ${table} t`;
      expect((await onTarget(read)).rows).toEqual((await onSource(read)).rows);
    }
    expect(await rig.verify()).toMatchObject({ verdict: 'equal' });
  });

  it('leave no row of a table unseen that was made after the verification', async () => {
    const make = 'create table late (id int primary key, body text); alter table late owner to app_owner';
    for (const run of [onSource, onTarget]) await run(make);
    await onSource(`insert into late values (1, 'on the source only')`);
    const stream = `sealift_${MIGRATION_ID}`;
    const publication = (await onSource(`select pubname from pg_publication where starts_with(pubname, '${stream}')`))
      .rows[0];
    await onSource(`alter publication ${publication.pubname} add table late`);
    await onTarget(`alter subscription ${publication.pubname} refresh publication with (copy_data = false)`);
    await expect(rig.cutover()).rejects.toMatchObject({
      name: 'Blocked',
      message: expect.stringMatching(/verify again/),
    });
    const { verdict, databases } = await rig.conclude();
    expect(verdict).toBe('different');
    expect(databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual(['"public"."late"']);
  });

  it('are refused with the statement of a human where none can be derived, and never with the body of a function', async () => {
    await onSource(`create function fresh() returns text language sql as $$ select 'a secret of a customer' $$`);
    const { stuck } = await watch();
    expect(driftIn(stuck)).toMatch(/function public\.fresh\(\) is missing on the target/);
    const text = await document(driftIn(stuck));
    expect(text).toMatch(/make the same change[\s\S]*function public\.fresh\(\)/);
    expect(text).not.toMatch(/secret/);
  });
});
