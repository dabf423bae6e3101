/** What could slip past a fence or a comparison without an error: each case was first seen to lose a write. */
import { Client } from 'pg';
import { setSequences } from '../../../lambda/cutover/drain';
import { closeSource, endOthers, quietSource } from '../../../lambda/cutover/fence';
import { assertSameDefinitions } from '../../../lambda/cutover/gate';
import { assertNoOtherDatabases } from '../../../lambda/cutover/guardrails';
import { assertTimeLeft, OutageClock } from '../../../lambda/cutover/outage-clock';
import { openDatabases, openStage, type Stage } from '../../../lambda/cutover/stage';
import { CutoverAborted, NotReady } from '../../../lambda/errors';
import { moveEverywhere } from '../../../lambda/platform/ledger-follow';
import { streamName } from '../../../lambda/platform/names';
import { catalogDifferences } from '../../../lambda/proof/catalog-diff';
import { catalogDigest } from '../../../lambda/proof/catalog-digest';
import { openTap } from '../../../lambda/proof/change-tap';
import { beginPendingKeys } from '../../../lambda/proof/pending-keys';
import { type Followed, follow } from '../proof/followed';
import { DATABASES, MIGRATION_ID } from '../seed/stage';

/** Changes of definitions, each of its own kind; nothing of them stays. */
const CHANGES: readonly string[] = [
  'create schema told',
  'create table told.one (a int, b text)',
  'alter table told.one alter a set default 1',
  'alter table told.one alter a drop default',
  'alter table told.one alter b set not null',
  'alter table told.one rename b to c',
  'alter table told.one alter c type varchar(20)',
  'alter table told.one drop column c',
  'alter table told.one add constraint positive check (a > 0)',
  'alter table told.one add primary key (a)',
  'alter table told.one replica identity full',
  'alter table told.one set (fillfactor = 50)',
  'alter table told.one enable row level security',
  'create policy mine on told.one using (true)',
  'create rule quiet as on delete to told.one do instead nothing',
  'create function told.touch() returns trigger language plpgsql as $$ begin return new; end $$',
  'create trigger touch before update on told.one for each row execute function told.touch()',
  'alter table told.one disable trigger touch',
  'grant select (a) on told.one to app_writer',
  'grant select on told.one to app_writer',
  'alter table told.one owner to app_writer',
  'create view told.seen as select a from told.one',
  `create type told.mood as enum ('good')`,
  `alter type told.mood add value 'bad'`,
  'create domain told.small as int check (value < 10)',
  'create sequence told.numbers',
  'alter sequence told.numbers increment 2',
  'create table told.child () inherits (told.one)',
  'alter table told.child no inherit told.one',
  'create publication told for table told.one',
  'alter publication told set table told.child',
  'alter schema told rename to retold',
  'create role told',
  'alter role told rename to retold',
  'drop role retold',
  'drop publication told',
  'drop schema retold cascade',
];

