/** Reads a range of blocks on the server and finds out what cannot be read. */
import type { Session, Statement } from '../platform/postgres';
import { meetsDamage } from './damage';
import { isolate, type Reader, type RowVersion } from './isolate';
import type { BadRow, BlockRange, RowsResult, ScannedRelation } from './queue';
import * as sql from './sql/read';

/** Places of one range after which the search for single rows is given up: nobody lets thousands of rows be removed. */
export const MOST_PLACES = 500;

/** A reader of one relation that leaves the rows at `without` alone: reading them could crash the server. */
export function readerOf(session: Session, relation: ScannedRelation, without: readonly string[] = []): Reader {
  return {
    walk: async (range, step) => {
      const walked = sql.walkBlocks(relation, range, step, without, session.major);
      const { came, sqlState } = await rowsUntilDamage<{ at: number; rows: string }>(session, walked);
      const rows = came.reduce((sum, part) => sum + Number(part.rows), 0);
      const last = came.at(-1);
      return { rows, stumble: sqlState === null ? null : { at: last ? last.at + step : range.from, sqlState } };
    },
    rows: async (ctids) => {
      const { came, sqlState } = await rowsUntilDamage(session, sql.walkRows(relation, ctids));
      return sqlState === null ? null : { at: came.length, sqlState };
    },
    column: (ctid, column) => meetsDamage(() => session.query(sql.readRows(columnOf(relation, column), [ctid]))),
    versions: async (range) => {
      let found: RowVersion[] = [];
      const state = await meetsDamage(async () => {
        found = await session.query<{ ctid: string; xmin: string }>(sql.rowsIn(relation, range, session.major));
      });
      return state ?? found.filter(({ ctid }) => !without.includes(ctid));
    },
  };
}

async function rowsUntilDamage<R extends object>(
  session: Session,
  statement: Statement,
): Promise<{ readonly came: readonly R[]; readonly sqlState: string | null }> {
  const { rows, failure } = await session.rowsUntilFailure<R>(statement);
  const sqlState = await meetsDamage(async () => {
    if (failure !== null) throw failure;
  });
  return { came: rows, sqlState };
}

/** The relation as if it had that column alone. */
function columnOf(relation: ScannedRelation, column: string): ScannedRelation {
  return { ...relation, columns: relation.columns.filter(({ name }) => name === column) };
}

/** Reads every value of every row in `range`. */
export async function readRange(
  session: Session,
  relation: ScannedRelation,
  range: BlockRange,
  without: readonly string[],
): Promise<RowsResult> {
  const startedAt = Date.now();
  const names = relation.columns.map(({ name }) => name);
  const found = await isolate(readerOf(session, relation, without), range, names, MOST_PLACES);
  return { ...found, ms: Date.now() - startedAt };
}

/** How a row that could not be read stands at a second look. */
export type SecondLook = 'still-bad' | 'gone' | 'readable';

/** Looks at a row again: `gone` when another version, or none, is at its place; `readable` when every value can be read. */
export async function lookAgain(session: Session, relation: ScannedRelation, row: BadRow): Promise<SecondLook> {
  const [version] = await session.query<{ xmin: string }>(sql.versionAt(relation, row.ctid));
  if (version?.xmin !== row.xmin) return 'gone';
  const state = await meetsDamage(() => session.query(sql.readRows(relation, [row.ctid])));
  return state === null ? 'readable' : 'still-bad';
}
