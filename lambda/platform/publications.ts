/** Publications of ours: made for a stream, known by their comment, taken down when it ends. */
import type { Statement } from './postgres';
import { ident, literal, qualified } from './quote';

/** Drops a publication when it is there. */
export function dropPublicationIfPresent(name: string): Statement {
  return { text: `drop publication if exists ${ident(name)}` };
}

/** The publication of that name with its comment. */
export function findPublication(name: string): Statement {
  return {
    text: `select obj_description(oid, 'pg_publication') as marker from pg_publication where pubname = $1`,
    values: [name],
  };
}

/** Publishes the tables named and the ledger's markers, each leaf under its own name. */
export function createPublication(
  name: string,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Statement {
  const list = ['sealift.marker', ...tables.map((table) => qualified(table.schema, table.name))].join(', ');
  const options = `publish = 'insert, update, delete, truncate', publish_via_partition_root = false`;
  return { text: `create publication ${ident(name)} for table ${list} with (${options})` };
}

/** Writes the marker into the comment of the publication, where a copy keeps it (facts A8). */
export function markPublication(name: string, marker: string): Statement {
  return { text: `comment on publication ${ident(name)} is ${literal(marker)}` };
}
