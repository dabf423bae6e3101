import { makeAll, makeRolesOf, planOf, unexplained } from './nasty';
import { Pair, statementsOf } from './pair';

/** Objects that a master user without superuser cannot make; the others are nobody's to make. */
const SUPERUSERS = [
  'CAST (integer AS date)',
  'nasty.<+>',
  'nasty.backward',
  'nasty.by_class',
  'nasty.native(integer, integer)',
  'nasty.on_native',
  'nasty.on_that',
  'nasty_wrapper',
  'pg_catalog.FUNCTION pg_switch_wal()',
];

const WRAPPER = `create schema places authorization dbadmin; create extension postgres_fdw schema places;
  grant usage on foreign data wrapper postgres_fdw to dbadmin`;

const NOBODYS = [
  'everything',
  'nasty.everything egg',
  'nasty.everything hen',
  'watched',
  'USER MAPPING nasty_owner SERVER elsewhere',
];

it.each([
  [15, 15],
  [15, 17],
  [17, 17],
])('makes the nastiest schema of %i on %i, and names everything that it cannot', async (from, to) => {
  const pair = await Pair.start(from, to);
  try {
    await pair.run('source', 'nasty', statementsOf('nasty.sql'));
    await pair.run('source', 'nasty', statementsOf('superuser.sql'));
    await makeRolesOf(pair);
    // RDS lets its master user use this wrapper; elsewhere a superuser has to.
    await pair.run('target', 'nasty', WRAPPER);
    const plan = await planOf(pair, 'nasty');
    const progress = await makeAll(pair, 'nasty');
    expect(await unexplained(pair, 'nasty', plan)).toEqual({
      missing: [],
      more: [expect.stringContaining('GRANT ALL ON FOREIGN DATA WRAPPER postgres_fdw TO dbadmin')],
    });
    const lost = plan.leftOut.filter(({ loss }) => loss === 'lost').map(({ object }) => object);
    expect([...new Set(lost)].sort()).toEqual([...NOBODYS, ...(to < 16 ? [] : SUPERUSERS)].sort());
    expect(progress).toMatchObject({ left: 0, counts: { 'foreign key': { done: 6 } } });
  } finally {
    await pair.close();
  }
});
