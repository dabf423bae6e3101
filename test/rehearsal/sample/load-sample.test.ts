import type { Client } from 'pg';
import {
  loadSample,
  SAMPLE_NOW,
  type SampleProgress,
  type SampleResult,
} from '../../../lib/rehearsal/sample/load-sample';
import { SAMPLE_DATABASES } from '../../../lib/rehearsal/sample/roles';
import { type SampleSize, SCALES } from '../../../lib/rehearsal/sample/sizes';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { connect, type RehearsedRun, startRun } from '../servers/rehearsed-run';
import { contentOf, MASTER, PASSWORDS, sequencesOf } from './sample-content';

interface Loaded {
  readonly server: PostgresServer;
  readonly result: SampleResult;
  readonly progress: readonly SampleProgress[];
  open(database: string, user?: string): Promise<Client>;
}

let rehearsed: RehearsedRun;
const clients: Client[] = [];

async function load(major: number, size: SampleSize): Promise<Loaded> {
  const server = await rehearsed.create(major);
  await server.start();
  await shapeAsRds(server, MASTER);
  const progress: SampleProgress[] = [];
  const result = await loadSample({
    connect: (database) => connect(server, { user: MASTER.masterUsername, password: MASTER.masterPassword, database }),
    size,
    passwords: PASSWORDS,
    onProgress: (step) => progress.push(step),
  });
  const open = async (database: string, user: string = MASTER.masterUsername) => {
    const password = user === MASTER.masterUsername ? MASTER.masterPassword : PASSWORDS[user as keyof typeof PASSWORDS];
    const client = await connect(server, { user, password, database });
    clients.push(client);
    return client;
  };
  return { server, result, progress, open };
}

let on17: Loaded;
let catalog: Client;
let lineage: Client;
beforeAll(async () => {
  rehearsed = await startRun();
  on17 = await load(17, 'tiny');
  catalog = await on17.open('catalog');
  lineage = await on17.open('lineage');
});
afterAll(async () => {
  for (const client of clients) await client.end();
  await rehearsed.run.stopAll();
});

async function column(client: Client, text: string, values: unknown[] = []): Promise<unknown[]> {
  const result = await client.query<unknown[]>({ text, values, rowMode: 'array' });
  return result.rows.map((row) => row[0]);
}

test('holds the same rows and sequence positions in every load, on 17 and on 15', async () => {
  const [again, on15] = [await load(17, 'tiny'), await load(15, 'tiny')];
  for (const database of ['catalog', 'lineage']) {
    const first = await (database === 'catalog' ? catalog : lineage);
    const content = await contentOf(first);
    expect(Object.keys(content).length).toBeGreaterThan(15);
    for (const other of [again, on15]) {
      const client = await other.open(database);
      expect(await contentOf(client)).toEqual(content);
      expect(await sequencesOf(client)).toEqual(await sequencesOf(first));
    }
  }
});

test('is loaded by a master that is no superuser, and belongs to the owners', async () => {
  expect(await column(catalog, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([false]);
  for (const [name, { owner }] of Object.entries(SAMPLE_DATABASES)) {
    const owners = await column(
      name === 'catalog' ? catalog : lineage,
      `select distinct pg_get_userbyid(relowner)::text from pg_class
       where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'`,
    );
    expect(owners).toEqual([owner]);
  }
});

test.each(['tiny', 'small'] as const)('occupies what %s promises, within 30 percent', async (size) => {
  const loaded = size === 'tiny' ? on17 : await load(17, size);
  const bytes = loaded.result.databases.reduce((sum, database) => sum + database.bytes, 0);
  expect(bytes / SCALES[size].expectedBytes).toBeGreaterThan(0.7);
  expect(bytes / SCALES[size].expectedBytes).toBeLessThan(1.3);
});

test('tells its progress, which never goes back and ends with every row', () => {
  const rows = on17.progress.map((step) => step.rows);
  expect(rows).toEqual([...rows].sort((a, b) => a - b));
  expect(on17.progress.at(-1)).toMatchObject({ rows: on17.progress[0]?.totalRows, doing: 'done' });
});

test('has every kind of replica identity, tables without any key, and an unlogged one', async () => {
  const identities = await column(
    catalog,
    `select distinct relreplident from pg_class where relkind = 'r' and relnamespace = 'assets'::regnamespace order by 1`,
  );
  expect(identities).toEqual(['d', 'f', 'i']);
  const keyless = await column(
    catalog,
    `select relname::text from pg_class c where relkind = 'r' and relnamespace = 'assets'::regnamespace and relreplident = 'd'
     and not exists (select from pg_index where indrelid = c.oid and indisunique and indimmediate and indpred is null) order by 1`,
  );
  expect(keyless).toEqual(['asset_history', 'rating']);
  expect(
    await column(catalog, `select relname::text from pg_class where relpersistence = 'u' and relkind = 'r'`),
  ).toEqual(['scratch']);
});

test('has identifiers of exactly 63 bytes, none of them cut', async () => {
  const names = await column(
    catalog,
    `select relname::text from pg_class where relnamespace = '"Odd Names"'::regnamespace and relkind = 'r' and octet_length(relname) = 63`,
  );
  expect(names).toHaveLength(2);
  const columns = await column(
    catalog,
    `select attname::text from pg_attribute where attrelid = '"Odd Names"."Mixed Case"'::regclass and attnum > 1 order by attnum`,
  );
  expect(columns).toEqual(expect.arrayContaining(['$1', '%I', 'quo"te', "it's", 'line\nbreak', '列']));
});

test('has events exactly at, just before and just after each retention boundary', async () => {
  for (const boundary of ['30 days', '5 months', '6 months']) {
    const distances = await column(lineage, `set timezone = 'UTC'`).then(() =>
      column(
        lineage,
        `select extract(epoch from occurred_at - ($1::timestamptz - $2::interval))::text from public.execution_event where id <= 15
         and abs(extract(epoch from occurred_at - ($1::timestamptz - $2::interval))) < 7200 order by occurred_at`,
        [SAMPLE_NOW, boundary],
      ),
    );
    expect(distances.map(Number)).toEqual([-3600, -1e-6, 0, 1e-6, 3600]);
  }
});

test('has foreign keys in a cycle, partitions of both kinds with a default, and triggers of every mode', async () => {
  const cycle = await column(
    catalog,
    `select conname::text from pg_constraint where contype = 'f' and condeferrable and
     array['assets.data_source'::regclass::oid, 'assets.asset'::regclass::oid] @> array[conrelid, confrelid] order by 1`,
  );
  expect(cycle).toEqual(['asset_data_source', 'data_source_default_asset']);
  expect(await column(catalog, 'select partstrat from pg_partitioned_table order by 1')).toEqual(['h', 'r']);
  expect(await column(catalog, 'select count(*)::int from pg_partitioned_table where partdefid <> 0')).toEqual([1]);
  const modes = await column(catalog, 'select distinct tgenabled from pg_trigger where not tgisinternal order by 1');
  expect(modes).toEqual(['A', 'D', 'O']);
});

test('keeps the secrets from reporting by column grants and row security', async () => {
  const reporting = await on17.open('catalog', 'reporting');
  await expect(reporting.query('select secret from vault.credential')).rejects.toMatchObject({ code: '42501' });
  const [seen] = await column(reporting, 'select count(label)::int from vault.credential');
  const [all] = await column(catalog, 'select count(*)::int from vault.credential');
  expect(seen).toBe(Number(all) / 2);
});

test('fails to let in a role that was shut out before', async () => {
  await expect(on17.open('catalog', 'retired_service')).rejects.toMatchObject({ code: '28000' });
});
