/**
 * Moves one row into quarantine: saved and deleted in ONE transaction that locks it and finds, under the lock, the same place, the
 * same version and the same failure. An innocent row that has moved to the place is another version and stays (facts H3).
 */
import { Blocked } from '../errors';
import { type Expectation, guarded } from '../platform/ledger';
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { meetsDamage } from './damage';
import { nameOf } from './findings';
import { isolateRows } from './isolate';
import type { BadRow, ScannedRelation } from './queue';
import { readerOf } from './read';
import * as sql from './sql/quarantine';

/** `removed` by this call; `gone`: another version or none is there; `readable`: every value can be read again. */
export type Removal = 'removed' | 'gone' | 'readable';

/** Saves and removes `row`. Throws `Blocked`, changing nothing, when another row points at it or it cannot be deleted. */
export async function removeRow(
  session: Session,
  expected: Expectation,
  relation: ScannedRelation,
  row: BadRow,
  execution: string,
): Promise<Removal> {
  return guarded(session, expected, async () => {
    const [locked] = await session.query<{ xmin: string }>(sql.lockRow(relation, row.ctid));
    if (locked?.xmin !== row.xmin) return 'gone';
    const [found] = await failuresOf(session, relation, row);
    if (found === undefined) return 'readable';
    await refuseReferenced(session, relation, found);
    const unreadable = Object.fromEntries(found.columns.map(({ name, sqlState }) => [name, sqlState]));
    const readable = relation.columns.map(({ name }) => name).filter((name) => !(name in unreadable));
    const reason = `columns ${Object.keys(unreadable).join(', ')} cannot be read (SQLSTATE ${found.sqlState})`;
    await session.execute(sql.saveRow(relation, { ...found, readable, unreadable, reason, execution }));
    await remove(session, relation, found);
    return 'removed';
  });
}

/** Reads the locked row again; each failing statement ends at its own savepoint, so that the lock stays. */
async function failuresOf(session: Session, relation: ScannedRelation, row: BadRow): Promise<BadRow[]> {
  const reader = readerOf(session, relation);
  const columns = relation.columns.map(({ name }) => name);
  const guardedReader = {
    ...reader,
    rows: (ctids: readonly string[]) => atSavepoint(session, () => reader.rows(ctids)),
    column: (ctid: string, column: string) => atSavepoint(session, () => reader.column(ctid, column)),
  };
  return isolateRows(guardedReader, [row], columns);
}

async function atSavepoint<T>(session: Session, read: () => Promise<T | null>): Promise<T | null> {
  await session.query({ text: 'savepoint read' });
  const failure = await read();
  await session.query({ text: failure === null ? 'release savepoint read' : 'rollback to savepoint read' });
  return failure;
}

/** A row that others point at is not removed: that would orphan them, or take them along. */
async function refuseReferenced(session: Session, relation: ScannedRelation, row: BadRow): Promise<void> {
  for (const reference of await session.query<sql.Reference>(sql.referencesTo(relation.oid))) {
    const unreadable = row.columns.some(({ name }) => reference.referenced.includes(name));
    const { referenced } = unreadable
      ? { referenced: true }
      : await session.one<{ referenced: boolean }>(sql.isReferenced(relation, reference, row.ctid));
    if (!referenced) continue;
    throw new Blocked(
      `the row at ${row.ctid} of table ${nameOf(relation)} cannot be read, and rows of table ` +
        `${nameOf({ schema: reference.schema, name: reference.table })} ${unreadable ? 'may' : ''} point at it by foreign key ` +
        `${JSON.stringify(reference.name)}, repair it by hand`,
    );
  }
}

async function remove(session: Session, relation: ScannedRelation, row: BadRow): Promise<void> {
  let deleted = 0;
  const damage = await meetsDamage(async () => {
    deleted = await session.execute(sql.deleteRow(relation, row.ctid, row.xmin));
  }).catch((error: unknown) => {
    const state = sqlStateOf(error);
    // A foreign key or a trigger of the customer's says no.
    if (state === undefined || !['23', 'P0'].some((prefix) => state.startsWith(prefix))) throw error;
    return state;
  });
  if (damage === null && deleted === 1) return;
  throw new Blocked(
    `the row at ${row.ctid} of table ${nameOf(relation)} cannot be removed` +
      `${damage === null ? '' : ` (SQLSTATE ${damage})`}, a trigger, a foreign key or a replica identity FULL needs its values; ` +
      'repair it by hand',
  );
}