describe('what could slip through', () => {
  let followed: Followed;
  let stage: Stage;
  beforeAll(async () => {
    followed = await follow(17);
    stage = await verifiedStage(followed);
  });
  afterAll(() => followed?.close());

  const onSource = (text: string, database = 'app') =>
    followed.stage.source.withAdmin(database, (session) => session.query(text));
  const onTarget = (text: string) => followed.target.withAdmin('app', (session) => session.query(text));
  const differences = () =>
    catalogDifferences(databaseOf(stage, 'app').pair.source, databaseOf(stage, 'app').pair.target);

  it('names a table that both sides have and no stream carries, until the stream does', async () => {
    expect(await differences()).toEqual([]);
    for (const run of [onSource, onTarget]) await run('create table later (id int primary key)');
    expect(await differences()).toEqual([expect.stringMatching(/table public\.later is not published/)]);
    const stream = streamName(MIGRATION_ID, 'app');
    await onSource(`alter publication ${stream} add table later`);
    expect(await differences()).toEqual([expect.stringMatching(/table public\.later is not followed/)]);
    await onTarget(`alter subscription ${stream} refresh publication with (copy_data = false)`);
    expect(await differences()).toEqual([]);
  });

  it('refuses a database that was made after the assessment', async () => {
    await assertNoOtherDatabases(stage);
    await onSource('create database newcomer', 'postgres');
    await expect(assertNoOtherDatabases(stage)).rejects.toMatchObject({ name: 'Blocked', message: /"newcomer"/ });
    await onSource('drop database newcomer', 'postgres');
    await assertNoOtherDatabases(stage);
  });

  it('begins no outage that the function could not end', () => {
    expect(() => assertTimeLeft(89_999, 60_000)).toThrow(NotReady);
    expect(() => assertTimeLeft(90_000, 60_000)).not.toThrow();
  });

  it('ends no session once the budget is over, because the source may be given back already', async () => {
    const client = await connect(followed, { user: 'app_writer', password: 'writer' });
    const over = new OutageClock(0);
    await expect(endOthers(stage, over, 1)).rejects.toThrow(CutoverAborted);
    await client.query('select 1');
    await client.end();
  });

  it('counts the home database only when it holds relations of users', async () => {
    const without = { ...stage, names: stage.names.filter((name) => name !== 'postgres') };
    await expect(assertNoOtherDatabases(without)).rejects.toMatchObject({ name: 'Blocked', message: /"postgres"/ });
  });

  it('sets as many sequences as there are', async () => {
    const make = `create schema many authorization app_owner; set role app_owner; do $$ begin for n in 1..1200 loop
      execute format('create sequence many.s%s start with %s', n, n); end loop; end $$; reset role`;
    for (const run of [onSource, onTarget]) await run(make);
    await onSource(`select nextval('many.s' || n) from generate_series(1, 1200, 7) n`);
    expect(await setSequences(await openedAnew(stage))).toBeGreaterThanOrEqual(1_200);
    const states = `select string_agg(last_value::text, ',' order by sequencename) as states from pg_sequences where schemaname = 'many'`;
    expect((await onTarget(states)).rows).toEqual((await onSource(states)).rows);
  });

  it.each([
    'create table newest (id int)',
    'alter table keyless add more text',
    `create table parted_2 partition of parted for values from ('2022-01-01') to ('2023-01-01')`,
    'create sequence numbers',
    'create function one() returns int language sql as $$ select 1 $$',
    'create or replace function one() returns int language sql as $$ select 2 $$',
    'grant select on keyless to app_writer',
    'create role newcomer login',
  ])('aborts when definitions change after they were compared: %s', async (change) => {
    const opened = await openedAnew(stage);
    await assertSameDefinitions(opened);
    await onSource(change);
    await expect(assertSameDefinitions(opened)).rejects.toThrow(CutoverAborted);
  });

  it('tells every kind of changed definition from the one before', async () => {
    const { source } = databaseOf(stage, 'app').pair;
    const unnoticed: string[] = [];
    let before = await catalogDigest(source);
    for (const change of CHANGES) {
      await onSource(change);
      const after = await catalogDigest(source);
      if (after === before) unnoticed.push(change);
      before = after;
    }
    expect(unnoticed).toEqual([]);
  });

  it('does not mistake the work of applications and maintenance for changed definitions', async () => {
    const opened = await openedAnew(stage);
    for (const work of [
      'truncate scratch',
      'insert into keyless (body) values (1)',
      'analyze',
      'vacuum full uniquely',
      'reindex table uniquely',
      'create temp table passing (id int)',
      'alter role newcomer nologin',
    ]) {
      await onSource(work);
    }
    await assertSameDefinitions(opened);
  });

  it('waits for a login that passed its check before the fence, and closes roles whose names look like RDS’s', async () => {
    await onSource(`create role rds_reports login password 'reports'; grant connect on database app to rds_reports;
      grant rds_reports to dbadmin with admin option; grant insert on keyless to app_writer`);
    const slow = connect(followed, { user: 'app_writer', password: 'writer', options: '-c post_auth_delay=1' });
    const wrote = slow.then((client) =>
      client.query(`insert into keyless (body) values ('late')`).finally(() => client.end()),
    );
    wrote.catch(() => undefined);
    await loggingIn(stage);
    const roles = await closeSource(stage);
    expect(roles).toEqual(['Odd Owner', 'app_writer', 'rds_reports']);
    await quietSource(stage, new OutageClock(30_000));
    const { rows } = await onSource(`select count(*)::int as n from keyless where body = 'late'`);
    await wrote.catch(() => undefined);
    const after = await onSource(`select count(*)::int as n from keyless where body = 'late'`);
    expect(after.rows).toEqual(rows);
    await expect(connect(followed, { user: 'rds_reports', password: 'reports' })).rejects.toMatchObject({
      code: '28000',
    });
  });
});

/** A stage right before the fence: taps open, nothing pending, both sides `verified`. */
async function verifiedStage(followed: Followed): Promise<Stage> {
  const world = followed.stage.world('cutover', followed.epoch);
  const source = followed.stage.server('source', followed.stage.source, world);
  const target = followed.stage.server('target', followed.target, world);
  for (const name of DATABASES) {
    await openTap(await source.session(name), MIGRATION_ID);
    await beginPendingKeys(await target.session(name));
  }
  await moveEverywhere(source, DATABASES, world.expect('replicating'), 'verified');
  await moveEverywhere(target, DATABASES, world.expect('replicating'), 'verified');
  const input = { epoch: followed.epoch, databases: [...DATABASES] };
  // No record is looked at here, so nobody asks where the two are reached.
  jest.spyOn(world, 'endpointOf').mockResolvedValue({ host: 'unused.example.test', port: 5432 });
  const instances = { source: { instanceId: 'source' } as never, target: { instanceId: 'target' } as never };
  const stage = await openStage(source, target, { ...input, ...instances }, world);
  await openDatabases(stage);
  return stage;
}

/** The same stage with its databases looked at now. */
async function openedAnew(stage: Stage): Promise<Stage> {
  const again: Stage = { ...stage, databases: [] };
  await openDatabases(again);
  return again;
}

function databaseOf(stage: Stage, name: string) {
  const found = stage.databases.find((database) => database.name === name);
  if (found === undefined) throw new Error(`${name} is not on the stage`);
  return found;
}

async function connect(
  followed: Followed,
  options: { user: string; password: string; options?: string },
): Promise<Client> {
  const ssl = { ca: followed.stage.authority.caPem, checkServerIdentity: () => undefined };
  const client = new Client({ host: '127.0.0.1', port: followed.stage.source.port, database: 'app', ssl, ...options });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Waits until a process that is not ready yet has come past its authentication. */
async function loggingIn({ sourceHome }: Stage): Promise<void> {
  for (let look = 0; look < 200; look += 1) {
    const { present } = await sourceHome.one<{ present: boolean }>({
      text: `select exists (select from pg_locks l where l.locktype = 'virtualxid' and l.pid <> pg_backend_pid()
        and not exists (select from pg_stat_activity a where a.pid = l.pid)) as present`,
    });
    if (present) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('nobody logs in');
}
