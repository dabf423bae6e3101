/** The schema of a database of the source, as pg_dump says it, parted into what the target runs and what it does not. */
import { Blocked } from '../../errors';
import { LEDGER_SCHEMA } from '../../platform/names';
import { pgDump } from '../../platform/pg-dump';
import type { DumpLimits } from '../../platform/pg-dump-bridge';
import type { Server } from '../../platform/postgres';
import { sqlStateOf } from '../../platform/postgres-error';
import { type Entry, entriesOf } from './entries';
import { type Filtered, filterEntries, refuseLostTables, withoutDependents } from './filter';
import type { TargetTraits } from './rules';
import { dependentsOf } from './sql/dependents';

/** How a schema is read. */
export interface ReadOptions {
  readonly database: string;
  readonly target: TargetTraits;
  readonly limits: DumpLimits;
  /** The migration's own publication, which is no part of the database. @default none */
  readonly ownPublication?: string;
  /** Name of an exported snapshot that the catalogue is read in. @default one of its own */
  readonly snapshot?: string;
}

/** Longest wait for a table that is being altered. */
const LOCK_WAIT_MS = 5_000;

/**
 * The schema of a database. pg_dump locks every table against changes while it reads, so the locks of as many tables must fit into the
 * server's lock table: 20,000 tables took 32 s and 0.75 GB. Throws `Blocked` when they do not fit, or when a table would be
 * lost with something that the target cannot have.
 */
export async function readSchema(source: Server, options: ReadOptions): Promise<Filtered> {
  const theirs = entriesOf(await dumpSchema(source, options)).filter(
    (entry) => !isOfPublication(entry, options.ownPublication),
  );
  const filtered = filterEntries(theirs, options.target);
  const lost = filtered.leftOut.flatMap(({ loss, catalogId }) => (loss === 'lost' && catalogId ? [catalogId] : []));
  if (lost.length === 0) return filtered;
  const session = await source.session(options.database);
  const rows = await session.query<{ row: string }>(dependentsOf(lost));
  const all = withoutDependents(filtered, new Set(rows.map(({ row }) => row)));
  refuseLostTables(all.leftOut);
  return all;
}

/** The publication itself, its tables and its comment. */
function isOfPublication({ type, name }: Entry, publication: string | undefined): boolean {
  if (publication === undefined) return false;
  if (type === 'PUBLICATION') return name === publication;
  if (type === 'COMMENT') return name === `PUBLICATION ${publication}`;
  return type === 'PUBLICATION TABLE' && name.startsWith(`${publication} `);
}

async function dumpSchema(source: Server, options: ReadOptions): Promise<string> {
  const { database, limits, snapshot } = options;
  const session = await source.another(database);
  try {
    return await pgDump(
      session,
      [
        '--schema-only',
        '--verbose',
        '--encoding=UTF8',
        `--exclude-schema=${LEDGER_SCHEMA}`,
        `--lock-wait-timeout=${LOCK_WAIT_MS}`,
        ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
      ],
      limits,
    );
  } catch (error) {
    if (sqlStateOf(error) !== '53200') throw error;
    throw new Blocked(
      `the source cannot lock every table of database ${JSON.stringify(database)} at once (SQLSTATE 53200), ` +
        'raise max_locks_per_transaction or max_connections on it, which needs a restart',
      { cause: error },
    );
  } finally {
    await session.close();
  }
}
