import { createReadStream } from 'node:fs';
import { type Client, escapeIdentifier } from 'pg';
import { DumpError } from './dump-error';
import { type DumpFile, inspectDumpFile } from './dump-file';
import { type DumpItem, DumpReader } from './dump-reader';
import { DumpSession } from './dump-session';

const READ_BYTES = 1024 * 1024;
const PROGRESS_EVERY_MS = 100;

/** How far the loading is. */
export interface DumpProgress {
  readonly file: string;
  /** Bytes read, all files together, and in the end. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly statements: number;
  readonly rows: number;
}

/** What `loadDump` needs. */
export interface LoadDumpOptions {
  /** Opens a connected client as the master, which need not be a superuser; ended by the loader. */
  readonly connect: (database: string) => Promise<Client>;
  /** Database to load into; made when it does not exist. */
  readonly database: string;
  /** Plain dumps of one database, in the order of loading: the schema first. */
  readonly files: readonly string[];
  readonly onProgress?: (progress: DumpProgress) => void;
  /** Told in one line each: roles made, statements left out. */
  readonly onNotice?: (text: string) => void;
  /** Used only for extensions that RDS lets its master create and community PostgreSQL does not. @default none */
  readonly connectAsSuperuser?: (database: string) => Promise<Client>;
}

/** What was loaded. */
export interface LoadDumpResult {
  readonly database: string;
  readonly bytes: number;
  readonly statements: number;
  readonly rows: number;
  readonly notices: readonly string[];
}

interface Loading {
  readonly options: LoadDumpOptions;
  readonly notices: string[];
  readonly totalBytes: number;
  bytes: number;
  statements: number;
  rows: number;
  reportedAt: number;
  /** The database that `\connect` named. */
  connectedTo: string | null;
}

/**
 * Loads plain `pg_dump` output, schema, data or both, through an ordinary connection: no psql. Files are read as streams,
 * so their size does not matter. Throws a `DumpError` with file, line, kind and SQLSTATE of the first statement that
 * fails; all files are looked at before the first statement runs.
 */
export async function loadDump(options: LoadDumpOptions): Promise<LoadDumpResult> {
  if (options.files.length === 0) throw new Error('no dump was given: name at least one file');
  const files: DumpFile[] = [];
  for (const file of options.files) files.push(await inspectDumpFile(file));
  const loading: Loading = {
    options,
    notices: [],
    totalBytes: files.reduce((sum, file) => sum + file.bytes, 0),
    bytes: 0,
    statements: 0,
    rows: 0,
    reportedAt: 0,
    connectedTo: null,
  };
  await createDatabase(options);
  // A session per file, as psql has: what one file sets does not reach the next.
  for (const file of files) await withClient(options, options.database, (client) => loadFile(loading, file, client));
  await withClient(options, options.database, async (client) => {
    await client.query('analyze');
  });
  const { bytes, statements, rows, notices } = loading;
  return { database: options.database, bytes, statements, rows, notices };
}

async function loadFile(loading: Loading, file: DumpFile, client: Client): Promise<void> {
  const { options } = loading;
  const notice = (text: string) => {
    loading.notices.push(text);
    options.onNotice?.(text);
  };
  const { connectAsSuperuser, database } = options;
  const session = await DumpSession.begin({ client, database, file: file.path, notice, connectAsSuperuser });
  const reader = new DumpReader(createReadStream(file.path, { highWaterMark: READ_BYTES }), file.path);
  const before = { bytes: loading.bytes, statements: loading.statements, rows: loading.rows };
  const report = (last: boolean) => {
    loading.bytes = before.bytes + reader.bytes;
    loading.statements = before.statements + session.statements;
    loading.rows = before.rows + session.rows;
    reportProgress(loading, file.path, last);
  };
  // A long COPY is one statement: its progress is told by the clock.
  const timer = setInterval(() => report(false), PROGRESS_EVERY_MS);
  try {
    for (let item = await reader.next(); item; item = await reader.next()) {
      if (item.kind === 'statement') await session.run(item, reader);
      else if (runMetaCommand(loading, file.path, item))
        notice(`${file.path}:${item.line}: everything is loaded into ${database}`);
      report(false);
    }
    await session.flush();
    report(true);
  } finally {
    clearInterval(timer);
    await reader.close();
  }
}

/** What dumps hold for psql; says whether it changed the database, which the loader does not follow. */
function runMetaCommand(loading: Loading, file: string, item: DumpItem): boolean {
  const [command = '', argument = ''] = item.text.split(/\s+/);
  if (command === '\\restrict' || command === '\\unrestrict') return false;
  const place = { file, line: item.line, statementKind: command };
  if (command !== '\\connect' && command !== '\\c') {
    throw new DumpError(place, 'this psql command cannot be run', 'dump with pg_dump --format=plain');
  }
  const wanted = item.text.match(/dbname='?"?([^'"\s]+)/)?.[1] ?? argument.replace(/^"(.*)"$/, '$1');
  if (wanted === 'template1' || wanted === 'postgres' || wanted === '-') return false;
  if (loading.connectedTo !== null && loading.connectedTo !== wanted) {
    throw new DumpError(
      place,
      'the dump holds several databases',
      'dump the one to rehearse with pg_dump, not pg_dumpall',
    );
  }
  loading.connectedTo = wanted;
  return wanted !== loading.options.database;
}

function reportProgress(loading: Loading, file: string, last: boolean): void {
  const now = Date.now();
  if (!last && now - loading.reportedAt < PROGRESS_EVERY_MS) return;
  loading.reportedAt = now;
  const { bytes, totalBytes, statements, rows } = loading;
  loading.options.onProgress?.({ file, bytes, totalBytes, statements, rows });
}

async function createDatabase(options: LoadDumpOptions): Promise<void> {
  await withClient(options, 'postgres', async (client) => {
    const known = await client.query('select from pg_catalog.pg_database where datname = $1', [options.database]);
    if (known.rowCount === 0) await client.query(`create database ${escapeIdentifier(options.database)}`);
  });
}

async function withClient(
  options: LoadDumpOptions,
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
