/** The role as which the target follows the source: it may log in, replicate, enter the databases, and nothing else. */
import { Blocked } from '../errors';
import { insertUndo } from '../platform/ledger-sql';
import { joinRoles } from '../platform/memberships';
import { replicationRole } from '../platform/names';
import type { Credentials, Session } from '../platform/postgres';
import { CONNECT_UNDO, ROLE_UNDO } from '../platform/replication-role';
import { scramVerifier } from './scram-verifier';
import * as sql from './sql/prepare';

/**
 * Makes the replication role or gives it its present password, and lets it into those `databases` that PUBLIC may not enter;
 * the others are left alone, because an access list that was never set could not be unset again. Runs inside a transaction
 * on the home database. Throws `Blocked` when a foreign role has that name.
 */
export async function ensureReplicationRole(
  home: Session,
  migrationId: string,
  credentials: Credentials,
  databases: readonly string[],
): Promise<void> {
  const role = replicationRole(migrationId);
  if (credentials.username !== role) {
    throw new Blocked(
      `the replication secret names user ${JSON.stringify(credentials.username)}, ${JSON.stringify(role)} was expected, ` +
        'deploy the migration stack again',
    );
  }
  await ensureRole(home, role, scramVerifier(credentials.password));
  const closed = await home.query<{ database: string; owner: string; acl: string | null }>(
    sql.databasesClosedTo(role, databases),
  );
  for (const { database, owner, acl } of closed) {
    await joinRoles(home, [owner]);
    await home.execute(insertUndo(CONNECT_UNDO, database, { role, acl }));
    await home.execute(sql.grantConnect(database, role));
  }
}

async function ensureRole(home: Session, role: string, verifier: string): Promise<void> {
  const facts = await home.one<{
    present: boolean;
    hasGroup: boolean;
    mayGiveAttribute: boolean;
    recorded: boolean;
  }>(sql.replicationRoleFacts(role));
  if (facts.present && !facts.recorded) {
    throw new Blocked(`role ${JSON.stringify(role)} exists and is not ours, drop it or use another migration id`);
  }
  if (facts.present) {
    await home.execute(sql.setReplicationPassword(role, verifier));
    return;
  }
  await home.execute(insertUndo(ROLE_UNDO, role, { present: false }));
  await home.execute(sql.createReplicationRole(role, verifier, facts.mayGiveAttribute));
  if (facts.hasGroup) await home.execute(sql.grantReplicationGroup(role));
}
