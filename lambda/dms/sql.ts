/** Statements of the steps of DMS. */
import type { Statement } from '../platform/postgres';

/** Tables of a publication, the ledger's markers among them: of a partitioned table its leaves (facts D8). */
export function publishedTables(publication: string): Statement {
  return {
    text: `select schemaname::text as schema, tablename::text as name from pg_publication_tables where pubname = $1 order by 1, 2`,
    values: [publication],
  };
}

/** Stored generated columns of the tables of a publication. */
export function generatedColumns(publication: string): Statement {
  return {
    text: `select p.schemaname::text as schema, p.tablename::text as name, a.attname::text as column
      from pg_publication_tables p join pg_namespace n on n.nspname = p.schemaname
      join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
      join pg_attribute a on a.attrelid = c.oid and a.attgenerated <> '' and not a.attisdropped
      where p.pubname = $1 order by 1, 2, 3`,
    values: [publication],
  };
}
