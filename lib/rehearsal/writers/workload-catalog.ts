import { RolledBack, type Transaction, type Workload } from './transaction';

/** Rows with these numbers exist in every size of the sample. */
const SEEDED = 40;

async function countUsage(tx: Transaction): Promise<void> {
  await tx.query('count usage', 'update assets.asset set usage_count = usage_count + 1 where id = $1', [tx.pick(4)]);
}

async function renameAsset(tx: Transaction): Promise<void> {
  await tx.query(
    'rename asset',
    `update assets.asset set name = $2, properties = jsonb_set(properties, '{renamed}', to_jsonb($3::bigint)) where id = $1`,
    [tx.pick(SEEDED), `renamed by ${tx.writer}`, tx.number],
  );
}

async function addAsset(tx: Transaction): Promise<void> {
  const [asset] = await tx.query<{ id: string }>(
    'add asset',
    `insert into assets.asset (data_source_id, parent_id, kind, name, labels, size, created_at, updated_at)
     values ($1, $2, 'table', $3, array['new', null], row(1.5, null), now(), now()) returning id`,
    [tx.pick(40), tx.pick(SEEDED), `asset ${tx.writer}-${tx.number}`],
  );
  tx.gave('assets.asset.id', asset?.id);
  const columns = await tx.query<{ id: number }>(
    'add columns',
    `insert into assets.asset_column (asset_id, "position", name, numbers)
     select $1, n, 'column ' || n, array[n, null] from generate_series(0, 2) n returning id`,
    [asset?.id],
  );
  for (const { id } of columns) tx.gave('assets.asset_column.id', id);
}

async function addProfile(tx: Transaction): Promise<void> {
  await tx.query(
    'add profile',
    `insert into profiling.profile (id, asset_id, profiled_at, row_count, sample)
     values (1000000000 + $1::bigint * 100000000 + $2::bigint, $3, now(), 1, repeat(md5($2::text), 200))`,
    [tx.writer, tx.number, tx.pick(SEEDED)],
  );
}

/** The TOASTed sample does not change and so does not travel with the row (fault 58). */
async function updateProfile(tx: Transaction): Promise<void> {
  await tx.query('update profile', 'update profiling.profile set row_count = row_count + 1 where id = $1', [
    tx.pick(SEEDED),
  ]);
}

/** Moves a row to another partition, which travels as a delete and an insert, TOASTed sample included. */
async function moveProfile(tx: Transaction): Promise<void> {
  await tx.query(
    'move profile',
    `update profiling.profile set profiled_at = timestamptz '2025-09-01 00:00:00+00' + $2 * interval '9 days' where id = $1`,
    [tx.pick(SEEDED), tx.pick(20)],
  );
}

async function upsertSample(tx: Transaction): Promise<void> {
  await tx.query(
    'upsert sample',
    `insert into profiling.value_sample (asset_id, number, value) values ($1, $2, $3)
     on conflict (asset_id, number) do update set value = excluded.value, state = 'seen'`,
    [tx.pick(SEEDED), 100_000_000 + tx.pick(200), `value ${tx.number}`],
  );
}

async function moveSample(tx: Transaction): Promise<void> {
  await tx.query(
    'move sample',
    `update profiling.value_sample set asset_id = 1 + asset_id % 40
     where (asset_id, number) in (select asset_id, number from profiling.value_sample where asset_id = $1 and number < 100000000 order by number limit 1)`,
    [tx.pick(SEEDED)],
  );
}

async function updateBlob(tx: Transaction): Promise<void> {
  const rewrite = tx.pick(4) === 1;
  await tx.query(
    rewrite ? 'rewrite blob' : 'touch blob',
    rewrite
      ? `update profiling.blob set content = sha512(convert_to($2::text, 'UTF8')) || '\\x00ff5c' where id = md5('blob ' || $1::integer)::uuid`
      : `update profiling.blob set revision = revision + 1, media_type = 'type ' || $2::bigint where id = md5('blob ' || $1::integer)::uuid`,
    [tx.pick(10), tx.number],
  );
}

async function annotate(tx: Transaction): Promise<void> {
  const [annotation] = await tx.query<{ ticket: string }>(
    'annotate',
    'insert into assets.annotation (asset_id, body, written_at) values ($1, $2, now()) returning substr(ticket, 3) as ticket',
    [tx.pick(SEEDED), `  Annotation ${tx.writer} `],
  );
  tx.gave('assets.ticket_number', annotation?.ticket);
}

