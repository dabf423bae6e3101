/**
 * How fast the scan is, beside what it replaces, on the same data in one run: reading everything through a connection, as a dump
 * does (the bundled servers bring no pg_dump: `COPY … TO STDOUT` of the same tables, thrown away here), and finding damaged rows by
 * a loop that reads row by row.
 */
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Report } from '../report/report';
import type { EvidenceFile } from '../run/evidence-files';
import { DEFAULT_OPTIONS, type Size } from '../run/options';
import { rehearse } from '../run/rehearse';
import { loseToastChunks } from '../sample/damage';
import type { PostgresServer } from '../servers/postgres-server';

/** Rows of the table in which damage is located, and how many of them are damaged. */
const ROWS = 1_000_000;
const BAD_ROWS = 10;

/** The table lies in this database of the sample. */
const DATABASE = 'lineage';
const TABLE = 'public.located';

/** What was measured, in milliseconds. */
export interface ScanSpeed {
  /** From the plan to the conclusion, two workers. */
  readonly scanMs: number;
  /** Copying the same tables to nowhere, one connection after the other, as one pg_dump does. */
  readonly copyMs: number;
}

/** How long finding the damaged rows took. */
export interface LocatingSpeed {
  /** Reading the table, finding that it fails, and where; all workers together. */
  readonly locatingMs: number;
  /** Reading the same table once while it was sound. */
  readonly readMs: number;
  readonly loopMs: number;
  readonly found: number;
}

/** Scans a sound sample. */
export async function measureScan(size: Size, signal: AbortSignal): Promise<ScanSpeed> {
  let copyMs = Number.NaN;
  const { report } = await rehearse({
    ...DEFAULT_OPTIONS,
    size,
    signal,
    writers: 0,
    stopAfter: 'scan',
    test: {
      beforeMigration: async ({ source, databases }) => {
        await copyAll(source, databases);
        const startedAt = performance.now();
        await copyAll(source, databases);
        copyMs = performance.now() - startedAt;
      },
    },
  });
  return { scanMs: scanMs(report), copyMs };
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

async function copyAll(server: PostgresServer, databases: readonly string[]): Promise<void> {
  for (const database of databases) {
    await server.withAdmin(database, async (session) => {
      const { rows } = await session.query<{ name: string }>(
        `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_class c
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
      );
      for (const { name } of rows) await pipeline(session.query(copyTo(`copy ${name} to stdout`)), nowhere());
    });
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
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
