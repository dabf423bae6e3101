/** The join of pglogical, whose calls are killed at one statement after the other. */
import { Client } from 'pg';
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
import { packagedBinaries } from '../../../../lib/rehearsal/servers/packaged-binaries';
import { CopyRoad } from '../../copy/copy-road';
import { MASTER } from '../../copy/schema/pair';

const binaries = packagedBinaries();
const isAsked = process.env.SEALIFT_ALL === '1';
if (!isAsked) console.warn('The join of pglogical is not killed: SEALIFT_ALL=1 asks for it');
else if (binaries === null)
  console.warn('The join of pglogical is not killed: postgresql-15-pglogical is not installed');
const TIMEOUT_MS = 600_000;
const MOST_STATEMENTS = 400;

/** What a call whose process is gone meets. */
class Killed extends Error {}

/**
 * Runs `call` until it ends by itself: the first time it is killed at its first statement, then at its second, and so on, before the
 * statement takes effect and behind it in turns. From then on no statement of that call reaches a server. Returns how often.
 */
async function killedEverywhere(call: () => Promise<unknown>): Promise<number> {
  for (let kill = 0; kill < MOST_STATEMENTS; kill += 1) {
    const [at, behind] = [1 + Math.trunc(kill / 2), kill % 2 === 1];
    let statements = 0;
    const genuine = Client.prototype.query;
    const spy = jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...given: unknown[]) {
      const run = () => Reflect.apply(genuine, this, given);
      if (typeof given.at(-1) === 'function') return run();
      statements += 1;
      if (statements < at) return run();
      const lost = () => Promise.reject(new Killed('killed'));
      return statements === at && behind ? Promise.resolve(run()).then(lost, lost) : lost();
    } as typeof genuine);
    try {
      await call();
      if (statements < at) return kill;
    } catch (error) {
      if (statements < at) throw error;
    } finally {
      spy.mockRestore();
    }
  }
  throw new Error(`the call was killed ${MOST_STATEMENTS} times and never ended`);
}

(isAsked && binaries !== null ? it : it.skip)(
  'loses and doubles nothing when every call of the join is killed at each of its statements',
  async () => {
    const road = await CopyRoad.start([15, 15], ['shop'], {
      binaries: binaries ?? undefined,
      settings: { shared_preload_libraries: 'pglogical', 'pglogical.conflict_resolution': 'error' },
      policy: { engine: 'pglogical' },
    });
    try {
      const { pair } = road;
      const writing = (from: number) =>
        pair.run(
          'source',
          'shop',
          `insert into sale select n, n from generate_series(${from}, ${from + 99}) n;
           update sale set n = n + 1 where id % 7 = 0; delete from sale where id % 50 = 0`,
        );
      await pair.run(
        'source',
        'shop',
        `create table sale (id int primary key, n int); alter table sale owner to ${MASTER.username}`,
      );
      await writing(1);
      await road.begin('killed');
      const making = (part: 'before-rows' | 'after-rows') =>
        road.call('make-schema', (asked, world) => makeSchema({ ...asked, part }, world));
      const killed: Record<string, number> = {};
      killed.prepare = await killedEverywhere(() =>
        road.call('prepare', ({ target: _, ...asked }, world) => prepare(asked, world)),
      );
      killed.join = await killedEverywhere(() => road.call('make-databases', makeDatabases));
      await road.call('plan-schema', planSchema);
      await making('before-rows');
      await writing(101);
      killed.hold = await killedEverywhere(() =>
        road.call('hold-snapshot', ({ target: _, ...asked }, world) => holdSnapshot(asked, world)),
      );
      await writing(201);
      await road.call('plan-rows', planRows);
      await road.call('copy-rows', (asked, world) => copyRows({ ...asked, worker: 0 }, world));
      await road.call('conclude-rows', concludeRows);
      await making('after-rows');
      killed.subscribe = await killedEverywhere(() =>
        road.call('subscribe', (asked, world) => subscribe({ ...asked, seedLsn: null }, world)),
      );
      await writing(301);
      const watching = () => road.call('watch', (asked, world) => watch(asked, world));
      for (let look = 0; look < 100 && !(await watching()).caughtUp; look += 1) {
        await new Promise((done) => setTimeout(done, 100));
      }
      const sales = (side: 'source' | 'target') =>
        pair[side].withAdmin('shop', async (session) => (await session.query('select * from sale order by id')).rows);
      expect(await sales('target')).toEqual(await sales('source'));
      expect(Math.min(...Object.values(killed))).toBeGreaterThan(10);
    } finally {
      await road.close();
    }
  },
  TIMEOUT_MS,
);
