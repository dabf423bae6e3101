/**
 * How fast the scan is, beside what it replaces, on the same data in one run: `pg_dump` of the same tables to nowhere, and finding
 * damaged rows by a loop that reads row by row.
 */
import type { Client } from 'pg';
import type { Report } from '../report/report';
import type { EvidenceFile } from '../run/evidence-files';
import { DEFAULT_OPTIONS, type Size } from '../run/options';
import { rehearse } from '../run/rehearse';
import { loseToastChunks } from '../sample/damage';
import { dumpMs, type PgDump } from './pg-dump';

/** Rows of the table in which damage is located, and how many of them are damaged. */
const ROWS = 1_000_000;
const BAD_ROWS = 10;

/** The table lies in this database of the sample. */
const DATABASE = 'lineage';
const TABLE = 'public.located';

/** What was measured. */
export interface ScanSpeed {
  /** From the plan to the conclusion, two workers, in milliseconds. */
  readonly scanMs: number;
  /** Dumping the same databases; null when there was no `pg_dump` that could. */
  readonly dumpMs: number | null;
  /** Of the tables, with their indexes. */
  readonly bytes: number;
}

/** How long finding the damaged rows took. */
export interface LocatingSpeed {
  /** Reading the table, finding that it fails, and where, by one worker. */
  readonly locatingMs: number;
  /** Reading the same table once while it was sound. */
  readonly readMs: number;
  readonly loopMs: number;
  readonly found: number;
}

/** Copies of the largest tables of the sample, made so often that what every scan costs at least does not decide. */
const COPIED = [
  { database: 'lineage', table: 'public.execution_event', owner: 'lineage_owner' },
  { database: 'catalog', table: 'assets.asset', owner: 'catalog_owner' },
] as const;

/** Scans a sound sample with `copies` copies of its largest tables. */
export async function measureScan(
  { size, copies }: { readonly size: Size; readonly copies: number },
  pgDump: PgDump | null,
  signal: AbortSignal,
): Promise<ScanSpeed> {
  let measured: number | null = null;
  let bytes = 0;
  const { report } = await rehearse({
    ...DEFAULT_OPTIONS,
    size,
    // A dump refuses a server that is newer than itself.
    sourceVersion: Math.min(pgDump?.major ?? DEFAULT_OPTIONS.sourceVersion, DEFAULT_OPTIONS.sourceVersion),
    targetVersion: Math.min(pgDump?.major ?? DEFAULT_OPTIONS.targetVersion, DEFAULT_OPTIONS.targetVersion),
    signal,
    writers: 0,
    stopAfter: 'scan',
    test: {
      prepare: async (database, session) => {
        for (const one of COPIED) if (one.database === database) await copyTable(session, one, copies);
        bytes += await tableBytes(session);
      },
      beforeMigration: async ({ source, databases }) => {
        if (pgDump !== null) measured = await dumpMs(source, databases);
      },
    },
  });
  return { scanMs: scanMs(report), dumpMs: measured, bytes };
}

async function copyTable(session: Client, { table, owner }: (typeof COPIED)[number], copies: number): Promise<void> {
  for (let copy = 1; copy <= copies; copy += 1) {
    const name = `${table}_copy_${copy}`;
    await session.query(`create table ${name} (like ${table} including indexes);
      alter table ${name} owner to ${owner};
      insert into ${name} select * from ${table}`);
    await session.query(`vacuum (analyze) ${name}`);
  }
}

async function tableBytes(session: Client): Promise<number> {
  const { rows } = await session.query<{ bytes: string }>(
    `select sum(pg_catalog.pg_total_relation_size(oid))::text as bytes from pg_catalog.pg_class
      where relkind = 'r' and oid >= 16384`,
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Scans the tiny sample with a table of a million rows, of which ten have lost a value. */
export async function measureLocating(signal: AbortSignal): Promise<LocatingSpeed> {
  let loopMs = Number.NaN;
  let readMs = Number.NaN;
  const { report, evidence } = await rehearse({
    ...DEFAULT_OPTIONS,
    size: 'tiny',
    signal,
    writers: 0,
    stopAfter: 'scan',
    test: {
      scanWorkers: 1,
      beforeMigration: async ({ source }) => {
        await source.withAdmin(DATABASE, async (session) => {
          await makeTable(session);
          readMs = await msOf(session, `select count(concat(id, title, body)) from ${TABLE}`);
          await damage(session);
          loopMs = await msOf(session, LOOP);
        });
      },
    },
  });
  return {
    locatingMs: readingMs(evidence),
    readMs,
    loopMs,
    found: report.scan.reduce((sum, { badRows }) => sum + badRows, 0),
  };
}

async function msOf(session: Client, text: string): Promise<number> {
  const startedAt = performance.now();
  await session.query(text);
  return performance.now() - startedAt;
}

/** What the scan says of the table in its evidence. */
function readingMs(evidence: readonly EvidenceFile[]): number {
  const file = evidence.find(({ name }) => name.endsWith('-scan.json'));
  const content = JSON.parse(String(file?.content ?? '{}')) as ScanEvidence;
  const tables = (content.databases ?? []).flatMap((database) => database.tables);
  return tables.find(({ name }) => name === '"public"."located"')?.ms ?? Number.NaN;
}

interface ScanEvidence {
  readonly databases?: readonly { readonly tables: readonly { readonly name: string; readonly ms: number }[] }[];
}

function scanMs({ states }: Report): number {
  const of = (state: string) => states.filter(({ machine, name }) => machine === 'scan' && name === state);
  const began = Date.parse(of('Plan the scan')[0]?.startedAt ?? '');
  const last = of('Conclude the scan').at(-1);
  return Date.parse(last?.startedAt ?? '') + (last?.ms ?? Number.NaN) - began;
}

async function makeTable(session: Client): Promise<void> {
  await session.query(`create table ${TABLE} (id int primary key, title text, body text);
    alter table ${TABLE} alter column body set storage external;
    insert into ${TABLE} select n, 'title ' || md5(n::text),
      case n % 1000 when 0 then repeat(md5(n::text), 100) else md5(n::text) end from generate_series(1, ${ROWS}) n;
    alter table ${TABLE} owner to lineage_owner`);
  await session.query(`vacuum (analyze) ${TABLE}`);
}

async function damage(session: Client): Promise<void> {
  const where = `id % ${ROWS / BAD_ROWS} = 0`;
  await loseToastChunks(session, { table: TABLE, column: 'body', where });
}

/** The procedure that operators know: a block with an exception handler for every row. */
const LOOP = `do $$
  declare place tid; bad int := 0;
  begin
    for place in select ctid from ${TABLE} loop
      begin
        perform count(t::text) from ${TABLE} t where t.ctid = place;
      exception when others then bad := bad + 1;
      end;
    end loop;
    if bad <> ${BAD_ROWS} then raise exception 'found %', bad; end if;
  end $$`;
