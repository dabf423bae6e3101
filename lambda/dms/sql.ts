/** Statements of the steps of DMS. */
import type { Statement } from '../platform/postgres';

/** Tables of a publication, the ledger's markers among them: of a partitioned table its leaves (facts D8). */
export function publishedTables(publication: string): Statement {
  return {
    text: `select schemaname::text as schema, tablename::text as name from pg_publication_tables where pubname = $1 order by 1, 2`,
    values: [publication],
  };
}
