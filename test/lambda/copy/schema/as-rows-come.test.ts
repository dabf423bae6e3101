import { COPY_QUEUE } from '../../../../lambda/copy/rows/queue';
import { makeEarly } from '../../../../lambda/copy/schema/early';
import { AFTER_ROWS, BEFORE_ROWS, STAGES } from '../../../../lambda/copy/schema/items';
import { makeItems } from '../../../../lambda/copy/schema/make';
import { planOf } from './nasty';
import { MASTER, Pair, worldOf } from './pair';

const DATABASE = 'shop';

let pair: Pair;
beforeAll(async () => {
  pair = await Pair.start(17, 17);
  await pair.run(
    'source',
    DATABASE,
    `create table here (id int primary key, name text unique, amount int); create index here_amount on here (amount);
     create table "Still ""coming""" (id int primary key, "of" int references here); create index late on "Still ""coming""" ("of");
     create unique index lone on "Still ""coming""" (abs("of") desc nulls last) include (id) where "of" <> 715;
     create table parent (id int primary key, at date) partition by hash (id);
     create table part partition of parent for values with (modulus 1, remainder 0);
     insert into here select n, 'secret ' || n, n % 7 from generate_series(1, 400000) n;
     alter table here owner to ${MASTER.username}; alter table "Still ""coming""" owner to ${MASTER.username};
     alter table parent owner to ${MASTER.username}; alter table part owner to ${MASTER.username}`,
  );
});
afterAll(() => pair.close());

const onTarget = async <T extends object>(text: string): Promise<T[]> => {
  const session = await (await pair.connectAsAdmin('target')).session(DATABASE);
  return session.query<T>({ text });
};
const indexes = async (): Promise<string[]> =>
  (
    await onTarget<{ name: string }>(`select indexname as name from pg_indexes where schemaname = 'public' order by 1`)
  ).map(({ name }) => name);

it('makes keys, indexes and statistics of a table whose rows are in, and of no other', async () => {
  await planOf(pair, DATABASE);
  const expected = await pair.claim(DATABASE);
  const options = { database: DATABASE, parallel: 2, expected };
  const target = pair.connect('target');
  await makeItems(target, { ...options, queue: BEFORE_ROWS }, worldOf());
  await onTarget(`insert into here select n, 'secret ' || n, n % 7 from generate_series(1, 1000) n`);
  const part = (name: string) => ({ table: { schema: 'public', name }, range: null });
  const names = ['Still "coming"', 'part'];
  await onTarget(`insert into sealift.work (queue, payload)
    values ('${COPY_QUEUE}', '${JSON.stringify({ parts: names.map(part) })}')`);
  const coming = async () => (await indexes()).length < 3;
  const rows = { databases: [DATABASE], queue: AFTER_ROWS, rowsQueue: COPY_QUEUE, coming };
  const early = await makeEarly(target, { ...rows, parallel: 2, expected }, worldOf());
  // Nobody copies the rest any more.
  expect(early).toMatchObject({ left: 0 });
  expect(await indexes()).toEqual(['here_amount', 'here_name_key', 'here_pkey']);
  // Its keys were built as indexes beside the other one: it is large on the source.
  const keys = `select conname as name, pg_get_constraintdef(oid) as def from pg_constraint
    where conrelid = 'here'::regclass and contype in ('p', 'u') order by 1`;
  expect(await onTarget(keys)).toEqual([
    { name: 'here_name_key', def: 'UNIQUE (name)' },
    { name: 'here_pkey', def: 'PRIMARY KEY (id)' },
  ]);
  const queued = `select payload->>'stage' as stage, payload->'objects' as objects from sealift.work
    where queue = '${AFTER_ROWS}' and payload->'tables' ? '"public"."here"' and (payload->>'stage')::int < ${STAGES.tableStatistics}
    order by (payload->>'stage')::int, objects`;
  expect((await onTarget<{ stage: string }>(queued)).map(({ stage }) => Number(stage))).toEqual([
    STAGES.builds,
    STAGES.builds,
    STAGES.builds,
    STAGES.keys,
    STAGES.keys,
  ]);
  expect(await onTarget(`select distinct tablename as name from pg_stats where schemaname = 'public'`)).toEqual([
    { name: 'here' },
  ]);
});

it('names the index that doubled rows refuse, and their places, not the rows; what is left is made once they are single', async () => {
  const options = { database: DATABASE, parallel: 2, expected: await pair.claim(DATABASE), queue: AFTER_ROWS };
  await onTarget(`update sealift.work set state = 'done' where queue = '${COPY_QUEUE}'`);
  const refusal = async (): Promise<string> => {
    const made = makeItems(pair.connect('target'), options, worldOf());
    const refused: unknown = await made.catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'Blocked' });
    return String(refused);
  };
  await onTarget(
    'insert into "Still ""coming""" values (4710, 1), (4711, 1), (4711, 2), (4711, 3), (4712, 2), (4712, 3)',
  );
  const ofKey = await refusal();
  expect(ofKey).toContain('coming"_pkey');
  expect(ofKey).toMatch(
    /keys of public."Still ""coming""" on the target: 2, in 5 rows, such as those at \(0,2\) and \(0,4\)/,
  );
  expect(ofKey).not.toMatch(/471/);
  await onTarget('delete from "Still ""coming"""');
  await onTarget(`insert into "Still ""coming""" values (1, 714), (2, 714), (3, null), (4, null), (5, 715), (6, 715)`);
  const ofIndex = await refusal();
  expect(ofIndex).toContain('lone');
  expect(ofIndex).toMatch(/keys of public."Still ""coming""" on the target: 1, in 2 rows, such as/);
  expect(ofIndex).not.toMatch(/71[45]/);
  await onTarget('delete from "Still ""coming""" where id = 2');
  const made = await makeItems(pair.connect('target'), options, worldOf());
  expect(made).toMatchObject({ left: 0, counts: { index: { done: 8, total: 8 } } });
  expect(await indexes()).toHaveLength(8);
});
