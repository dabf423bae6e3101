/**
 * Physical copies of servers: what a storage snapshot is for RDS.
 *
 *     temporary slot (keeps WAL) -> pg_backup_start -> files -> pg_control -> pg_backup_stop -> backup_label -> pg_wal
 *
 * The copy recovers at its first start to the end of the WAL that was copied. That end, E, is the exact seed LSN
 * (experiments 4: 12 of 12 with the backup API), whatever was written meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { giveToServer, reserveDataPath } from './data-directory';
import { namingFullDisk } from './disk-space';
import { copyTree } from './file-copy';
import type { PostgresServer } from './postgres-server';

/** How a copy reports. */
export interface PhysicalCopyOptions {
  /** Called with the bytes copied since the last call. */
  readonly onBytes?: (bytes: number) => void;
}

/** Files that belong to the running process and not to its data. */
const PROCESS_FILES = ['postmaster.pid', 'postmaster.opts'];

/**
 * Copies a running server to `<toDirectory>/data` while it is written to, replication slots included, which pg_basebackup
 * would leave out and a storage snapshot does not (facts A11). `PostgresServer.open` starts a server on the result, or on a
 * `copyDirectory` of it.
 */
export async function copyUnderLoad(
  server: PostgresServer,
  toDirectory: string,
  options: PhysicalCopyOptions = {},
): Promise<void> {
  await namingFullDisk(join(toDirectory, '..'), () =>
    server.withAdmin('postgres', async (session) => {
      const data = await reserveDataPath(toDirectory);
      await keepWal(session);
      await startBackup(session, server.major);
      const leaveOut = new Set([...PROCESS_FILES, 'pg_wal', 'global/pg_control']);
      await copyTree(server.dataDirectory, data, { ...options, leaveOut });
      await copyControlFile(server.dataDirectory, data);
      const label = await stopBackup(session, server.major);
      await writeFile(join(data, 'backup_label'), label, { mode: 0o600 });
      await giveToServer(join(data, 'backup_label'));
      await copyTree(join(server.dataDirectory, 'pg_wal'), join(data, 'pg_wal'), options);
    }),
  );
}

/** Copies the data directory of a server that does not run, or a physical copy that was never started. */
export async function copyDirectory(
  fromDirectory: string,
  toDirectory: string,
  options: PhysicalCopyOptions = {},
): Promise<void> {
  await namingFullDisk(join(toDirectory, '..'), async () => {
    const data = await reserveDataPath(toDirectory);
    await copyTree(join(fromDirectory, 'data'), data, { ...options, leaveOut: new Set(PROCESS_FILES) });
  });
}

/**
 * The end of the last WAL record that a copy replayed: the exact seed LSN E (facts A5). Read it at the copy's first start:
 * after a clean restart it is null, after another crash recovery a different, wrong value.
 */
export async function readReplayLsn(server: PostgresServer): Promise<string | null> {
  return server.withAdmin('postgres', async (session) => {
    const result = await session.query<{ lsn: string | null }>('select pg_last_wal_replay_lsn()::text as lsn');
    return result.rows[0]?.lsn ?? null;
  });
}

/** A checkpoint during the copy would recycle WAL that recovery needs; the session's end drops the slot. */
async function keepWal(session: Client): Promise<void> {
  const slot = `rds_snapshot_${randomBytes(4).toString('hex')}`;
  await session.query('select pg_create_physical_replication_slot($1, true, true)', [slot]);
}

async function startBackup(session: Client, major: number): Promise<void> {
  // Below 15 the functions have older names and the third argument asks for the form that allows several backups at once.
  if (major >= 15) await session.query("select pg_backup_start('rds snapshot', fast => true)");
  else await session.query("select pg_start_backup('rds snapshot', true, false)");
}

/**
 * Ends the backup and returns the content of backup_label. tablespace_map is not needed: it exists for copies without
 * symbolic links, and ours has its own.
 */
async function stopBackup(session: Client, major: number): Promise<string> {
  const call = major >= 15 ? 'pg_backup_stop(false)' : 'pg_stop_backup(false, false)';
  const result = await session.query<{ labelfile: string }>(`select labelfile from ${call}`);
  const label = result.rows[0]?.labelfile;
  if (!label) throw new Error(`${call} returned no backup label: the backup was ended by somebody else`);
  return label;
}

/** The server rewrites pg_control in place: it is read until two readings agree, so that no half-written one is kept. */
async function copyControlFile(fromData: string, toData: string): Promise<void> {
  const source = join(fromData, 'global', 'pg_control');
  const target = join(toData, 'global', 'pg_control');
  let content = await readFile(source);
  for (;;) {
    const again = await readFile(source);
    if (content.equals(again)) break;
    content = again;
  }
  await writeFile(target, content, { mode: 0o600 });
  await giveToServer(target);
}
