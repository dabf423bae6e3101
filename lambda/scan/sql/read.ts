/** Reading on the server: every value detoasted and passed through its output function, and nothing but a count comes back. */
import type { Statement } from '../../platform/postgres';
import { qualified } from '../../platform/quote';
import type { BlockRange, ScannedRelation } from '../queue';
import { everyValue } from './values';

/** Line pointers that a page of 8 kB can hold. */
const LINE_POINTERS = 291;

/** From this major on a range of ctids is read without reading the table (TID range scan). */
const FIRST_WITH_RANGES = 14;

/** Rows in the blocks from `from` to before `to`, which are SQL expressions of numbers. */
function inBlocks(from: string, to: string, major: number): string {
  if (major >= FIRST_WITH_RANGES) {
    return `t.ctid >= format('(%s,0)', ${from})::tid and t.ctid < format('(%s,0)', ${to})::tid`;
  }
  return `t.ctid = any (array(select format('(%s,%s)', b, o)::tid
    from generate_series(${from}, ${to} - 1) b, generate_series(1, ${LINE_POINTERS}) o))`;
}

function where(range: BlockRange, major: number): string {
  return inBlocks(String(Math.trunc(range.from)), String(Math.trunc(range.to)), major);
}

/**
 * Reads every value of every visible row of `range` but those at `without`, step by step in the order of the blocks: a row with the
 * first block `at` and the number of `rows` for each step that could be read. A step is read when its row is asked for, so that the
 * rows that come before a failure tell its place.
 */
export function walkBlocks(
  relation: ScannedRelation,
  range: BlockRange,
  step: number,
  without: readonly string[],
  major: number,
): Statement {
  const [from, to] = [Math.trunc(range.from), Math.trunc(range.to)];
  return {
    text: `select step.at, part.rows, part.read
      from generate_series(${from}, ${to - 1}, ${Math.trunc(step)}) as step(at), lateral (
        select count(*)::text as rows, (${everyValue(relation.columns)})::text as read
        from only ${qualified(relation.schema, relation.name)} t
        where ${inBlocks('step.at', `least(step.at + ${Math.trunc(step)}, ${to})`, major)} and t.ctid <> all ($1::tid[])
        offset 0) part`,
    values: [without],
  };
}

/** Visible rows of `range`, by their place and version, without touching a value. */
export function rowsIn(relation: ScannedRelation, range: BlockRange, major: number): Statement {
  return {
    text: `select t.ctid::text as ctid, t.xmin::text as xmin from only ${qualified(relation.schema, relation.name)} t
      where ${where(range, major)} order by t.ctid`,
  };
}

/** Reads every value of the rows at `ctids`, one after the other: a row for each that could be read, or that is gone. */
export function walkRows(relation: ScannedRelation, ctids: readonly string[]): Statement {
  return {
    text: `select part.read from unnest($1::tid[]) as place(ctid), lateral (
        select (${everyValue(relation.columns)})::text as read
        from only ${qualified(relation.schema, relation.name)} t where t.ctid = place.ctid
        offset 0) part`,
    values: [ctids],
  };
}

/** Reads every value of the rows at `ctids`. */
export function readRows(relation: ScannedRelation, ctids: readonly string[]): Statement {
  return {
    text: `select count(*)::text as rows, (${everyValue(relation.columns)})::text as read
      from only ${qualified(relation.schema, relation.name)} t where t.ctid = any ($1::tid[])`,
    values: [ctids],
  };
}

/** Version of the row at `ctid`; no row when none is visible there. */
export function versionAt(relation: ScannedRelation, ctid: string): Statement {
  return {
    text: `select t.xmin::text as xmin from only ${qualified(relation.schema, relation.name)} t where t.ctid = $1::tid`,
    values: [ctid],
  };
}

/** A range of places is looked up, never found by reading the whole table. */
export const NO_SEQUENTIAL_SCAN: Statement = {
  text: `select set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),
    set_config('jit', 'off', false), set_config('row_security', 'off', false),
    set_config('max_parallel_workers_per_gather', '0', false)`,
};
