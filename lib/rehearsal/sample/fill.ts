import type { Scale } from './sizes';

/**
 * Rows of one table, made on the server by one insert that is repeated in committed batches.
 *
 * The statement's parameters are `$1` and `$2`, the first and last row number of the batch (bigint), `$3`, the moment
 * that the data pretend to be made at (timestamptz), and `$4`, the total of rows (bigint).
 */
export interface Fill {
  readonly table: string;
  /** Number of rows at a scale. */
  readonly rows: (scale: Scale) => number;
  /** Rows of one committed batch. */
  readonly batchRows: number;
  readonly text: string;
}

/** Rows that grow with the size, `small` being the measure; never fewer than forty, so that every case is there. */
export function growing(rowsOfSmall: number): Fill['rows'] {
  return (scale) => Math.max(40, Math.round(rowsOfSmall * scale.factor));
}

/** Rows that are the same at every size. */
export function fixed(rows: number): Fill['rows'] {
  return () => rows;
}

/** A value that does not compress, of `kib` KiB, made of SHA-512 digests; `seed` and `kib` are SQL expressions. */
export function noise(seed: string, kib: string): string {
  return `(select string_agg(sha512(convert_to(${seed} || ':' || n, 'UTF8')), ''::bytea order by n) from generate_series(1, (${kib}) * 16) n)`;
}

/** Text of `length` characters, a multiple of 32, made of MD5 digests; `seed` and `pieces` are SQL expressions. */
export function scrawl(seed: string, pieces: string): string {
  return `(select string_agg(md5(${seed} || ':' || n), '' order by n) from generate_series(1, ${pieces}) n)`;
}
