/**
 * Compares source and target table by table, on its own and after the writers have stopped, by another way than Sealift's.
 *
 * The source is as it was at the fence, the target has newer writes. Every row version of the target that is older than the
 * cutover (its `xmin` lies before the horizon) must stand on the source, byte for byte, and as often. Rows of the source
 * that are missing among them were changed between the horizon and now: the cutover's gate and the writers' books answer
 * for those. Rows are told apart by a 64-bit hash of their text under pinned settings; tables are cut into buckets of that
 * hash, so that only buckets that differ are read row by row.
 */
import type { Client } from 'pg';
import type { DatabaseReport } from '../report/report';
import type { PostgresServer } from '../servers/postgres-server';

/** What is compared. */
export interface Comparison {
  readonly source: Pick<PostgresServer, 'withAdmin'>;
  readonly target: PostgresServer;
  readonly databases: readonly string[];
  /** First transaction of the target that belongs to the cutover or came later. */
  readonly horizon: string;
}

interface TableFinding {
  readonly name: string;
  readonly rows: number;
  readonly rowsOnSource: number;
  readonly identical: number;
  /** Old rows of the target that the source does not hold. */
  readonly strangers: number;
}

/** Tables that hold rows of their own and that are replicated; unlogged content does not survive a restore by definition. */
const TABLES = `
  select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and c.relpersistence = 'p'
     and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'sealift')
   order by 1`;

const SETTINGS = `
  set datestyle = 'ISO'; set timezone = 'UTC'; set intervalstyle = 'postgres'; set extra_float_digits = 3;
  set bytea_output = 'hex'; set statement_timeout = 0; set search_path = pg_catalog`;

/** Buckets per table: few enough for small answers, enough that a hot table's cold rows stay out of the second look. */
const BUCKETS = 1024;

/** The present horizon: every transaction from here on is newer than what the target holds now. */
export async function readHorizon(target: PostgresServer): Promise<string> {
  return target.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ horizon: string }>(
      'select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text as horizon',
    );
    return rows[0]?.horizon ?? '0';
  });
}

/** Compares every table of every database. */
export async function compareDatabases(comparison: Comparison): Promise<DatabaseReport[]> {
  const reports: DatabaseReport[] = [];
  for (const name of comparison.databases) reports.push(await compareDatabase(comparison, name));
  return reports;
}

async function compareDatabase({ source, target, horizon }: Comparison, name: string): Promise<DatabaseReport> {
  return source.withAdmin(name, (onSource) =>
    target.withAdmin(name, async (onTarget) => {
      await Promise.all([onSource.query(SETTINGS), onTarget.query(SETTINGS)]);
      const [tables, targetTables] = await Promise.all([tablesOf(onSource), tablesOf(onTarget)]);
      const missing = tables.filter((table) => !targetTables.includes(table));
      const unknown = targetTables.filter((table) => !tables.includes(table));
      const findings: TableFinding[] = [];
      for (const table of tables) {
        if (!missing.includes(table)) findings.push(await compareTable(onSource, onTarget, table, horizon));
      }
      const different = findings.filter((found) => found.strangers > 0).map((found) => found.name);
      const sum = (of: (found: TableFinding) => number) => findings.reduce((total, found) => total + of(found), 0);
      return {
        name,
        tables: tables.length,
        rows: sum((found) => found.rows),
        rowsOnSource: sum((found) => found.rowsOnSource),
        bytes: await sizeOf(onTarget),
        rowsIdentical: sum((found) => found.identical),
        rowsChangedSince: sum((found) => found.rows - found.identical - found.strangers),
        mismatchedTables: [...different, ...missing, ...unknown],
      };
    }),
  );
}

async function compareTable(source: Client, target: Client, name: string, horizon: string): Promise<TableFinding> {
  const old = `xmin::text::bigint < ${BigInt(horizon) & 0xffffffffn}`;
  const [all, kept, rows] = await Promise.all([
    bucketsOf(source, name, 'true'),
    bucketsOf(target, name, old),
    countOf(target, name),
  ]);
  let identical = 0;
  const doubtful: number[] = [];
  for (const [bucket, here] of kept) {
    if (all.get(bucket)?.digest === here.digest) identical += here.rows;
    else doubtful.push(bucket);
  }
  let strangers = 0;
  if (doubtful.length > 0) {
    const [onSource, onTarget] = await Promise.all([
      hashesOf(source, name, 'true', doubtful),
      hashesOf(target, name, old, doubtful),
    ]);
    for (const [hash, count] of onTarget) {
      const common = Math.min(count, onSource.get(hash) ?? 0);
      identical += common;
      strangers += count - common;
    }
  }
  const rowsOnSource = [...all.values()].reduce((sum, bucket) => sum + bucket.rows, 0);
  return { name, rows, rowsOnSource, identical, strangers };
}

interface Bucket {
  readonly rows: number;
  readonly digest: string;
}

const HASH = 'hashtextextended(t.*::text, 0)';
const BUCKET = `(${HASH} & ${BUCKETS - 1})::int`;

async function bucketsOf(session: Client, name: string, where: string): Promise<Map<number, Bucket>> {
  const result = await session.query<{ bucket: number; rows: string; digest: string }>(
    `select bucket, count(*) as rows, count(*) || '/' || sum(hash::numeric) as digest
       from (select ${BUCKET} as bucket, ${HASH} as hash from only ${name} t where ${where}) as hashed
      group by bucket`,
  );
  return new Map(result.rows.map(({ bucket, rows, digest }) => [bucket, { rows: Number(rows), digest }]));
}

async function hashesOf(
  session: Client,
  name: string,
  where: string,
  buckets: readonly number[],
): Promise<Map<string, number>> {
  const result = await session.query<{ hash: string; rows: string }>(
    `select ${HASH}::text as hash, count(*) as rows from only ${name} t
      where ${where} and ${BUCKET} = any ($1::int[]) group by 1`,
    [buckets],
  );
  return new Map(result.rows.map(({ hash, rows }) => [hash, Number(rows)]));
}

async function tablesOf(session: Client): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(TABLES);
  return rows.map(({ name }) => name);
}

async function countOf(session: Client, name: string): Promise<number> {
  const { rows } = await session.query<{ rows: string }>(`select count(*) as rows from only ${name}`);
  return Number(rows[0]?.rows ?? 0);
}

async function sizeOf(session: Client): Promise<number> {
  const { rows } = await session.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
  return Number(rows[0]?.bytes ?? 0);
}
