/**
 * Roles of the source on the target: their attributes, memberships, settings and rights on databases. Passwords cannot be read on
 * RDS, so every role that logs in gets one from the caller, who keeps it as a secret and lists it for rotation.
 */
import type { Session, Statement } from '../../platform/postgres';
import { PostgresError } from '../../platform/postgres-error';
import { scramVerifier } from '../../platform/scram-verifier';
import type { LeftOut } from './filter';
import * as sql from './sql/roles';
import { tokensOf } from './tokens';

/** What the source has of roles. */
export interface RolePlan {
  readonly roles: readonly sql.SourceRole[];
  readonly memberships: readonly sql.Membership[];
  readonly settings: readonly sql.RoleSetting[];
  readonly grants: readonly DatabaseGrants[];
}

/** Rights on a database; none where they are PostgreSQL's default. */
export interface DatabaseGrants {
  readonly database: string;
  readonly grants: readonly Grant[];
}

interface Grant {
  readonly grantee: string;
  readonly privilege: string;
  readonly grantable: boolean;
  readonly owner: string;
}

/** Who is who on the target. */
export interface RoleOptions {
  /** The master user of the source and of the target, which are one role. */
  readonly sourceMaster: string;
  readonly targetMaster: string;
  /** Gives the password of a role, kept before it is given: asked again it gives the same one. */
  readonly passwordOf: (role: string) => Promise<string>;
}

/** What became of the roles. */
export interface MadeRoles {
  /** Roles with a new password: to be told to their applications, or rotated. */
  readonly newPasswords: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** Settings whose value is a list of names, each of which is a value of its own in SQL (pg_dump has the same list). */
const LISTS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/** Attributes that RDS gives nobody, and what stands in for each. */
const FORBIDDEN = [
  { attribute: 'superuser', reason: 'RDS has no superusers; grant rds_superuser to it where it administers' },
  { attribute: 'replication', reason: 'RDS replicates by membership; grant rds_replication to it where it does' },
  { attribute: 'bypassRls', reason: 'RDS lets nobody pass by row security; give it a policy of its own' },
] as const;

/** Reads the roles of the source from its home database; `own` is the migration's own role there, which stays behind. */
export async function readRoles(home: Session, own: string, databases: readonly string[]): Promise<RolePlan> {
  const grants: DatabaseGrants[] = [];
  for (const database of databases) {
    grants.push({ database, grants: await home.query<Grant>(sql.databaseGrants(own, database)) });
  }
  return {
    roles: await home.query<sql.SourceRole>(sql.sourceRoles(own)),
    memberships: await home.query<sql.Membership>(sql.sourceMemberships(own)),
    settings: await home.query<sql.RoleSetting>(sql.sourceSettings(own, databases)),
    grants,
  };
}

/**
 * Makes the roles in one transaction of the caller's on the target's home database; can run again. What the target refuses, such as a
 * setting that it does not know, is left out alone and named.
 */
export async function makeRoles(home: Session, plan: RolePlan, options: RoleOptions): Promise<MadeRoles> {
  const { sourceMaster, targetMaster } = options;
  const named = (role: string): string => (role === sourceMaster ? targetMaster : role);
  const leftOut: LeftOut[] = [];
  const newPasswords: string[] = [];
  const roles = plan.roles.filter(({ name }) => name !== sourceMaster && name !== targetMaster);
  const existing = await home.query<{ role: string }>(sql.existingRoles(roles.map(({ name }) => name)));
  for (const role of roles) {
    if (!existing.some((one) => one.role === role.name)) await home.execute(sql.createRole(role.name));
    const password = role.login ? await options.passwordOf(role.name) : null;
    if (password !== null) newPasswords.push(role.name);
    await home.execute(sql.alterRole(role, password === null ? null : scramVerifier(password)));
    if (role.comment !== null) await home.execute(sql.commentOnRole(role.name, role.comment));
    leftOut.push(...forbidden(role));
  }
  const attempt = async (what: string, object: string, statement: Statement): Promise<void> => {
    const refusal = await refusedWith(home, statement);
    if (refusal !== null) leftOut.push(refused(what, object, refusal));
  };
  for (const membership of plan.memberships) {
    const { role, member } = membership;
    if (member === sourceMaster || role === sourceMaster) continue;
    await attempt('membership', `${member} in ${role}`, sql.grantMembership(membership, home.major));
  }
  for (const setting of plan.settings) {
    const of = [setting.role, setting.database].filter((name) => name !== null).join(' in database ');
    const role = setting.role === null ? null : named(setting.role);
    await attempt('setting', `${setting.name} of ${of}`, sql.alterSetting({ ...setting, role }, partsOf(setting)));
  }
  for (const { database, grants } of plan.grants) {
    if (grants.length === 0) continue;
    await attempt('right', `everybody on ${database}`, sql.closeDatabase(database));
    for (const grant of grants) {
      if (grant.grantee === grant.owner) continue;
      const grantee = grant.grantee === '' ? '' : named(grant.grantee);
      await attempt('right', `${grantee} on ${database}`, sql.grantOnDatabase(database, { ...grant, grantee }));
    }
  }
  return { newPasswords, leftOut };
}

/** The values of a setting as SQL takes them: a list of names becomes one value each. */
export function partsOf({ name, value }: Pick<sql.RoleSetting, 'name' | 'value'>): string[] {
  if (!LISTS.includes(name.toLowerCase())) return [value];
  const names = tokensOf(value).filter(({ kind }) => kind === 'word' || kind === 'name');
  return names.length > 0 ? names.map((token) => token.value) : [''];
}

function forbidden(role: sql.SourceRole): LeftOut[] {
  return FORBIDDEN.filter(({ attribute }) => role[attribute]).map(({ attribute, reason }) => ({
    rule: `attribute ${attribute.toLowerCase()}`,
    loss: 'lost',
    reason,
    type: 'ROLE',
    object: role.name,
    catalogId: null,
  }));
}

function refused(what: string, object: string, sqlState: string): LeftOut {
  return {
    rule: `refused ${what}`,
    loss: 'lost',
    reason: `the target refuses it with SQLSTATE ${sqlState}`,
    type: 'ROLE',
    object,
    catalogId: null,
  };
}

/** SQLSTATE with which the target refuses a statement, which is taken back alone; null when it ran. */
async function refusedWith(home: Session, statement: Statement): Promise<string | null> {
  await home.execute(sql.savepoint);
  try {
    await home.execute(statement);
    return null;
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    await home.execute(sql.backToSavepoint);
    return error.sqlState;
  }
}
