/** Databases that are large in one respect each, written as plain dumps: what a step owes to a number alone shows there. */
import { writeFile } from 'node:fs/promises';
import { writeManyTables } from './many-tables';

/** A database that is large in one respect. */
export interface Shape {
  readonly what: 'tables' | 'indexes' | 'table';
  /** Tables, indexes, or bytes of the one table. */
  readonly size: number;
}

/** The sizes that must be got through. */
export const LARGEST: readonly Shape[] = [
  { what: 'tables', size: 20_000 },
  { what: 'indexes', size: 5_000 },
  { what: 'table', size: 5 * 2 ** 30 },
];

/** Sequences beside many tables. */
const SEQUENCES = 1_000;

/** Indexes of a table beside its key. */
const INDEXES_PER_TABLE = 9;

/** Bytes of a row on its page, of which about a hundred fit into 64 kB. */
const ROW_BYTES = 640;

/** Rows that one statement makes. */
const ROWS_PER_STATEMENT = 500_000;

/** Room on the disk for the dump, source, target, their WAL and what building indexes takes. */
export function diskOf({ what, size }: Shape): number {
  return (what === 'table' ? 5 * size : 0) + 4 * 2 ** 30;
}

/** Writes the dump of a shape. */
export async function writeShape(path: string, { what, size }: Shape): Promise<void> {
  if (what === 'tables') await writeManyTables(path, { tables: size, sequences: Math.min(size, SEQUENCES) });
  else await writeFile(path, `${(what === 'indexes' ? manyIndexes(size) : oneTable(size)).join('\n')}\n`);
}

function manyIndexes(indexes: number): string[] {
  const columns = Array.from({ length: INDEXES_PER_TABLE }, (_, index) => `c${index}`);
  const tables = Array.from({ length: Math.ceil(indexes / (INDEXES_PER_TABLE + 1)) }, (_, index) => `many.t${index}`);
  return [
    'create schema many;',
    ...tables.flatMap((table, number) => [
      `create table ${table} (id bigint not null, ${columns.map((column) => `${column} int`).join(', ')});`,
      `insert into ${table} select n, ${columns.map((_, index) => `n % ${index + 2}`).join(', ')} from generate_series(1, 500) n;`,
      `alter table only ${table} add constraint t${number}_pkey primary key (id);`,
      ...columns.map((column) => `create index t${number}_${column} on ${table} (${column}, id);`),
    ]),
  ];
}

function oneTable(bytes: number): string[] {
  const rows = Math.ceil(bytes / ROW_BYTES);
  const begins = Array.from({ length: Math.ceil(rows / ROWS_PER_STATEMENT) }, (_, part) => part * ROWS_PER_STATEMENT);
  return [
    'create table public.one (id bigint not null, at timestamptz not null, body text not null);',
    ...begins.map(
      (from) =>
        `insert into public.one select n, timestamptz '2026-01-01' + n * interval '1 second', repeat(md5(n::text), ${Math.floor(ROW_BYTES / 32) - 2}) ` +
        `from generate_series(${from + 1}, ${Math.min(rows, from + ROWS_PER_STATEMENT)}) n;`,
    ),
    'alter table only public.one add constraint one_pkey primary key (id);',
    'create index one_at on public.one (at);',
  ];
}
