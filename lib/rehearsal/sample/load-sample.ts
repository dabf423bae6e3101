import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Fill } from './fill';
import { assetRows, CATALOG_FILLS, LARGEST_BLOB } from './fill-catalog';
import { LINEAGE_FILLS } from './fill-lineage';
import { configureDatabase, createRoles, SAMPLE_DATABASES, type SampleDatabase, type SamplePasswords } from './roles';
import { type SampleSize, SCALES, type Scale } from './sizes';

/** The moment that the data pretend to be made at, unless told otherwise; fixed, so that every load is the same. */
export const SAMPLE_NOW = new Date('2026-01-15T12:00:00.000Z');

/** How far the loading is. */
export interface SampleProgress {
  readonly database: SampleDatabase;
  /** What is being done: a table's name, or `indexes and keys`. */
  readonly doing: string;
  /** Rows so far, both databases together, and in the end. */
  readonly rows: number;
  readonly totalRows: number;
  /** Bytes on disk so far, both databases together, and in the end; the latter is an estimate. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** What `loadSample` needs. */
export interface SampleOptions {
  /** Opens a connected client as the master: no superuser, but CREATEROLE and CREATEDB. */
  readonly connect: (database: string) => Promise<Client>;
  readonly size: SampleSize;
  readonly passwords: SamplePasswords;
  /** @default SAMPLE_NOW */
  readonly now?: Date;
  readonly onProgress?: (progress: SampleProgress) => void;
}

/** What was made. */
export interface SampleResult {
  readonly databases: readonly { readonly name: SampleDatabase; readonly rows: number; readonly bytes: number }[];
}

interface Loading {
  readonly options: SampleOptions;
  readonly scale: Scale;
  readonly now: Date;
  readonly totalRows: number;
  readonly rows: Record<SampleDatabase, number>;
  readonly bytes: Record<SampleDatabase, number>;
}

const FILLS: Readonly<Record<SampleDatabase, readonly Fill[]>> = { catalog: CATALOG_FILLS, lineage: LINEAGE_FILLS };

/**
 * Makes the sample: roles, and the databases `catalog` and `lineage`, filled on the server in committed batches. Two
 * loads of one size and moment hold the same bytes. The server must not have these roles and databases yet.
 */
export async function loadSample(options: SampleOptions): Promise<SampleResult> {
  const scale = SCALES[options.size];
  const fills = [...CATALOG_FILLS, ...LINEAGE_FILLS];
  const loading: Loading = {
    options,
    scale,
    now: options.now ?? SAMPLE_NOW,
    totalRows: fills.reduce((sum, fill) => sum + fill.rows(scale), 0),
    rows: { catalog: 0, lineage: 0 },
    bytes: { catalog: 0, lineage: 0 },
  };
  await withClient(options, 'postgres', async (client) => {
    await client.query(createRoles(options.passwords));
    for (const database of ['catalog', 'lineage'] as const) await client.query(`create database ${database}`);
  });
  // Both at once: the two cores of a small machine are then busy with inserts instead of waiting for commits.
  await settleAll([loadDatabase(loading, 'catalog'), loadDatabase(loading, 'lineage')]);
  const databases = (['catalog', 'lineage'] as const).map((name) => ({
    name,
    rows: loading.rows[name],
    bytes: loading.bytes[name],
  }));
  return { databases };
}

async function loadDatabase(loading: Loading, database: SampleDatabase): Promise<void> {
  await withClient(loading.options, database, async (client) => {
    await client.query(configureDatabase(database));
    // The session is the same whatever the server's and the database's settings are: the rows depend on the time zone.
    await client.query(`set timezone = 'UTC'; set synchronous_commit = off; set maintenance_work_mem = '256MB'`);
    if (database === 'catalog') await createExtension(client);
    await client.query(`set role ${SAMPLE_DATABASES[database].owner}`);
    for (const file of SCHEMA_FILES[database]) await client.query(sqlFile(file));
    await client.query(createPartitions(database, loading.now));
    for (const fill of FILLS[database]) await fillTable(client, loading, database, fill);
    await finish(client, loading, database);
    await client.query('reset role');
    // Done here, so that autovacuum has no reason to start during the rehearsal.
    await client.query('vacuum (analyze)');
    await report(client, loading, database, 'done');
  });
}

const SCHEMA_FILES: Readonly<Record<SampleDatabase, readonly string[]>> = {
  catalog: ['catalog-1-types', 'catalog-2-assets', 'catalog-3-profiling', 'catalog-4-names'],
  lineage: ['lineage-1-tables'],
};

async function finish(client: Client, loading: Loading, database: SampleDatabase): Promise<void> {
  if (database === 'catalog') {
    await client.query(LARGEST_BLOB, [loading.scale.largestBlobKib, loading.now]);
    await client.query(sqlFile('catalog-6-small-rows'));
    await report(client, loading, database, 'indexes and keys');
    await client.query(sqlFile('catalog-5-finish'));
    await client.query(CREATE_EXCLUSION);
    await client.query(`select setval('assets.asset_id_seq', $1)`, [assetRows(loading.scale)]);
    await client.query(`select setval('assets.asset_column_id_seq', (select max(id) from assets.asset_column))`);
    return;
  }
  await report(client, loading, database, 'indexes and keys');
  await client.query(sqlFile('lineage-2-finish'));
  await client.query(`
    select setval('public.execution_event_id_seq', (select max(id) from public.execution_event)),
           setval('public.expression_mention_id_seq', (select max(id) from public.expression_mention)),
           setval('public.metric_event_id_seq', (select max(id) from public.metric_event)),
           setval('public.run_number', 1000), setval('public.reverse_number', -501)`);
}

async function fillTable(client: Client, loading: Loading, database: SampleDatabase, fill: Fill): Promise<void> {
  const total = fill.rows(loading.scale);
  for (let first = 1; first <= total; first += fill.batchRows) {
    const last = Math.min(first + fill.batchRows - 1, total);
    await client.query(fill.text, [first, last, loading.now, total]);
    loading.rows[database] += last - first + 1;
    await report(client, loading, database, fill.table);
  }
}

/** Trusted extensions may be created by the owner of the database; where it is missing the sample does without. */
async function createExtension(client: Client): Promise<void> {
  await client.query(`
    do $$
    begin
      create extension if not exists btree_gist with schema public;
    exception when insufficient_privilege or undefined_file or feature_not_supported then
      raise notice 'btree_gist cannot be created here';
    end
    $$`);
}

const CREATE_EXCLUSION = `
  do $$
  begin
    if exists (select from pg_catalog.pg_extension where extname = 'btree_gist') then
      alter table assets.reservation add constraint reservation_once exclude using gist (room with =, during with &&);
    else
      alter table assets.reservation add constraint reservation_once
        exclude using gist (pg_catalog.int4range(pg_catalog.hashtext(room), pg_catalog.hashtext(room), '[]') with &&, during with &&);
    end if;
  end
  $$`;

/** One partition per month from six months before `now` to one after it; the rest is for the default partition. */
function createPartitions(database: SampleDatabase, now: Date): string {
  const table = database === 'catalog' ? 'profiling.profile' : 'public.metric_event';
  const month = (offset: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1)).toISOString();
  const partitions = [];
  for (let offset = -6; offset <= 1; offset += 1) {
    const name = `${table}_${month(offset).slice(0, 7).replace('-', '_')}`;
    partitions.push(
      `create table ${name} partition of ${table} for values from ('${month(offset)}') to ('${month(offset + 1)}');`,
    );
  }
  if (database === 'catalog')
    partitions.push('create table profiling.profile_rest partition of profiling.profile default;');
  return partitions.join('\n');
}

function sqlFile(name: string): string {
  return readFileSync(join(__dirname, 'sql', `${name}.sql`), 'utf8');
}

async function report(client: Client, loading: Loading, database: SampleDatabase, doing: string): Promise<void> {
  const { rows } = await client.query<{ bytes: string }>('select pg_database_size(current_database())::text as bytes');
  loading.bytes[database] = Number(rows[0]?.bytes ?? 0);
  loading.options.onProgress?.({
    database,
    doing,
    rows: loading.rows.catalog + loading.rows.lineage,
    totalRows: loading.totalRows,
    bytes: loading.bytes.catalog + loading.bytes.lineage,
    totalBytes: loading.scale.expectedBytes,
  });
}

async function withClient(
  options: SampleOptions,
  database: string,
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const client = await options.connect(database);
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

/** Waits for all, so that no connection is in use any more when one of them failed. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const failures = (await Promise.allSettled(work)).flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'the sample could not be loaded into either database');
}
