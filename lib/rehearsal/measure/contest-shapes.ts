/** What the copy road and its peers copy side by side, written as plain dumps. */
import { writeFile } from 'node:fs/promises';
import type { Size } from '../run/options';

/** The shapes: many small tables, one big table, rows most of which lie in TOAST. */
export const CONTEST_SHAPES = ['many tables', 'one big table', 'wide rows'] as const;

/** A shape. */
export type ContestShape = (typeof CONTEST_SHAPES)[number];

/** How much of the shapes' size is made of each size of the sample. */
const SHARES: Readonly<Record<Size, number>> = { tiny: 0.05, small: 1, medium: 2, large: 4 };

/** Tables at size `small`; each has a key, an index and 100 rows, every fifth one a foreign key besides. */
const TABLES = 2_000;

/** Rows of the big table at size `small`: 1 GB without its three indexes. */
const BIG_ROWS = 5_000_000;

/** Wide rows at size `small`: about 10 kB of each lie in TOAST as they are, and 1 kB compressed. */
const WIDE_ROWS = 50_000;

/** Bytes that a shape takes on a disk in all, its dump included; a rough upper bound. */
export function contestBytes(size: Size): number {
  return 10 * 2 ** 30 * Math.max(0.2, SHARES[size]);
}

/** Writes the dump of a shape. */
export async function writeContestShape(path: string, shape: ContestShape, size: Size): Promise<void> {
  const of = (whole: number): number => Math.round(whole * SHARES[size]);
  const lines: Readonly<Record<ContestShape, () => string[]>> = {
    'many tables': () => manyTables(of(TABLES)),
    'one big table': () => bigTable(of(BIG_ROWS)),
    'wide rows': () => wideRows(of(WIDE_ROWS)),
  };
  await writeFile(path, `${lines[shape]().join('\n')}\n`);
}

function manyTables(tables: number): string[] {
  const numbers = Array.from({ length: tables }, (_, index) => index);
  return [
    'create schema many;',
    ...numbers.flatMap((n) => [
      `create table many.t${n} (id bigint not null, parent bigint, at timestamptz not null, body text);`,
      `insert into many.t${n} select r, r, timestamptz '2026-01-01' + r * interval '1 hour', md5(r::text) from generate_series(1, 100) r;`,
      `alter table only many.t${n} add constraint t${n}_pkey primary key (id);`,
      `create index t${n}_at on many.t${n} (at);`,
    ]),
    ...numbers
      .filter((n) => n % 5 === 1)
      .map(
        (n) =>
          `alter table only many.t${n} add constraint t${n}_parent foreign key (parent) references many.t${n - 1} (id);`,
      ),
  ];
}

function bigTable(rows: number): string[] {
  return [
    'create table public.big (id bigint not null, at timestamptz not null, kind integer not null, body text not null);',
    `insert into public.big select n, timestamptz '2026-01-01' + n * interval '1 second', n % 1000, repeat(md5(n::text), 4) from generate_series(1, ${rows}) n;`,
    'alter table only public.big add constraint big_pkey primary key (id);',
    'create index big_at on public.big (at);',
    'create index big_kind on public.big (kind, id);',
  ];
}

function wideRows(rows: number): string[] {
  return [
    'create table public.wide (id bigint not null, at timestamptz not null, document text not null, note text not null);',
    'alter table only public.wide alter column document set storage external;',
    `insert into public.wide select n, timestamptz '2026-01-01' + n * interval '1 minute', repeat(md5(n::text), 312), repeat(md5(n::text), 250) from generate_series(1, ${rows}) n;`,
    'alter table only public.wide add constraint wide_pkey primary key (id);',
    'create index wide_at on public.wide (at);',
  ];
}
