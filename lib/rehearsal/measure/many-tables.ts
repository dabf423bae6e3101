/** A database of many small tables, written as a plain dump: what a cutover owes to their number alone. */
import { writeFile } from 'node:fs/promises';

/** Rows of each table. */
const ROWS = 5;

/** Every so many tables, one has a foreign key to the table before it. */
const FOREIGN_KEY_EVERY = 5;

/** Writes the dump: so many tables with a primary key and some foreign keys, and so many sequences. */
export async function writeManyTables(
  path: string,
  { tables, sequences }: { readonly tables: number; readonly sequences: number },
): Promise<void> {
  const numbers = Array.from({ length: tables }, (_, index) => index);
  const lines = [
    `select pg_catalog.set_config('search_path', '', false);`,
    'create schema many;',
    ...Array.from({ length: sequences }, (_, index) => `create sequence many.s${index};`),
    ...numbers.map((n) => `create table many.t${n} (id bigint not null, parent bigint, body text);`),
    ...numbers.flatMap(rowsOf),
    ...numbers.map((n) => `alter table only many.t${n} add constraint t${n}_pkey primary key (id);`),
    ...numbers.filter((n) => n % FOREIGN_KEY_EVERY === 1).map(foreignKeyOf),
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
}

function rowsOf(table: number): string[] {
  const rows = Array.from({ length: ROWS }, (_, row) => `${row}\t${row}\tbody ${row} of ${table}`);
  return [`copy many.t${table} (id, parent, body) from stdin;`, ...rows, '\\.'];
}

function foreignKeyOf(table: number): string {
  return (
    `alter table only many.t${table} add constraint t${table}_parent foreign key (parent) ` +
    `references many.t${table - 1} (id);`
  );
}
