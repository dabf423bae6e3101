/** The copy road by a task of DMS: every step on real servers, the task in the stand-in. */
import type { Client } from 'pg';
import type { EvidencePointer } from '../../../lambda/contract/instance';
import { bringIndexesBack } from '../../../lambda/copy/bring-indexes-back';
import { makeDatabases } from '../../../lambda/copy/databases';
import { makeSchema } from '../../../lambda/copy/make-schema';
import { planSchema } from '../../../lambda/copy/plan-schema';
import { advanceDms } from '../../../lambda/dms/advance-dms';
import { endDms } from '../../../lambda/dms/end-dms';
import type { TaskPlan } from '../../../lambda/dms/ready';
import { readyDms } from '../../../lambda/dms/ready-dms';
import { DMS_ENGINE } from '../../../lambda/platform/engines/dms';
import { readEvidence } from '../../../lambda/platform/evidence';
import { dmsRole } from '../../../lambda/platform/names';
import type { Server } from '../../../lambda/platform/postgres';
import type { World } from '../../../lambda/platform/world';
import { catalogDifferences } from '../../../lambda/proof/catalog-diff';
import { pinSettings } from '../../../lambda/proof/row-hash';
import { subscribe } from '../../../lambda/replicate/subscribe';
import { watch } from '../../../lambda/replicate/watch';
import { prepare } from '../../../lambda/seed/prepare';
import { release } from '../../../lambda/seed/release';
import { authorizeByIam } from '../../../lib/rehearsal/control-plane/authorize-by-iam';
import { createIam } from '../../../lib/rehearsal/iam/iam';
import { putRole, SECRETS_ROLE } from '../../rehearsal/control-plane/support/dms-stage';
import { REGION } from '../../rehearsal/control-plane/support/local-aws';
import { type Asked, CopyRoad, MIGRATION_ID } from '../copy/copy-road';
import { MASTER } from '../copy/schema/pair';

/** A parent whose rows take their children along, a trigger that writes, a self-reference, partitions, odd names. */
const SHOP = `
  create schema "Odd ""schema""";
  create table customer (id int primary key, name text not null unique, boss int references customer, vip boolean);
  create table purchase (id serial primary key, customer int not null references customer on delete cascade, amount numeric(12,2),
    "Gross_%" int, twice numeric generated always as (amount * 2) stored);
  create index on purchase (amount);
  create table audit (id bigint generated always as identity primary key, what text);
  create function note() returns trigger language plpgsql as $$ begin insert into audit (what) values (tg_op || ' ' || coalesce(new.id, old.id)); return null; end $$;
  create trigger "Note" after insert or update or delete on purchase for each row execute function note();
  create table "Odd ""schema"""."Odd table" (id int primary key, at date not null);
  create rule "No ""old"" rows" as on update to "Odd ""schema"""."Odd table" where new.id < 0 do instead nothing;
  create table parted (id int, at date, primary key (id, at)) partition by range (at);
  create table parted_1 partition of parted for values from ('2020-01-01') to ('2021-01-01');
  insert into customer select n, 'customer ' || n, null, n % 2 = 0 from generate_series(1, 200) n;
  insert into purchase (customer, amount) select 1 + n % 200, n / 7.0 from generate_series(1, 1000) n;
  insert into parted select n, '2020-05-05' from generate_series(1, 50) n;`;

let road: CopyRoad;
const TIMEOUT_MS = 300_000;

beforeAll(async () => {
  const iam = createIam();
  putRole(iam, 'dms-vpc-role', 'dms.amazonaws.com', []);
  putRole(iam, 'dms-secrets', `dms.${REGION}.amazonaws.com`, [
    { actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], resource: '*' },
  ]);
  const aws = {
    authorize: authorizeByIam(iam),
    authorizeAssumeRole: (request: Parameters<typeof iam.authorizeAssumeRole>[0]) => iam.authorizeAssumeRole(request),
  };
  road = await CopyRoad.start([17, 17], ['shop'], { policy: { engine: 'dms' }, aws });
  const { secrets, dms } = road.aws.plane;
  const instance = dms.instances.create({
    identifier: 'mover',
    settings: { instanceClass: 'dms.t3.medium' },
    tags: new Map(),
  });
  await instance.settled;
  const certificate = dms.endpoints.importCertificate({
    identifier: 'servers',
    pem: `${road.pair.source.caPem}\n${road.pair.target.caPem}`,
  });
  road.dms = {
    replicationInstanceArn: instance.arn,
    secretsRoleArn: SECRETS_ROLE,
    certificateArn: certificate.arn,
    sourceSecretArn: secrets.create({ name: 'dms-source', value: '{}' }).arn,
    targetSecretArn: secrets.create({ name: 'dms-target', value: '{}' }).arn,
    lob: { mode: 'limited', maxKib: 64 },
    batchApply: false,
    validation: true,
    parallelLoads: 4,
  };
  await road.pair.run(
    'source',
    'postgres',
    `create role keeper nologin; grant keeper to ${MASTER.username} with admin option`,
  );
  await road.pair.run('source', 'shop', SHOP);
  // Whoever copies must be let into a database that is not open to everybody.
  await road.pair.run('source', 'postgres', 'revoke connect on database shop from public');
  await road.pair.run(
    'source',
    'shop',
    `do $$ declare t record; begin
      for t in select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname in ('public', 'Odd "schema"') loop
        execute format('alter table %s owner to keeper', t.name);
      end loop; end $$;
      grant usage on schema "Odd ""schema""" to keeper`,
  );
}, TIMEOUT_MS);

afterAll(() => road?.close());

interface Sides {
  readonly source: Server<'source'>;
  readonly target: Server<'target'>;
}

