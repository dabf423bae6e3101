/**
 * Replica identities set for the migration, because UPDATE and DELETE of a published table without one fail on the live source
 * (facts B2). Recorded in the database's `undo`. A copy inherits both the identity and its record: the target keeps them
 * while changes flow, because apply finds a row by them, and gives them back when it is settled.
 */
import { type Expectation, lockExpected } from './ledger';
import { deleteUndo, insertUndo, selectUndo } from './ledger-sql';
import type { Session, Statement } from './postgres';
import { ident, qualified } from './quote';
import { withTableLock } from './table-lock';

/** Kind of the undo rows; their object is the quoted `schema.table`. */
export const REPLICA_IDENTITY_UNDO = 'replica-identity';

const PURPOSE = 'its replica identity was to be set';

/** `relreplident` (d default, n nothing, f full, i index) and, for `i`, the index; null when that was dropped. */
export interface ReplicaIdentity {
  readonly kind: 'd' | 'n' | 'f' | 'i';
  readonly index: string | null;
}

interface Change {
  readonly schema: string;
  readonly table: string;
  readonly before: ReplicaIdentity;
  readonly after: ReplicaIdentity;
}

/** Present identity of a table; no row when the table is gone. */
function identityOf(schema: string, table: string): Statement {
  return {
    text: `select c.relreplident as kind,
        (select x.relname from pg_index i join pg_class x on x.oid = i.indexrelid
          where i.indrelid = c.oid and i.indisreplident and c.relreplident = 'i') as index
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    values: [schema, table],
  };
}

function alterIdentity(schema: string, table: string, identity: ReplicaIdentity): Statement {
  // An identity whose index was dropped behaves as nothing and cannot be named any more.
  const words = { d: 'default', n: 'nothing', f: 'full', i: 'nothing' }[identity.kind];
  const what = identity.kind === 'i' && identity.index !== null ? `using index ${ident(identity.index)}` : words;
  return { text: `alter table only ${qualified(schema, table)} replica identity ${what}` };
}

/**
 * Sets a table's replica identity and records what was before; does nothing when it is that already. Throws `Blocked` when
 * the ledger is not as expected, `NotReady` when the table stays locked.
 */
export async function setReplicaIdentity(
  session: Session,
  expected: Expectation,
  table: { readonly schema: string; readonly name: string },
  after: ReplicaIdentity,
): Promise<void> {
  const object = qualified(table.schema, table.name);
  await withTableLock(session, object, PURPOSE, async () => {
    await lockExpected(session, expected);
    const [before] = await session.query<ReplicaIdentity>(identityOf(table.schema, table.name));
    if (before === undefined || same(before, after)) return;
    const change: Change = { schema: table.schema, table: table.name, before, after };
    await session.execute(insertUndo(REPLICA_IDENTITY_UNDO, object, change));
    await session.execute(alterIdentity(table.schema, table.name, after));
  });
}

/**
 * Gives every recorded replica identity back and forgets it; can run again. A table that is gone or that somebody changed
 * since is left as it is (fault 111). Returns the tables given back.
 */
export async function restoreReplicaIdentities(session: Session, expected: Expectation): Promise<string[]> {
  const recorded = await session.query<{ object: string; prior: Change }>(selectUndo(REPLICA_IDENTITY_UNDO));
  for (const { object, prior } of recorded) {
    await withTableLock(session, object, PURPOSE, async () => {
      await lockExpected(session, expected);
      const [now] = await session.query<ReplicaIdentity>(identityOf(prior.schema, prior.table));
      if (now !== undefined && same(now, prior.after)) {
        await session.execute(alterIdentity(prior.schema, prior.table, prior.before));
      }
      await session.execute(deleteUndo(REPLICA_IDENTITY_UNDO, object));
    });
  }
  return recorded.map((row) => row.object);
}

/**
 * Records on a target whose schema was made from the source's what was changed there before, so that its tables are given back
 * with the source's; in a transaction of the caller's.
 */
export async function inheritReplicaIdentities(source: Session, target: Session): Promise<void> {
  const recorded = await source.query<{ object: string; prior: Change }>(selectUndo(REPLICA_IDENTITY_UNDO));
  for (const { object, prior } of recorded) await target.execute(insertUndo(REPLICA_IDENTITY_UNDO, object, prior));
}

function same(left: ReplicaIdentity, right: ReplicaIdentity): boolean {
  return left.kind === right.kind && left.index === right.index;
}
