/**
 * The logins of DMS: on the source the replication role, which may read everything besides; on the target a role of its own, which may
 * read and write every table, and keep control tables with the ledger. It is closed before applications come, and goes with the task.
 */
import { Blocked, NotReady } from '../errors';
import { dmsRole, LEDGER_SCHEMA } from './names';
import type { Session, Statement } from './postgres';
import { sqlStateOf } from './postgres-error';
import { ident, literal } from './quote';
import { scramVerifier } from './scram-verifier';

/** The predefined roles came with 14 (manual, "Predefined Roles"). */
const FIRST_MAJOR = 14;

/** How long sessions that were told to end may take. */
const END_MS = 10_000;
const ASK_MS = 20;

/** A login of the target, and whether it is at work in the session's database. */
export interface DmsLogin {
  readonly enabled: boolean;
  readonly working: boolean;
}

function loginState(role: string): Statement {
  return {
    text: `select r.rolcanlogin as enabled, exists (select from pg_stat_activity a
          where a.usesysid = r.oid and a.datname = current_database()) as working
      from pg_roles r where r.rolname = $1`,
    values: [role],
  };
}

function endSessionsOf(role: string): Statement {
  return {
    text: 'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and pid <> pg_backend_pid()',
    values: [role],
  };
}

/** The login of the target; null when there is none. */
export async function dmsLogin(session: Session<'target'>, migrationId: string): Promise<DmsLogin | null> {
  const [found] = await session.query<DmsLogin>(loginState(dmsRole(migrationId)));
  return found ?? null;
}

/** Lets the replication role read every table; it goes with the role. In a transaction of the caller's on the home database. */
export async function letReadAll(home: Session<'source'>, role: string): Promise<void> {
  await grantPredefined(home, 'pg_read_all_data', role);
}

/**
 * Makes the target's login, or opens it and gives it its present password; in a transaction of the caller's on the home database.
 * Throws `Blocked` when the master user may not hand on what it needs.
 */
export async function openDmsLogin(home: Session<'target'>, migrationId: string, password: string): Promise<void> {
  const role = dmsRole(migrationId);
  const verifier = scramVerifier(password);
  const [found] = await home.query(loginState(role));
  const verb = found === undefined ? 'create' : 'alter';
  await home.execute({ text: `${verb} role ${ident(role)} login password ${literal(verifier)}` });
  if (found !== undefined) return;
  // Only a member drops what a role may do, from 16 on.
  const options = home.major >= 16 ? ' with inherit true, set true' : '';
  await home.execute({ text: `grant ${ident(role)} to current_user${options}` });
  for (const predefined of ['pg_read_all_data', 'pg_write_all_data']) await grantPredefined(home, predefined, role);
}

/** Lets the login keep its control tables in the session's database; what grants it no comparison of catalogues tells. */
export async function admitDmsLogin(session: Session<'target'>, migrationId: string): Promise<void> {
  const role = ident(dmsRole(migrationId));
  await session.execute({ text: `grant connect, create on database ${ident(session.database)} to ${role}` });
  await session.execute({ text: `grant usage, create on schema ${LEDGER_SCHEMA} to ${role}` });
  await session.execute({ text: `grant select, insert, update, delete on ${LEDGER_SCHEMA}.marker to ${role}` });
}

/** Closes the login and ends its sessions in every database: nothing of it can write any more. Throws `NotReady` when one stays. */
export async function closeDmsLogin(session: Session<'target'>, migrationId: string): Promise<void> {
  const role = dmsRole(migrationId);
  if ((await dmsLogin(session, migrationId)) === null) return;
  await session.execute({ text: `alter role ${ident(role)} nologin` });
  const deadline = Date.now() + END_MS;
  // Ends when no session is left, or at the deadline.
  while ((await session.query(endSessionsOf(role))).length > 0) {
    if (Date.now() > deadline) throw new NotReady(`sessions of ${role} stay on the target, they are ended again`);
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** Takes everything of the login off the session's database, and the login itself with the last one; can run again. */
export async function dropDmsLogin(session: Session<'target'>, migrationId: string): Promise<boolean> {
  if ((await dmsLogin(session, migrationId)) === null) return false;
  const role = ident(dmsRole(migrationId));
  await closeDmsLogin(session, migrationId);
  await session.execute({ text: `drop owned by ${role}` });
  try {
    await session.execute({ text: `drop role ${role}` });
    return true;
  } catch (error) {
    // Another database still has something of it.
    if (sqlStateOf(error) !== '2BP01') throw error;
    return false;
  }
}

async function grantPredefined(home: Session, predefined: string, role: string): Promise<void> {
  if (home.major < FIRST_MAJOR) {
    throw new Blocked(
      `the ${home.side} has PostgreSQL ${home.major}, engine dms needs ${FIRST_MAJOR} for the role ${predefined}; use engine native`,
    );
  }
  try {
    // The replication role inherits nothing by itself; until 16 that is the role's own property.
    const inheriting = home.major >= 16 ? ' with inherit true' : '';
    if (home.major < 16) await home.execute({ text: `alter role ${ident(role)} inherit` });
    await home.execute({ text: `grant ${predefined} to ${ident(role)}${inheriting}` });
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    throw new Blocked(
      `the master user of the ${home.side} may not grant ${predefined} to ${role}, which DMS needs; grant it as an administrator`,
      { cause: error },
    );
  }
}
