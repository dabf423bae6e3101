import type { Client } from 'pg';
import { loadExpression, type Mapping } from './mapping';
import { qualified } from './run-world';
import type { SourceColumn, SourceTable } from './source-tables';

/** Rows of one side: a digest for every key; keys as JSON arrays of texts. */
export type Digests = ReadonlyMap<string, string>;

/**
 * Digests of a table's rows, as the validation of DMS compares them: large values up to the limit only, so that what was cut
 * counts as equal.
 *
 * @param keys keys to look at; null for every row
 */
export async function digests(
  client: Client,
  table: SourceTable,
  mapping: Mapping,
  side: 'source' | 'target',
  options: { readonly keys: readonly string[] | null; readonly skipLobs: boolean },
): Promise<Digests> {
  const key = `json_build_array(${table.key.map((name) => `${client.escapeIdentifier(name)}::text`).join(', ')})::text`;
  const columns = table.columns
    .filter(({ kind }) => kind !== 'lob' || (!options.skipLobs && mapping.lob.mode !== 'none'))
    .map((column) => `(${compared(column, client.escapeIdentifier(column.name), mapping, side)})::text`);
  const { rows } = await client.query<{ key: string; digest: string }>(
    `select ${key} as key, pg_catalog.md5(array[${columns.join(', ')}]::text) as digest
       from ${qualified(client, table)}${options.keys === null ? '' : ` where ${key} = any ($1)`}`,
    options.keys === null ? [] : [options.keys],
  );
  return new Map(rows.map((row) => [row.key, row.digest]));
}

function compared(column: SourceColumn, name: string, mapping: Mapping, side: 'source' | 'target'): string {
  if (column.kind === 'lob' && mapping.lob.mode === 'full') return name;
  if (column.kind === 'lob' || side === 'source') return loadExpression(column, name, mapping);
  return column.kind === 'boolean'
    ? `case ${name}::text when 't' then 'true' when 'f' then 'false' else ${name}::text end`
    : name;
}

/** How a row differs. */
export type Difference = 'RECORD_DIFF' | 'MISSING_SOURCE' | 'MISSING_TARGET';

/** Keys whose rows differ. */
export function differences(source: Digests, target: Digests): Map<string, Difference> {
  const found = new Map<string, Difference>();
  for (const [key, digest] of source) {
    const other = target.get(key);
    if (other === undefined) found.set(key, 'MISSING_TARGET');
    else if (other !== digest) found.set(key, 'RECORD_DIFF');
  }
  for (const key of target.keys()) if (!source.has(key)) found.set(key, 'MISSING_SOURCE');
  return found;
}
