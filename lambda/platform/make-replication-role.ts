/** The role as which the target follows the source: it may log in, replicate, enter the databases, and nothing else. */
import { Blocked } from '../errors';
import { insertUndo } from './ledger-sql';
import { joinRoles } from './memberships';
import { replicationRole } from './names';
import type { Credentials, Session, Statement } from './postgres';
import { ident, literal } from './quote';
import { CONNECT_UNDO, ROLE_UNDO } from './replication-role';
import { scramVerifier } from './scram-verifier';

/** What the replication role is now, and whether the current user may hand on the REPLICATION attribute (facts E1). */
function replicationRoleFacts(role: string): Statement {
  return {
    text: `select exists (select from pg_roles where rolname = $1) as present,
        exists (select from pg_roles where rolname = 'rds_replication') as "hasGroup",
        (select rolsuper or rolreplication from pg_roles where rolname = current_user) as "mayGiveAttribute",
        exists (select from sealift.undo where kind = 'replication-role' and object = $1) as recorded`,
    values: [role],
  };
}

/** Makes the replication role, which can log in and nothing else; `verifier` keeps its password out of every log. */
function createReplicationRole(role: string, verifier: string, withAttribute: boolean): Statement {
  const attribute = withAttribute ? 'replication' : 'noreplication';
  return { text: `create role ${ident(role)} login ${attribute} noinherit password ${literal(verifier)}` };
}

/** Gives the replication role a new password. */
function setReplicationPassword(role: string, verifier: string): Statement {
  return { text: `alter role ${ident(role)} password ${literal(verifier)}` };
}

/** The group by which RDS lets a role replicate. */
function grantReplicationGroup(role: string): Statement {
  return { text: `grant rds_replication to ${ident(role)}` };
}

/** Those databases that the role may not enter: PUBLIC has lost CONNECT there (facts B18). */
function databasesClosedTo(role: string, databases: readonly string[]): Statement {
  return {
    text: `select datname as database, pg_get_userbyid(datdba) as owner, datacl::text as acl from pg_database
      where datname = any($2) and not has_database_privilege($1, oid, 'connect') order by datname`,
    values: [role, databases],
  };
}

/** Lets a role into a database. */
function grantConnect(database: string, role: string): Statement {
  return { text: `grant connect on database ${ident(database)} to ${ident(role)}` };
}

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
    databasesClosedTo(role, databases),
  );
  for (const { database, owner, acl } of closed) {
    await joinRoles(home, [owner]);
    await home.execute(insertUndo(CONNECT_UNDO, database, { role, acl }));
    await home.execute(grantConnect(database, role));
  }
}

async function ensureRole(home: Session, role: string, verifier: string): Promise<void> {
  const facts = await home.one<{
    present: boolean;
    hasGroup: boolean;
    mayGiveAttribute: boolean;
    recorded: boolean;
  }>(replicationRoleFacts(role));
  if (facts.present && !facts.recorded) {
    throw new Blocked(`role ${JSON.stringify(role)} exists and is not ours, drop it or use another migration id`);
  }
  if (facts.present) {
    await home.execute(setReplicationPassword(role, verifier));
    return;
  }
  await home.execute(insertUndo(ROLE_UNDO, role, { present: false }));
  await home.execute(createReplicationRole(role, verifier, facts.mayGiveAttribute));
  if (facts.hasGroup) await home.execute(grantReplicationGroup(role));
}
