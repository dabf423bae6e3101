/** The statements that move rows. */
import type { Statement } from '../../../platform/postgres';
import { ident, literal, qualified } from '../../../platform/quote';
import type { KeyColumn } from '../../../proof/tables';
import type { CopiedTable, CopyPart, CopyRange } from '../queue';

/** Reads the rows of a part; a whole table without a query, which spares the executor. `copy` takes no parameters. */
export function copyOut({ table, range }: CopyPart): Statement {
  const relation = qualified(table.schema, table.name);
  if (range === null) return { text: `copy ${relation}${columnList(table)} to stdout${formatOf(table, 'sent')}` };
  const columns = table.columns.map((column) => `copied.${ident(column)}`).join(', ');
  const rows = `select ${columns} from only ${relation} as copied${condition(range)}`;
  return { text: `copy (${rows}) to stdout${formatOf(table, 'sent')}` };
}

/** Writes the rows of a table. */
export function copyIn(table: CopiedTable): Statement {
  const relation = qualified(table.schema, table.name);
  return { text: `copy ${relation}${columnList(table)} from stdin${formatOf(table, 'taken')}` };
}

/** Keeps the tables from being rewritten until the transaction ends; readers and writers go on. */
export function holdTables(tables: readonly CopiedTable[]): Statement {
  const list = tables.map(({ schema, name }) => `only ${qualified(schema, name)}`).join(', ');
  return { text: `lock table ${list} in access share mode` };
}

/** Those of the tables whose rows lie in another file than planned, or nowhere; the function looks past the snapshot. */
export function tablesMoved(tables: readonly CopiedTable[]): Statement {
  return {
    text: `select planned.oid::text as oid from unnest($1::oid[], $2::oid[]) as planned(oid, filenode)
      where pg_relation_filenode(planned.oid) is distinct from planned.filenode`,
    values: [tables.map(({ oid }) => oid), tables.map(({ filenode }) => filenode)],
  };
}

/** Where the rows of a table lie at present, and how much they are. */
export function fileOf(oid: string): Statement {
  return {
    text: `select pg_relation_filenode($1::oid)::text as filenode, pg_table_size($1::oid)::text as bytes,
        (pg_relation_size($1::oid) / current_setting('block_size')::bigint)::text as blocks`,
    values: [oid],
  };
}

/** A table without columns must have no list. */
function columnList({ columns }: CopiedTable): string {
  return columns.length === 0 ? '' : ` (${columns.map(ident).join(', ')})`;
}

/** Text in the source's own encoding is not converted there, and checked and converted where it arrives. */
function formatOf({ format, encoding }: CopiedTable, end: 'sent' | 'taken'): string {
  if (format === 'binary') return ' (format binary)';
  return encoding === null ? '' : ` (encoding ${literal(encoding[end])})`;
}

function condition(range: CopyRange): string {
  const conditions = range.by === 'blocks' ? blockConditions(range) : keyConditions(range);
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
}

/** The first line pointer of a page is 1. */
function blockConditions({ from, to }: CopyRange & { readonly by: 'blocks' }): string[] {
  return [
    ...(from === 0 ? [] : [`copied.ctid >= '(${from},0)'::tid`]),
    ...(to === null ? [] : [`copied.ctid < '(${to},0)'::tid`]),
  ];
}

function keyConditions({ key, from, to }: CopyRange & { readonly by: 'key' }): string[] {
  const columns = key.map(({ name }) => `copied.${ident(name)}`).join(', ');
  const compare = (symbol: string, bound: readonly string[] | null): string[] => {
    const [first] = key;
    if (bound === null || first === undefined) return [];
    const values = key.map(({ type }, index) => `${literal(bound[index] ?? '')}::${type}`).join(', ');
    return [`(${columns}) ${operator(symbol, first)} (${values})`];
  };
  return [...compare('>=', from), ...compare('<', to)];
}

function operator(symbol: string, column: KeyColumn): string {
  return `operator(${ident(column.operators)}.${symbol})`;
}
