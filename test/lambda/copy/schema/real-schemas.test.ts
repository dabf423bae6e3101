import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { AFTER_ROWS, BEFORE_ROWS } from '../../../../lambda/copy/schema/items';
import { makeItems } from '../../../../lambda/copy/schema/make';
import { makeRoles, readRoles } from '../../../../lambda/copy/schema/roles';
import { NotReady } from '../../../../lambda/errors';
import { loadDump } from '../../../../lib/rehearsal/dump/load-dump';
import { loadSample } from '../../../../lib/rehearsal/sample/load-sample';
import { SAMPLE_LOGINS, type SamplePasswords } from '../../../../lib/rehearsal/sample/roles';
import { connect } from '../../../rehearsal/servers/rehearsed-run';
import { makeAll, planOf, unexplained } from './nasty';
import { MASTER, Pair, worldOf } from './pair';

const PAGILA = resolve(__dirname, '../../../../../shared/data/pagila-schema.sql');
const hasPagila = existsSync(PAGILA);
if (!hasPagila) console.warn(`Pagila is not made: ${PAGILA} is not there`);
const SAME = { missing: [], more: [] };

let pair: Pair;
const asMaster = (database: string) =>
  connect(pair.source, { user: MASTER.username, password: MASTER.password, database });

beforeAll(async () => {
  pair = await Pair.start(17, 17);
  const passwords = Object.fromEntries(SAMPLE_LOGINS.map((login) => [login, `of ${login}`])) as SamplePasswords;
  await loadSample({ connect: asMaster, size: 'tiny', passwords });
  const source = await pair.connect('source').home();
  const target = await pair.connect('target').home();
  const databases = ['catalog', 'lineage'];
  for (const database of databases) await pair.run('target', database, '');
  const roles = await readRoles(source, 'nobody', databases);
  const options = { sourceMaster: MASTER.username, targetMaster: MASTER.username };
  await target.transaction(() => makeRoles(target, roles, { ...options, passwordOf: async (role) => `of ${role}` }));
  await target.query({ text: 'grant catalog_owner, lineage_owner to current_user' });
});
afterAll(() => pair.close());

it('makes the larger sample database while its sessions are killed and two workers share it', async () => {
  await planOf(pair, 'catalog');
  const expected = await pair.claim('catalog');
  let working = true;
  const killer = pair.target.withAdmin('catalog', async (session) => {
    while (working) {
      await session.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sealift/%#%' and random() < 0.2",
      );
      await new Promise((done) => setTimeout(done, 60));
    }
  });
  const worker = async (queue: string): Promise<void> => {
    const options = { database: 'catalog', queue, parallel: 2, expected };
    // Ends when nothing is left; a machine bounds it by its own time.
    for (let left = 1; left > 0; ) {
      const target = pair.connect('target');
      try {
        left = (await makeItems(target, options, worldOf())).left;
      } catch (error) {
        if (!(error instanceof NotReady)) throw error;
      }
      await target.close();
    }
  };
  await Promise.all([worker(BEFORE_ROWS), worker(BEFORE_ROWS)]);
  await Promise.all([worker(AFTER_ROWS), worker(AFTER_ROWS)]);
  working = false;
  await killer;
  expect(await unexplained(pair, 'catalog', { before: [], after: [], leftOut: [] })).toEqual(SAME);
});

it('goes on with a build when its worker is gone, and tells how many indexes there are', async () => {
  await planOf(pair, 'lineage');
  const expected = await pair.claim('lineage');
  const target = pair.connect('target');
  await makeItems(target, { database: 'lineage', queue: BEFORE_ROWS, parallel: 2, expected }, worldOf());
  const holder = await pair.target.admin('lineage');
  const options = { database: 'lineage', queue: AFTER_ROWS, parallel: 2, expected };
  const { rows } = await holder.query<{ name: string }>(
    `select replace(payload->'tables'->>0, '"', '') as name from sealift.work
      where queue = 'copy-post-data' and payload->>'what' = 'index' order by item limit 1`,
  );
  await holder.query(`begin; lock table ${rows[0]?.name} in access exclusive mode`);
  let looks = 0;
  const gone = await makeItems(
    target,
    options,
    worldOf(() => (looks++ < 2 ? 60_000 : 0)),
  );
  expect(gone.text).toMatch(/^Created \d+\/\d+ indexes/);
  const before = gone.counts.index?.done ?? 0;
  await holder.query('commit');
  for (let done = before; done <= before; ) {
    const counted = await holder.query<{ done: number }>(
      "select count(*)::int as done from sealift.work where queue = 'copy-post-data' and state = 'done'",
    );
    done = counted.rows[0]?.done ?? 0;
    await new Promise((resolved) => setTimeout(resolved, 25));
  }
  await holder.end();
  const progress = await makeItems(pair.connect('target'), options, worldOf());
  expect(progress.left).toBe(0);
  expect(progress.text).toMatch(/^Created (\d+)\/\1 indexes/);
  expect(await unexplained(pair, 'lineage', { before: [], after: [], leftOut: [] })).toEqual(SAME);
});

(hasPagila ? it : it.skip)('makes Pagila', async () => {
  await loadDump({ connect: asMaster, database: 'pagila', files: [PAGILA] });
  const plan = await planOf(pair, 'pagila');
  expect((await makeAll(pair, 'pagila')).left).toBe(0);
  expect(await unexplained(pair, 'pagila', plan)).toEqual(SAME);
});
