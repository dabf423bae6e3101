/**
 * Who may log in: closed for every application role by the fence on the source and by the adoption on the target, reopened for
 * exactly those that could before. Roles are shared by all databases, so the home ledger's `undo` keeps them. NOLOGIN stops
 * new sessions only; whoever is connected must be ended besides (facts F1).
 */
import { Blocked } from '../errors';
import { deleteUndo, insertUndo, selectUndo } from './ledger-sql';
import { replicationRole } from './names';
import type { Session, Statement } from './postgres';
import { sqlStateOf } from './postgres-error';
import { ident } from './quote';
import { OF_RDS } from './rds-roles';

/** Kind of the undo rows; their object is the role. */
export const LOGIN_UNDO = 'login';

/**
 * Login roles of applications: not ours (the master user, the replication role), not RDS's, not predefined (`pg_…`, a prefix
 * that PostgreSQL keeps to itself). A superuser is listed too: on RDS there is none but `rdsadmin`, and `assess` blocks another.
 */
function applicationLogins(migrationId: string): Statement {
  return {
    text: `select r.rolname as role from pg_roles r
      where r.rolcanlogin and r.rolname <> current_user and r.rolname <> $1 and r.rolname !~ '^pg_' and not ${OF_RDS}
      order by r.rolname`,
    values: [replicationRole(migrationId)],
  };
}

function alterLogin(role: string, login: boolean): Statement {
  return { text: `alter role ${ident(role)} ${login ? 'login' : 'nologin'}` };
}

function roleExists(role: string): Statement {
  return { text: 'select exists (select from pg_roles where rolname = $1) as present', values: [role] };
}

/**
 * Takes LOGIN from every application role and records it; runs inside a transaction of the caller's on the home database.
 * Returns the roles. Throws `Blocked` naming a role that the master user may not alter.
 */
export async function closeLogins(home: Session, migrationId: string): Promise<string[]> {
  const roles = await home.query<{ role: string }>(applicationLogins(migrationId));
  for (const { role } of roles) {
    await home.execute(insertUndo(LOGIN_UNDO, role, { login: true }));
    try {
      await home.execute(alterLogin(role, false));
    } catch (error) {
      if (sqlStateOf(error) !== '42501') throw error;
      throw new Blocked(
        `role ${JSON.stringify(role)} may not be altered by the master user, so it cannot be fenced, ` +
          'grant the role to the master user with admin option',
        { cause: error },
      );
    }
  }
  return roles.map(({ role }) => role);
}

/** The roles whose LOGIN was taken and not given back. */
export async function recordedLogins(home: Session): Promise<string[]> {
  const recorded = await home.query<{ object: string }>(selectUndo(LOGIN_UNDO));
  return recorded.map(({ object }) => object).sort();
}

/**
 * Gives LOGIN to exactly `roles` and forgets every record; runs inside a transaction of the caller's on the home database. For
 * the target: those that the fence closed on the source may log in, whatever an operator changed since the adoption.
 */
export async function openLogins(home: Session, roles: readonly string[]): Promise<void> {
  for (const role of roles) await home.execute(alterLogin(role, true));
  const recorded = await home.query<{ object: string }>(selectUndo(LOGIN_UNDO));
  for (const { object } of recorded) await home.execute(deleteUndo(LOGIN_UNDO, object));
}

/**
 * Gives LOGIN back to every recorded role and forgets the record; runs inside a transaction of the caller's on the home
 * database. A role that was dropped meanwhile is left out. Returns the roles.
 */
export async function reopenLogins(home: Session): Promise<string[]> {
  const recorded = await home.query<{ object: string }>(selectUndo(LOGIN_UNDO));
  const reopened: string[] = [];
  for (const { object: role } of recorded) {
    const { present } = await home.one<{ present: boolean }>(roleExists(role));
    if (present) {
      await home.execute(alterLogin(role, true));
      reopened.push(role);
    }
    await home.execute(deleteUndo(LOGIN_UNDO, role));
  }
  return reopened;
}
