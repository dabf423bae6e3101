/** Taking away the role by which the target follows the source, as `release` does before the flip and `settle` behind it. */
import { deleteUndo, selectUndo } from './ledger-sql';
import type { Session, Statement } from './postgres';
import { ident } from './quote';

/** Kind of the undo row of the role itself. */
export const ROLE_UNDO = 'replication-role';

/** Kind of the undo rows of an entry into a database. */
export const CONNECT_UNDO = 'connect';

/** True when the role exists. */
function roleExists(role: string): Statement {
  return { text: 'select exists (select from pg_roles where rolname = $1) as present', values: [role] };
}

/** Takes a role's entry into a database away. */
function revokeConnect(database: string, role: string): Statement {
  return { text: `revoke connect on database ${ident(database)} from ${ident(role)}` };
}

/** Drops a role; fails when it owns or may use anything. */
function dropRole(role: string): Statement {
  return { text: `drop role ${ident(role)}` };
}

/** Takes the role's entries and the role away again, as recorded; can run again. Returns the roles that were dropped. */
export async function removeReplicationRole(home: Session): Promise<string[]> {
  const entries = await home.query<{ object: string; prior: { role: string } }>(selectUndo(CONNECT_UNDO));
  for (const { object: database, prior } of entries) {
    await home.transaction(async () => {
      if (await exists(home, prior.role)) await home.execute(revokeConnect(database, prior.role));
      await home.execute(deleteUndo(CONNECT_UNDO, database));
    });
  }
  const roles = await home.query<{ object: string }>(selectUndo(ROLE_UNDO));
  for (const { object: role } of roles) {
    await home.transaction(async () => {
      if (await exists(home, role)) await home.execute(dropRole(role));
      await home.execute(deleteUndo(ROLE_UNDO, role));
    });
  }
  return roles.map((row) => row.object);
}

async function exists(home: Session, role: string): Promise<boolean> {
  return (await home.one<{ present: boolean }>(roleExists(role))).present;
}
