import { COPY_QUEUE } from '../../../../lambda/copy/rows/queue';
import { makeEarly } from '../../../../lambda/copy/schema/early';
import { AFTER_ROWS, BEFORE_ROWS } from '../../../../lambda/copy/schema/items';
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
  expect(await onTarget(`select distinct tablename as name from pg_stats where schemaname = 'public'`)).toEqual([
    { name: 'here' },
  ]);
});

it('names the index that doubled rows refuse, and not the rows; what is left is made once they are single', async () => {
  const options = { database: DATABASE, parallel: 2, expected: await pair.claim(DATABASE), queue: AFTER_ROWS };
  await onTarget(`update sealift.work set state = 'done' where queue = '${COPY_QUEUE}'`);
  await onTarget('insert into "Still ""coming""" values (4711, 1), (4711, 2)');
  const refused: unknown = await makeItems(pair.connect('target'), options, worldOf()).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'Blocked', message: expect.stringContaining('coming"_pkey') });
  expect(String(refused)).not.toContain('4711');
  await onTarget('delete from "Still ""coming""" where "of" = 2');
  const made = await makeItems(pair.connect('target'), options, worldOf());
  expect(made).toMatchObject({ left: 0, counts: { index: { done: 7, total: 7 } } });
  expect(await indexes()).toHaveLength(7);
});
