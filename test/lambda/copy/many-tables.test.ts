/** A database of nothing but many small tables, through every step of the copy and the plan of its proof. */
import { concludeRows } from '../../../lambda/copy/conclude-rows';
import { copyRows } from '../../../lambda/copy/copy-rows';
import { makeDatabases } from '../../../lambda/copy/databases';
import { holdSnapshot } from '../../../lambda/copy/hold-snapshot';
import { makeSchema } from '../../../lambda/copy/make-schema';
import { planRows } from '../../../lambda/copy/plan-rows';
import { planSchema } from '../../../lambda/copy/plan-schema';
import { subscribe } from '../../../lambda/replicate/subscribe';
import { prepare } from '../../../lambda/seed/prepare';
import { plan as planVerification } from '../../../lambda/verify/plan';
import { CopyRoad, KEPT_PASSWORD } from './copy-road';
import { MASTER } from './schema/pair';

const ALL = process.env.SEALIFT_ALL === '1';
if (!ALL) console.warn('2,000 tables are not copied: SEALIFT_ALL=1 asks for it');

const TABLES = 2_000;
const DATABASE = 'many';
/** A state holds 256 KiB, and no answer grows with the tables. */
const MOST_ANSWER_BYTES = 4_096;
const TIMEOUT_MS = 900_000;

let road: CopyRoad;
beforeAll(async () => {
  if (!ALL) return;
  road = await CopyRoad.start([15, 17], [DATABASE], { settings: { max_locks_per_transaction: 256 } });
  await road.pair.run('source', 'postgres', `create role app login password '${KEPT_PASSWORD}'`);
  await road.pair.run('source', DATABASE, 'select');
  await road.pair.source.withAdmin(DATABASE, async (session) => {
    await session.query(`set session authorization ${MASTER.username}`);
    await session.query(`do $$ begin
      for n in 1..${TABLES} loop
        execute format('create table t%s (id int primary key, parent int, body text unique)', n);
        execute format('insert into t%s select i, i, i || '' of %s'' from generate_series(1, 5) i', n, n);
        if n % 5 = 0 then execute format('alter table t%s add foreign key (parent) references t%s', n, n - 1); end if;
        if n % 200 = 0 then commit; end if;
      end loop; end $$`);
  });
}, TIMEOUT_MS);
afterAll(() => road?.close());

(ALL ? it : it.skip)(
  'comes through every step with all its rows and indexes, and no answer of a step grows with its tables',
  async () => {
    await road.begin('many');
    const making = (part: 'before-rows' | 'as-rows-come' | 'after-rows') => () =>
      road.call('make-schema', (asked, world) => makeSchema({ ...asked, part }, world));
    const took: Record<string, number> = {};
    const step = async <T extends object>(name: string, work: () => Promise<T>): Promise<T> => {
      const begunAt = Date.now();
      const answer = await work();
      took[name] = Date.now() - begunAt;
      expect({ name, bytes: Buffer.byteLength(JSON.stringify(answer)) < MOST_ANSWER_BYTES }).toEqual({
        name,
        bytes: true,
      });
      return answer;
    };
    await step('prepare', () => road.call('prepare', ({ target: _, ...asked }, world) => prepare(asked, world)));
    await step('make-databases', () => road.call('make-databases', makeDatabases));
    expect(await step('plan-schema', () => road.call('plan-schema', planSchema))).toMatchObject({ leftOut: 0 });
    expect(await step('before-rows', making('before-rows'))).toMatchObject({ left: 0 });
    await step('hold-snapshot', () =>
      road.call('hold-snapshot', ({ target: _, ...asked }, world) => holdSnapshot(asked, world)),
    );
    expect(await step('plan-rows', () => road.call('plan-rows', planRows))).toMatchObject({ tables: TABLES });
    const copying = (worker: number) => () =>
      road.call('copy-rows', (asked, world) => copyRows({ ...asked, worker }, world));
    const [one, other, early] = await Promise.all([
      step('copy-rows', copying(0)),
      step('copy-rows of another', copying(1)),
      step('as-rows-come', making('as-rows-come')),
    ]);
    expect([one.left, other.left, early.left]).toEqual([0, 0, 0]);
    expect(one.rows + other.rows).toBe(5 * TABLES);
    await step('conclude-rows', () => road.call('conclude-rows', concludeRows));
    expect(await step('after-rows', making('after-rows'))).toMatchObject({
      left: 0,
      progress: expect.stringContaining(`Created ${2 * TABLES}/${2 * TABLES} indexes`),
    });
    await step('subscribe', () =>
      road.call('subscribe', (asked, world) => subscribe({ ...asked, seedLsn: null }, world)),
    );
    expect(await step('plan-verification', () => road.call('plan-verification', planVerification))).toMatchObject({
      items: expect.any(Number),
    });
    process.stderr.write(`${TABLES} tables, ms: ${JSON.stringify(took)}\n`);
  },
  TIMEOUT_MS,
);
