import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { concludeRows } from '../../../lambda/copy/conclude-rows';
import { copyRows } from '../../../lambda/copy/copy-rows';
import { makeDatabases } from '../../../lambda/copy/databases';
import { holdSnapshot } from '../../../lambda/copy/hold-snapshot';
import { makeSchema } from '../../../lambda/copy/make-schema';
import { planRows } from '../../../lambda/copy/plan-rows';
import { planSchema } from '../../../lambda/copy/plan-schema';
import type { Side } from '../../../lambda/platform/postgres';
import { prepare } from '../../../lambda/seed/prepare';
import { loadDump } from '../../../lib/rehearsal/dump/load-dump';
import { connect } from '../../rehearsal/servers/rehearsed-run';
import { CopyRoad, KEPT_PASSWORD } from './copy-road';
import { MASTER } from './schema/pair';

const DATABASE = 'pagila';
const FILES = ['pagila-schema.sql', 'pagila-data.sql'].map((name) =>
  resolve(__dirname, '../../../../shared/data', name),
);
const hasPagila = FILES.every((file) => existsSync(file));
if (!hasPagila) console.warn(`The rows of Pagila are not copied: ${FILES.join(', ')} are not there`);
const TIMEOUT_MS = 120_000;

let road: CopyRoad;
beforeAll(async () => {
  if (!hasPagila) return;
  road = await CopyRoad.start([17, 17], [DATABASE]);
  const { source } = road.pair;
  const asMaster = (database: string) =>
    connect(source, { user: MASTER.username, password: MASTER.password, database });
  await loadDump({ connect: asMaster, database: DATABASE, files: FILES });
  await road.pair.run('source', DATABASE, 'refresh materialized view public.nicer_but_slower_film_list');
  await road.pair.run('source', 'postgres', `create role app login password '${KEPT_PASSWORD}'`);
}, TIMEOUT_MS);
afterAll(() => road?.close());

/** Rows and a hash of every table that holds any by itself, and of every view that shows them. */
async function content(side: Side): Promise<Record<string, unknown>> {
  const server = side === 'source' ? road.pair.source : road.pair.target;
  return server.withAdmin(DATABASE, async (session) => {
    const { rows } = await session.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm', 'v') and n.nspname = 'public' order by 1`,
    );
    const found: Record<string, unknown> = {};
    for (const { name } of rows) {
      const { rows: digests } = await session.query<{ rows: string; hash: string }>(
        `select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)), 0) as hash from ${name} t`,
      );
      found[name] = digests[0];
    }
    return found;
  });
}

(hasPagila ? it : it.skip)(
  'copies every row of Pagila, and its views show the same',
  async () => {
    await road.begin('pagila');
    const making = (part: 'before-rows' | 'after-rows') =>
      road.call('make-schema', (asked, world) => makeSchema({ ...asked, part }, world));
    await road.call('prepare', ({ target: _, ...asked }, world) => prepare(asked, world));
    await road.call('make-databases', makeDatabases);
    expect(await road.call('plan-schema', planSchema)).toMatchObject({ leftOut: 0 });
    expect(await making('before-rows')).toMatchObject({ left: 0 });
    await road.call('hold-snapshot', ({ target: _, ...asked }, world) => holdSnapshot(asked, world));
    // The rows of the materialized view, which the target fills itself.
    expect(await road.call('plan-rows', planRows)).toMatchObject({ leftOut: 1 });
    const copying = () => road.call('copy-rows', (asked, world) => copyRows({ ...asked, worker: 0 }, world));
    expect(await copying()).toMatchObject({ left: 0, snapshot: 'held' });
    await road.call('conclude-rows', concludeRows);
    expect(await making('after-rows')).toMatchObject({ left: 0 });
    const expected = await content('source');
    expect(Object.keys(expected).length).toBeGreaterThan(20);
    expect(await content('target')).toEqual(expected);
  },
  TIMEOUT_MS,
);