const within = <T>(recipe: (sides: Sides, asked: Asked, world: World) => Promise<T>) =>
  road.call('subscribe', async (asked, world) => {
    const [source, target] = await Promise.all([world.openSource(asked.source), world.openTarget(asked.target)]);
    return recipe({ source, target }, asked, world);
  });

const ready = () => road.call('ready-dms', (asked, world) => readyDms({ ...asked, seedLsn: null }, world));

const kept = async (plans: EvidencePointer | null) =>
  plans === null ? [] : ((await readEvidence(plans)) as { plans: TaskPlan[] }).plans;

/** Ends when `look` says so; a look that never does ends with the test. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const TABLES = ['customer', 'purchase', 'audit', '"Odd ""schema"""."Odd table"', 'parted'];

async function contents(side: 'source' | 'target'): Promise<readonly string[]> {
  const server = side === 'source' ? road.pair.source : road.pair.target;
  return server.withAdmin('shop', async (session) => {
    const sums: string[] = [];
    for (const table of TABLES) {
      const { rows } = await session.query<{ sum: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from ${table} t`,
      );
      sums.push(`${table} ${rows[0]?.sum}`);
    }
    return sums;
  });
}

/** Commits until it is told to end; what a parent takes along goes with it. */
function keepWriting(session: Client): () => Promise<void> {
  let going = true;
  const ended = (async () => {
    for (let n = 1_000; going; n++) {
      await session.query(
        `begin; insert into customer values (${n}, 'c${n}', ${1 + (n % 200)}, true);
         insert into purchase (customer, amount) values (${n}, 1), (${n}, 2);
         update purchase set amount = amount + 1 where id = ${1 + (n % 900)};
         delete from customer where id = ${n - 5};
         insert into "Odd ""schema"""."Odd table" values (${n}, '2020-01-01'); insert into parted values (${n}, '2020-06-06');
         ${n % 7 === 0 ? 'rollback' : 'commit'}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  })();
  return async () => {
    going = false;
    await ended;
  };
}

it(
  'loads and follows under load, with everything back that stood in the way, and leaves nothing',
  async () => {
    const { pair } = road;
    await road.begin('one');
    await road.call('prepare', prepare);
    await road.call('make-databases', makeDatabases);
    await road.call('plan-schema', planSchema);
    for (const part of ['before-rows', 'after-rows'] as const) {
      expect(await road.call('make-schema', (asked, world) => makeSchema({ ...asked, part }, world))).toMatchObject({
        left: 0,
      });
    }
    const writer = await pair.source.admin('shop');
    await writer.query(`set role ${MASTER.username}; reset role`);
    const stopWriting = keepWriting(writer);
    const { plans: pointer } = await ready();
    const plans = await kept(pointer);
    expect(plans).toMatchObject([{ form: 'full-load-and-cdc', way: 'removal', startLsn: null }]);
    expect(plans[0]?.tables).toContainEqual({ schema: 'sealift', name: 'marker' });
    expect(plans[0]?.tables).not.toContainEqual({ schema: 'public', name: 'parted' });
    expect(await kept((await ready()).plans)).toEqual(plans);
    await expect(
      road.call('subscribe', (asked, world) => subscribe({ ...asked, seedLsn: null }, world)),
    ).rejects.toThrow('copy them first');
    if (pointer === null) throw new Error('no task is planned');
    const advance = () => road.call('advance-dms', (asked, world) => advanceDms({ ...asked, plans: pointer }, world));
    await until(async () => (await advance()).loaded === 1);
    const left = await road.call('bring-indexes-back', bringIndexesBack);
    expect(left).toEqual({ left: 0 });
    await road.call('subscribe', (asked, world) => subscribe({ ...asked, seedLsn: null }, world));
    await until(async () => (await road.call('watch', watch)).caughtUp);
    await stopWriting();
    await until(async () => JSON.stringify(await contents('source')) === JSON.stringify(await contents('target')));
    const differences = () =>
      within(async ({ source, target }) => {
        const [one, other] = [await source.another('shop'), await target.another('shop')];
        await Promise.all([pinSettings(one), pinSettings(other)]);
        return catalogDifferences(one, other);
      });
    // What is away is no difference, and nothing else is.
    expect(await differences()).toEqual([]);
    await within(({ target }, { databases }, world) =>
      DMS_ENGINE.conclude(target, databases[0] ?? '', { world, expected: world.expect('replicating') }),
    );
    await pair.target.withAdmin('shop', async (session) => {
      const { rows } = await session.query<{ what: string }>(
        `select conname || ' ' || convalidated as what from pg_constraint where contype = 'f'
         union all select tgname || ' ' || tgenabled::text from pg_trigger where not tgisinternal
         union all select rulename || ' ' || ev_enabled::text from pg_rewrite where rulename ~ '^No' order by 1`,
      );
      expect(rows.map(({ what }) => what)).toEqual([
        'No "old" rows O',
        'Note O',
        'customer_boss_fkey false',
        'purchase_customer_fkey false',
      ]);
    });
    await expect(road.call('watch', watch)).rejects.toThrow('is gone');
    await road.call('release', (asked, world) => release({ ...asked, reason: 'the test ends' }, world));
    await until(
      async () =>
        (await road.call('end-dms', (asked, world) => endDms({ ...asked, before: new Date().toISOString() }, world)))
          .left === 0,
    );
    for (const side of ['source', 'target'] as const) {
      await pair[side].withAdmin('shop', async (session) => {
        const { rows } = await session.query(
          `select slot_name::text as left from pg_replication_slots where slot_name ~ 'sealift'
           union all select rolname::text from pg_roles where rolname = $1 or (rolname ~ '^sealift_' and $2 = 'source')`,
          [dmsRole(MIGRATION_ID), side],
        );
        expect(rows).toEqual([]);
      });
    }
  },
  TIMEOUT_MS,
);
