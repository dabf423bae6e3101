/**
 * Memberships that the master user takes in roles that own databases and tables, because it is no superuser: only owners
 * publish tables, and from 16 an apply worker sets the role of a table's owner. Recorded in the home ledger's `undo` and
 * given back exactly; role memberships are shared by all databases.
 */
import { Blocked } from '../errors';
import { deleteUndo, insertUndo, selectUndo } from './ledger-sql';
import type { Session, Statement } from './postgres';
import { sqlStateOf } from './postgres-error';
import { ident } from './quote';

/** Kind of the undo rows; their object is the role. */
export const MEMBERSHIP_UNDO = 'membership';

/** One row of `pg_auth_members` for the master user; `inherit` and `set` are null before 16. */
interface Membership {
  readonly grantor: string;
  readonly admin: boolean;
  readonly inherit: boolean | null;
  readonly set: boolean | null;
}

/** Memberships of the current user in a role; from 16 there may be one per grantor. JSON hides what a version lacks. */
function membershipsIn(role: string): Statement {
  return {
    text: `select pg_get_userbyid(m.grantor) as grantor, m.admin_option as admin,
        (to_jsonb(m) ->> 'inherit_option')::boolean as inherit, (to_jsonb(m) ->> 'set_option')::boolean as set
      from pg_auth_members m
      where m.roleid = (select oid from pg_roles where rolname = $1)
        and m.member = (select oid from pg_roles where rolname = current_user)
      order by grantor`,
    values: [role],
  };
}

/** Those of the roles named that the current user cannot act as: neither by inheritance nor, from 16, by SET ROLE. */
function rolesNotHeld(roles: readonly string[], major: number): Statement {
  const set = major >= 16 ? "and pg_has_role(current_user, r.oid, 'set')" : '';
  return {
    text: `select r.rolname as role from pg_roles r
      where r.rolname = any($1) and not (pg_has_role(current_user, r.oid, 'usage') ${set})
      order by r.rolname`,
    values: [roles],
  };
}

/** Owners of those databases that the current user may not enter. */
function ownersOfClosedDatabases(databases: readonly string[]): Statement {
  return {
    text: `select distinct pg_get_userbyid(datdba) as owner from pg_database
      where datname = any($1) and not has_database_privilege(oid, 'connect') order by owner`,
    values: [databases],
  };
}

function grantRole(role: string, major: number): Statement {
  const options = major >= 16 ? ' with inherit true, set true' : '';
  return { text: `grant ${ident(role)} to current_user${options}` };
}

function regrantRole(role: string, membership: Membership): Statement {
  const { admin, inherit, set, grantor } = membership;
  return {
    text: `grant ${ident(role)} to current_user with admin ${admin}, inherit ${inherit}, set ${set} granted by ${ident(grantor)}`,
  };
}

function revokeRole(role: string, grantor: string, major: number): Statement {
  const by = major >= 16 ? ` granted by ${ident(grantor)}` : '';
  return { text: `revoke ${ident(role)} from current_user${by}` };
}

/**
 * Makes the current user a member of those `roles` whose powers it lacks and records what was before. Runs inside a
 * transaction of the caller's on the home database. Throws `Blocked` naming the role when it may not be joined.
 */
export async function joinRoles(home: Session, roles: readonly string[]): Promise<void> {
  for (const role of await missingRoles(home, roles)) {
    const memberships = await home.query<Membership>(membershipsIn(role));
    await home.execute(insertUndo(MEMBERSHIP_UNDO, role, { memberships }));
    await joinRole(home, role);
  }
}

/** Joins the owners of those `databases` that the current user may not enter; in a transaction of the caller's, recorded. */
export async function joinOwnersOf(home: Session, databases: readonly string[]): Promise<void> {
  const owners = await home.query<{ owner: string }>(ownersOfClosedDatabases(databases));
  await joinRoles(
    home,
    owners.map(({ owner }) => owner),
  );
}

/** Joins `roles` without a record, in a transaction of the caller's that is rolled back: nobody else ever sees it. */
export async function joinRolesForNow(session: Session, roles: readonly string[]): Promise<void> {
  for (const role of await missingRoles(session, roles)) await joinRole(session, role);
}

async function missingRoles(session: Session, roles: readonly string[]): Promise<string[]> {
  const missing = await session.query<{ role: string }>(rolesNotHeld([...new Set(roles)], session.major));
  return missing.map(({ role }) => role);
}

async function joinRole(session: Session, role: string): Promise<void> {
  try {
    await session.execute(grantRole(role, session.major));
  } catch (error) {
    const state = sqlStateOf(error);
    if (state !== '42501' && state !== '0LP01') throw error;
    throw new Blocked(
      `the master user cannot become a member of role ${JSON.stringify(role)}, which owns objects of the migration ` +
        `(SQLSTATE ${state}), grant it to the master user with admin option or change the owner`,
      { cause: error },
    );
  }
}

/** Puts every recorded membership back as it was and forgets it; can run again. Returns how many there were. */
export async function leaveRoles(home: Session): Promise<number> {
  const recorded = await home.query<{ object: string; prior: { memberships: Membership[] } }>(
    selectUndo(MEMBERSHIP_UNDO),
  );
  for (const { object: role, prior } of recorded) {
    await home.transaction(async () => {
      for (const statement of await restoring(home, role, prior.memberships)) await home.execute(statement);
      await home.execute(deleteUndo(MEMBERSHIP_UNDO, role));
    });
  }
  return recorded.length;
}

/** A role that was dropped meanwhile has no memberships, and nothing to put back. */
async function restoring(home: Session, role: string, before: readonly Membership[]): Promise<Statement[]> {
  const now = await home.query<Membership>(membershipsIn(role));
  return now.flatMap((membership) => {
    const prior = before.find((candidate) => candidate.grantor === membership.grantor);
    if (prior === undefined) return [revokeRole(role, membership.grantor, home.major)];
    const same =
      prior.admin === membership.admin && prior.inherit === membership.inherit && prior.set === membership.set;
    return same ? [] : [regrantRole(role, prior)];
  });
}
