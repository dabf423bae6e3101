/**
 * How a value is read on the server: detoasted, and passed through its output function or through one that reads the same bytes,
 * fails where that would, and makes no text. A length reads nothing (experiments: `octet_length` is fine on a value whose
 * chunks are gone), and a comparison with nothing leaves the bytes of a value whose length lies.
 */
import { ident } from '../../platform/quote';
import type { ScannedColumn } from '../queue';

/** A function takes 100 arguments at most. */
const COLUMNS_PER_CALL = 90;

/**
 * Catalog query of how the column of `pg_attribute` `a` with type `y` is read:
 *
 * - `fixed`: of one length, and its output function knows no failure; taking the row apart reads it.
 * - `text`, `bytes`: the output function copies every byte; a hash, or a copy without its escapes, reads every one too.
 * - `moment`: the output function fails for a moment out of range, and so does the cast to a date (22008).
 * - `document`: hashing a jsonb visits every key and value as its output does.
 * - `cast`: the cast to text is the output function, for lack of a cast that somebody made.
 * - `output`: whatever else, by `concat`, which calls the output function of each argument.
 */
export const HOW_TO_READ = `case
    when y.typnamespace <> 'pg_catalog'::regnamespace and y.typtype <> 'e' then 'output'
    when y.typname in ('int2', 'int4', 'int8', 'oid', 'bool', 'float4', 'float8', 'uuid', 'date', 'time') then 'fixed'
    when y.typname in ('text', 'varchar') then 'text'
    when y.typname = 'bytea' then 'bytes'
    when y.typname in ('timestamp', 'timestamptz') then 'moment'
    when y.typname = 'jsonb' then 'document'
    when exists (select from pg_cast k where k.castsource = y.oid and k.casttarget = 'text'::regtype) then 'output'
    when y.typtype in ('b', 'e', 'r', 'm') then 'cast'
    else 'output' end`;

/** An expression over the rows of `t` that reads every value of `columns`; it counts, and its number means nothing. */
export function everyValue(columns: readonly ScannedColumn[]): string {
  const terms = columns.flatMap(({ name, how }) => termOf(`t.${ident(name)}`, how));
  const output = columns.filter(({ how }) => how === 'output').map(({ name }) => `t.${ident(name)}`);
  for (let first = 0; first < output.length; first += COLUMNS_PER_CALL) {
    terms.push(`count(concat(${output.slice(first, first + COLUMNS_PER_CALL).join(', ')}))`);
  }
  // The last column makes the server take the whole row apart.
  const last = columns.at(-1);
  if (last?.how === 'fixed') terms.push(`count(t.${ident(last.name)})`);
  return terms.length === 0 ? '0' : terms.join(' + ');
}

function termOf(value: string, how: ScannedColumn['how']): string[] {
  switch (how) {
    case 'text':
      return [`count(hashtext(${value} collate "C"))`];
    case 'bytes':
      return [`count(${value} || ''::bytea)`];
    case 'moment':
      return [`count(${value}::date)`];
    case 'document':
      return [`count(jsonb_hash(${value}))`];
    case 'cast':
      return [`count(${value}::text)`];
    case 'fixed':
    case 'output':
      return [];
  }
}
