/** Statements of the way back. */
import type { Statement } from '../platform/postgres';

/** The tables of a publication but the ledger's, partitioned roots beside their leaves. */
export function publishedTables(publication: string): Statement {
  return {
    text: `select n.nspname as schema, c.relname as name
      from pg_publication p
      join pg_publication_rel r on r.prpubid = p.oid
      join pg_class c on c.oid = r.prrelid
      join pg_namespace n on n.oid = c.relnamespace
      where p.pubname = $1 and n.nspname <> 'sealift'
      order by n.nspname, c.relname`,
    values: [publication],
  };
}

/**
 * Where the WAL stands, and when a window of so many hours will be over by this server's clock. Everything that was applied here
 * before lies before that place, every transaction that is committed from now on begins its commit behind it.
 */
export function placeAndEnd(windowHours: number): Statement {
  return {
    text: `select pg_current_wal_insert_lsn()::text as lsn,
        to_char((clock_timestamp() + make_interval(hours => $1)) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as until`,
    values: [windowHours],
  };
}

/**
 * Forgets every marker of this database: those that the other side was sent would come back once where `origin = none` is not
 * known, and must find their place free.
 */
export const forgetMarkers: Statement = { text: 'delete from sealift.marker' };
