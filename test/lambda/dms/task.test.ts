import { advanceTask, endTasks, type TaskStand, type WantedTask } from '../../../lambda/dms/task';
import type { TaskChoices } from '../../../lambda/dms/task-settings';
import { dmsNames } from '../../../lambda/platform/names';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import {
  type Databases,
  DmsStage,
  rowsOf,
  SECRETS_ROLE,
  untilEqual,
} from '../../rehearsal/control-plane/support/dms-stage';
import { REGION } from '../../rehearsal/control-plane/support/local-aws';

const CHOICES: TaskChoices = {
  lob: { mode: 'limited', maxKib: 64 },
  batchApply: false,
  validation: true,
  parallelLoads: 4,
};

const SINCE = '2026-01-02T03:04:05.678Z';
const LATER = '2026-01-02T03:04:05.679Z';

let stage: DmsStage;
let serial = 0;

beforeAll(async () => {
  stage = await DmsStage.start();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: stage.aws.plane.endpointUrl,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: OPERATOR_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: 'unused',
  });
}, 60_000);

afterAll(async () => {
  await stage?.close();
});

/** A task over tables of schema `public`, with a slot of its own. */
async function wantedFor({ name, source }: Databases, tables: readonly string[], more: Partial<WantedTask> = {}) {
  const slot = `sealift_task_${++serial}`;
  const { rows } = await source.query<{ lsn: string }>(
    "select lsn::text from pg_create_logical_replication_slot($1, 'test_decoding')",
    [slot],
  );
  const wanted: WantedTask = {
    migrationId: 'demo-',
    database: name,
    instanceArn: stage.instance.arn,
    certificateArn: stage.certificate.arn,
    source: { secretArn: 'source', roleArn: SECRETS_ROLE },
    target: { secretArn: 'target', roleArn: SECRETS_ROLE },
    since: SINCE,
    slot,
    form: 'full-load-and-cdc',
    startLsn: null,
    way: { way: 'replica' },
    tables: tables.map((table) => ({ schema: 'public', name: table })),
    generated: [],
    choices: CHOICES,
    tags: { 'sealift:id': 'demo' },
    ...more,
  };
  return { wanted, slotLsn: rows[0]?.lsn ?? '' };
}

/** Asks again as the machine does. */
async function untilLoaded(wanted: WantedTask): Promise<readonly TaskStand[]> {
  const stands: TaskStand[] = [];
  // A look that never leads on ends by the test's own time.
  while (stands.at(-1)?.stand !== 'loaded') {
    stands.push(await advanceTask(wanted));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return stands;
}

async function untilGone(database: string): Promise<void> {
  while (!(await endTasks('demo-', database, LATER)).gone) await new Promise((resolve) => setTimeout(resolve, 20));
}

const tasksNamed = (database: string) =>
  stage.aws.plane.dms.tasks.list().filter(({ identifier }) => identifier === dmsNames('demo-', database, SINCE).task);

const PEOPLE = 'create table people (id int primary key, name text, "Vip" boolean, code char(5));';

it('loads every table and follows, makes one task however often it is asked, and leaves nothing', async () => {
  const databases = await stage.databases(
    `${PEOPLE} create table "odd %_[" (id int primary key); create table not_ours (id int)`,
  );
  const { source, target, name } = databases;
  await source.query(
    `insert into people select i, repeat('x', i), i % 2 = 0, 'a' from generate_series(1, 300) i;
     insert into "odd %_[" values (1); insert into not_ours values (1)`,
  );
  const { wanted, slotLsn } = await wantedFor(databases, ['people', 'odd %_[']);
  expect(slotLsn).not.toBe('');
  await source.query("insert into people values (1000, 'behind the slot', true, 'b')");
  const stands = await untilLoaded(wanted);
  expect(stands.at(-1)?.progress).toMatchObject({ loaded: 2, waiting: 0, broken: [], missing: [] });
  expect(tasksNamed(name)).toHaveLength(1);
  await source.query(`update people set name = 'changed' where id = 5; insert into "odd %_[" values (2)`);
  for (const table of ['people', '"odd %_["']) await untilEqual(databases, table);
  expect(await rowsOf(target, 'not_ours')).toEqual([]);
  const [task] = tasksNamed(name);
  stage.aws.plane.dms.tasks.stop(task?.arn ?? '');
  await source.query("insert into people values (2000, 'while stopped', false, 'c')");
  await untilLoaded(wanted);
  await untilEqual(databases, 'people');
  expect(await advanceTask({ ...wanted, tables: [] }).catch((error: Error) => error.message)).toContain('other tables');
  // A call of before this seeding, which arrives late, ends nothing of it.
  expect(await endTasks('demo-', name, SINCE)).toEqual({ gone: true });
  expect(tasksNamed(name)).toMatchObject([{ status: 'running' }]);
  await untilGone(name);
  await untilGone(name);
  expect(tasksNamed(name)).toEqual([]);
  expect(stage.aws.plane.dms.endpoints.list().filter(({ databaseName }) => databaseName === name)).toEqual([]);
  // The slot is whoever's who made it.
  const { rows } = await source.query('select from pg_replication_slots where slot_name = $1', [wanted.slot]);
  expect(rows).toHaveLength(1);
  expect(stage.aws.refusals).toEqual([]);
}, 60_000);

it('follows from a position of before, when the rows came otherwise', async () => {
  const databases = await stage.databases(PEOPLE);
  const { source, target, name } = databases;
  const { wanted, slotLsn } = await wantedFor(databases, ['people'], { form: 'cdc' });
  for (const side of [source, target]) await side.query("insert into people values (1, 'in the snapshot', true, 'a')");
  const { rows } = await source.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
  await source.query("insert into people values (2, 'behind it', true, 'a')");
  expect(slotLsn).not.toBe('');
  await untilLoaded({ ...wanted, startLsn: rows[0]?.lsn ?? null });
  await untilEqual(databases, 'people');
  expect(await rowsOf(target, 'people')).toHaveLength(2);
  await untilGone(name);
});

it('fails by name on a value that would be cut, a table that is missing, a login that does not work', async () => {
  const large = await stage.databases(PEOPLE);
  await large.source.query("insert into people values (1, repeat('y', 70000), true, 'a')");
  const { wanted } = await wantedFor(large, ['people']);
  await expect(untilLoaded(wanted)).rejects.toThrow(/task sealift-[\w-]+ is failed: Stop Reason FATAL_ERROR/);
  await expect(untilLoaded(wanted)).rejects.toMatchObject({ name: 'Blocked' });
  const missing = await stage.databases(PEOPLE, 'create table people (id int)');
  await missing.target.query('drop table people');
  await expect(untilLoaded((await wantedFor(missing, ['people'])).wanted)).rejects.toThrow(
    '"public"."people": Table does not exist',
  );
  const closed = await stage.databases(PEOPLE);
  const wrong = await wantedFor(closed, ['people'], { target: { secretArn: 'nobody', roleArn: SECRETS_ROLE } });
  await expect(untilLoaded(wrong.wanted)).rejects.toThrow('the replication instance does not reach the endpoint');
  for (const { name } of [large, missing, closed]) await untilGone(name);
}, 60_000);
