/** What `assess` reads of encodings and collations; the columns of the provider and its version differ by major. */
import type { Statement } from '../../platform/postgres';
import { USER_SCHEMA } from './tables';

/** Encoding and collation of the current database; version columns exist from 15 on, the builtin provider from 17. */
export function databaseLocale(versionNumber: number): Statement {
  const since15 = versionNumber >= 150_000;
  return {
    text: `select pg_encoding_to_char(d.encoding)::text as encoding, d.datcollate::text as collation,
        ${since15 ? "case d.datlocprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end" : "'libc'"} as provider,
        ${since15 ? 'd.datcollversion' : 'null'}::text as "recordedVersion",
        ${since15 ? 'pg_database_collation_actual_version(d.oid)' : 'null'}::text as "actualVersion"
      from pg_database d where d.datname = current_database()`,
  };
}

/** Collations of users' columns whose recorded version is not that of the library. */
export const changedCollations: Statement = {
  text: `select x.nspname::text as schema, k.collname::text as name, k.collversion::text as recorded,
      pg_collation_actual_version(k.oid)::text as actual
    from pg_collation k join pg_namespace x on x.oid = k.collnamespace
    where k.collversion is not null and k.collversion <> pg_collation_actual_version(k.oid)
      and exists (select from pg_attribute a
        join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        where a.attcollation = k.oid and not a.attisdropped and c.relkind in ('r', 'p', 'm', 'i') and ${USER_SCHEMA})
    order by 1, 2`,
};