async function useSequences(tx: Transaction): Promise<void> {
  const [values] = await tx.query<{ countdown: string; cached: string; stride: string }>(
    'use sequences',
    `select nextval('assets.countdown') as countdown, nextval('assets.cached_number') as cached,
            nextval('assets."Stride 10"') as stride, nextval('assets.shift')`,
  );
  tx.gave('assets.countdown', values?.countdown);
  tx.gave('assets.cached_number', values?.cached);
  tx.gave('assets.Stride 10', values?.stride);
}

async function useOddNames(tx: Transaction): Promise<void> {
  const [row] = await tx.query<{ Id: number }>(
    'insert odd name',
    'insert into "Odd Names"."Mixed Case" ("$1", "%I", "列") values ($1, $2, null) returning "Id"',
    [`$1 ${tx.number}`, '%I'],
  );
  tx.gave('Mixed Case.Id', row?.Id);
  await tx.query('update odd name', `update "Odd Names"."Mixed Case" set " blank " = $2 where "Id" = $1`, [
    tx.pick(SEEDED),
    '; --',
  ]);
}

async function rate(tx: Transaction): Promise<void> {
  await tx.query('rate', 'insert into assets.rating (asset_id, rater, stars) values ($1, $2, $3)', [
    tx.pick(SEEDED),
    `rater ${tx.writer}-${tx.number}`,
    tx.pick(5),
  ]);
  await tx.query('change rating', `update assets.rating set stars = 1 + stars % 5 where asset_id = $1 and rater = $2`, [
    1 + (tx.pick(SEEDED) % SEEDED),
    `rater ${tx.pick(SEEDED)}`,
  ]);
}

async function rotateCredential(tx: Transaction): Promise<void> {
  await tx.query(
    'rotate credential',
    `update vault.credential set secret = sha256(convert_to($2::text, 'UTF8')), attributes = attributes || jsonb_build_object('rotated', $2::bigint)
     where tenant = 'tenant ' || $1::integer % 5 and label = 'Credential ' || $1::integer`,
    [tx.pick(SEEDED), tx.number],
  );
}

async function deleteAsset(tx: Transaction): Promise<void> {
  await tx.query(
    'delete asset',
    `delete from assets.asset where id = (
       select id from assets.asset where id > greatest($1::bigint, (select max(id) - 500 from assets.asset)) order by id limit 1 for update skip locked)`,
    [SEEDED],
  );
}

async function rollBackPart(tx: Transaction): Promise<void> {
  await tx.query('savepoint', 'savepoint part');
  await upsertSample(tx);
  await addAsset(tx);
  await tx.query('rollback to', 'rollback to savepoint part');
  await countUsage(tx);
  await tx.query('savepoint', 'savepoint part');
  await annotate(tx);
  await tx.query('release', 'release savepoint part');
}

async function rollBack(tx: Transaction): Promise<void> {
  await addAsset(tx);
  await useSequences(tx);
  throw new RolledBack('the application changed its mind');
}

async function writeManyRows(tx: Transaction): Promise<void> {
  await tx.query(
    'write many rows',
    `insert into profiling.value_sample (asset_id, number, value)
     select 1 + n % 40, 200000000 + $1::integer * 1000000 + ($2::integer % 1000) * 1000 + n, repeat('many ', 50) from generate_series(1, 400) n
     on conflict (asset_id, number) do update set value = excluded.value || ' again'`,
    [tx.writer, tx.number],
  );
}

/** What the application does in `catalog`, each with how often in a hundred writes. */
export const CATALOG_WORKLOADS: readonly { readonly share: number; readonly workload: Workload }[] = [
  { share: 20, workload: countUsage },
  { share: 8, workload: renameAsset },
  { share: 10, workload: addAsset },
  { share: 6, workload: addProfile },
  { share: 6, workload: updateProfile },
  { share: 3, workload: moveProfile },
  { share: 10, workload: upsertSample },
  { share: 3, workload: moveSample },
  { share: 5, workload: updateBlob },
  { share: 6, workload: annotate },
  { share: 4, workload: useSequences },
  { share: 4, workload: useOddNames },
  { share: 3, workload: rate },
  { share: 4, workload: rotateCredential },
  { share: 2, workload: deleteAsset },
  { share: 3, workload: rollBackPart },
  { share: 2, workload: rollBack },
  { share: 1, workload: writeManyRows },
];
