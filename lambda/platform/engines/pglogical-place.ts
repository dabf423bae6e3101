/**
 * What pglogical needs in one database of either side, made when it is missing and recorded in the ledger's `undo`, so that taking it
 * away gives the exact prior state: a node or an extension that was there before is used and stays (fault 67).
 *
 *   extension -> node -> (source: sets -> tables, each with its trigger)            taken away in the opposite order
 */
import { Blocked } from '../../errors';
import { type Expectation, guarded, lockExpected } from '../ledger';
import { deleteUndo, insertUndo, selectUndo } from '../ledger-sql';
import type { Session } from '../postgres';
import { qualified } from '../quote';
import { withTableLock } from '../table-lock';
import * as sql from './pglogical-sql';

const EXTENSION_UNDO = 'pglogical-extension';
const NODE_UNDO = 'pglogical-node';
const SET_UNDO = 'pglogical-set';
const TRIGGER_UNDO = 'pglogical-trigger';
const USAGE_UNDO = 'pglogical-usage';

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Installs the extension where it is missing. Throws what the server says when its library was not loaded. */
export async function ensureExtension(session: Session, expected: Expectation): Promise<void> {
  await guarded(session, expected, async () => {
    const { installed, hasSchema } = await session.one<{ installed: boolean; hasSchema: boolean }>(sql.extensionFacts);
    if (installed) return;
    await session.execute(insertUndo(EXTENSION_UNDO, sql.PGLOGICAL, { hasSchema }));
    await session.execute(sql.createExtension);
  });
}

/** Makes the database's node where it has none and returns its name; `connection` is what the node says of itself. */
export async function ensureNode(
  session: Session,
  expected: Expectation,
  node: { readonly name: string; readonly connection: string },
): Promise<string> {
  return guarded(session, expected, async () => {
    const [found] = await session.query<{ name: string }>(sql.localNode);
    if (found !== undefined) return found.name;
    await session.execute(insertUndo(NODE_UNDO, node.name, {}));
    await session.query(sql.handConnection(node.connection));
    await session.execute(sql.createNode(node.name));
    return node.name;
  });
}

/** Makes a set of the local node where it is missing. */
export async function ensureSet(
  session: Session,
  expected: Expectation,
  set: { readonly name: string; readonly changes: 'all' | 'inserts' },
): Promise<void> {
  await guarded(session, expected, async () => {
    if ((await session.one<{ present: boolean }>(sql.setExists(set.name))).present) return;
    await session.execute(insertUndo(SET_UNDO, set.name, {}));
    await session.execute(sql.createSet(set.name, set.changes));
  });
}

/** Puts a table into a set; throws `NotReady` when it stays locked. */
export async function addToSet(session: Session, expected: Expectation, set: string, table: TableName): Promise<void> {
  const object = qualified(table.schema, table.name);
  await withTableLock(session, object, 'it was to be put into a replication set', async () => {
    await lockExpected(session, expected);
    const [trigger] = await session.query(sql.truncateTrigger(table.schema, table.name));
    if (trigger === undefined) {
      await session.execute(insertUndo(TRIGGER_UNDO, object, { schema: table.schema, name: table.name }));
    }
    await session.execute(sql.addTable(set, table.schema, table.name));
  });
}

/** Lets a role use the extension's schema. */
export async function ensureUsage(session: Session, expected: Expectation, role: string): Promise<void> {
  await guarded(session, expected, async () => {
    if ((await session.one<{ allowed: boolean }>(sql.mayUseSchema(role))).allowed) return;
    await session.execute(insertUndo(USAGE_UNDO, role, {}));
    await session.execute(sql.grantUsage(role));
  });
}

/**
 * Takes away what was made in a database, as recorded; subscriptions and slots of ours are gone before. Can run again. Throws
 * `Blocked` when somebody else reads from the node that was made, `NotReady` when a table stays locked.
 */
export async function leavePlace(session: Session, expected: Expectation): Promise<void> {
  const { installed } = await session.one<{ installed: boolean }>(sql.extensionFacts);
  const undo = async (kind: string, back: (object: string) => Promise<void>): Promise<void> => {
    for (const { object } of await session.query<{ object: string }>(selectUndo(kind))) {
      await guarded(session, expected, async () => {
        if (installed) await back(object);
        await session.execute(deleteUndo(kind, object));
      });
    }
  };
  await undo(SET_UNDO, async (name) => void (await session.execute(sql.dropSet(name))));
  await dropTriggers(session, expected);
  await undo(NODE_UNDO, (name) => dropNode(session, name));
  await undo(USAGE_UNDO, async (role) => void (await session.execute(sql.revokeUsage(role))));
  await dropExtension(session, expected, installed);
}

/** Each on its own, so that no table waits for another; a table that is gone took its trigger with it. */
async function dropTriggers(session: Session, expected: Expectation): Promise<void> {
  for (const { object, prior } of await session.query<{ object: string; prior: TableName }>(selectUndo(TRIGGER_UNDO))) {
    await withTableLock(session, object, 'its trigger for TRUNCATE was to be taken away', async () => {
      await lockExpected(session, expected);
      const [found] = await session.query<{ trigger: string }>(sql.truncateTrigger(prior.schema, prior.name));
      if (found !== undefined) await session.execute(sql.dropTrigger(found.trigger, prior.schema, prior.name));
      await session.execute(deleteUndo(TRIGGER_UNDO, object));
    });
  }
}

/** pglogical drops every slot of the database with its node: those of others are no business of ours. */
async function dropNode(session: Session, name: string): Promise<void> {
  const slots = await session.query<{ name: string }>(sql.pglogicalSlots);
  if (slots.length > 0) {
    throw new Blocked(
      `pglogical node ${name} of ${session.side} database ${JSON.stringify(session.database)} was made by this migration and ` +
        `slots of others read from it (${slots.map((slot) => slot.name).join(', ')}), drop their subscriptions first`,
    );
  }
  await session.execute(sql.dropNode(name));
}

/** An extension that somebody else has made a node of since is theirs. */
async function dropExtension(session: Session, expected: Expectation, installed: boolean): Promise<void> {
  for (const { object, prior } of await session.query<{ object: string; prior: { hasSchema: boolean } }>(
    selectUndo(EXTENSION_UNDO),
  )) {
    await guarded(session, expected, async () => {
      const inUse = installed && (await session.query(sql.localNode)).length > 0;
      if (installed && !inUse) {
        await session.execute(sql.dropExtension);
        if (!prior.hasSchema) await session.execute(sql.dropSchema);
      }
      await session.execute(deleteUndo(EXTENSION_UNDO, object));
    });
  }
}
