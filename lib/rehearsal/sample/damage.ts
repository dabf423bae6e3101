/**
 * Plants real damage in a database, as failing storage leaves it behind. Only a superuser and whoever holds the files can do this:
 * nothing of it is possible on RDS, where it happens all the same.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { PostgresServer } from '../servers/postgres-server';

/** Bytes of a page. */
const PAGE_BYTES = 8192;

/**
 * Makes the long values of `column` in the rows that `where` finds unreadable: the chunks that hold them are marked as dead, behind
 * PostgreSQL's back (pg_surgery; 14 and later). Returns the places of the rows.
 */
export async function loseToastChunks(
  session: Client,
  { table, column, where }: { readonly table: string; readonly column: string; readonly where: string },
): Promise<string[]> {
  await session.query('create extension if not exists pg_surgery');
  const { rows: found } = await session.query<{ ctid: string }>(
    `select ctid::text as ctid from ${table} where ${where} order by ctid`,
  );
  const { rows: places } = await session.query<{ toast: string; ids: string[] }>(
    `select reltoastrelid::regclass::text as toast from pg_class where oid = '${table}'::regclass`,
  );
  const toast = places[0]?.toast ?? '';
  const before = await chunks(session, toast);
  // A deletion marks exactly the chunks of these rows; the transaction tells which, and is undone.
  await session.query('begin');
  await session.query(`delete from ${table} where ${where}`);
  const after = new Set(await chunks(session, toast));
  await session.query('rollback');
  const lost = before.filter((ctid) => !after.has(ctid));
  if (lost.length === 0)
    throw new Error(`no value of ${table}.${column} lies outside of its table, nothing was damaged`);
  await session.query(`select heap_force_kill($1::regclass, $2::tid[])`, [toast, lost]);
  await session.query('drop extension pg_surgery');
  return found.map(({ ctid }) => ctid);
}

async function chunks(session: Client, toast: string): Promise<string[]> {
  const { rows } = await session.query<{ ctid: string }>(`select ctid::text as ctid from ${toast} order by ctid`);
  return rows.map(({ ctid }) => ctid);
}

/** Adds a row that one index of its table does not list: the index lies from then on. */
export async function hideFromIndex(
  session: Client,
  { index, insert }: { readonly index: string; readonly insert: string },
): Promise<void> {
  const set = (ready: boolean) =>
    session.query(`update pg_index set indisready = $2, indisvalid = $2 where indexrelid = $1::regclass`, [
      index,
      ready,
    ]);
  await set(false);
  await session.query(insert);
  await set(true);
}

/** Overwrites pages of tables with zeros while the server is stopped, and starts it again. */
export async function zeroPages(
  server: PostgresServer,
  pages: readonly { readonly database: string; readonly table: string; readonly block: number }[],
): Promise<void> {
  const files: { readonly path: string; readonly block: number }[] = [];
  for (const { database, table, block } of pages) {
    await server.withAdmin(database, async (session) => {
      await session.query(`vacuum (freeze) ${table}`);
      const { rows } = await session.query<{ path: string }>(`select pg_relation_filepath('${table}') as path`);
      files.push({ path: join(server.dataDirectory, rows[0]?.path ?? ''), block });
    });
  }
  await server.stop();
  for (const { path, block } of files) {
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, block * PAGE_BYTES);
    await file.sync();
    await file.close();
  }
  await server.start();
}
