/** What a newer major writes otherwise than the source does, though it means the same (facts G17). */
import type { Check } from '../../contract/assessment';
import { ident, qualified } from '../../platform/quote';
import { listed, pass, statements, warn } from '../check';
import { inDatabase, located, where } from '../located';
import type { DatabaseSurvey } from '../survey';

/** Types by their name in `pg_type`: the first major that writes some of their values in the present form, and how to find them. */
const REWRITTEN: Readonly<
  Record<string, { readonly since: number; readonly which: string; found(column: string, array: boolean): string }>
> = {
  char: {
    since: 15,
    which: 'bytes above 127',
    found: (column, array) => `0 > any (${array ? column : `array[${column}]`}::int[])`,
  },
  jsonpath: {
    since: 17,
    which: 'paths that call a method of a number, such as (2).double()',
    found: (column) => `${column}::text ~ '[0-9][.][a-z"]'`,
  },
};

/** The check; only a column of such a type between two such majors is told, because its rows are not read here. */
export function rewrittenValues(databases: readonly DatabaseSurvey[], from: number, to: number): Check {
  const id = 'rewritten-values';
  const columns = located(databases, ({ content }) => content.rewritten).flatMap((column) => {
    const form = REWRITTEN[column.type];
    return form !== undefined && from < form.since && form.since <= to ? [{ ...column, ...form }] : [];
  });
  if (columns.length === 0) return pass(id, 'both majors write every type alike');
  const what = columns.map((each) => `${where(each)} column ${ident(each.column)}, ${each.which}`);
  const looks = columns.map((each) =>
    inDatabase(
      each.database,
      `select count(*) from ${qualified(each.schema, each.name)} where ${each.found(ident(each.column), each.array)}`,
    ),
  );
  return warn(
    id,
    `PostgreSQL ${to} writes some values otherwise than ${from}, so that the copy stops at them or the proof says that their rows differ: ${listed(what)}`,
    `look for such values, and change them: ${statements(looks)}`,
  );
}
