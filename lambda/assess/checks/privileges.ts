/** Checks of what the master user may do: probed on this server, never assumed (facts B20, E1, E7, E8). */
import type { Check } from '../../contract/assessment';
import type { CopySettings } from '../../contract/settings';
import { HOME_DATABASE } from '../../platform/names';
import { ident } from '../../platform/quote';
import { block, type CheckId, listed, pass, statements, warn } from '../check';
import type { SourceKind } from '../remedies';
import type { DatabaseSurvey, Owner, ServerSurvey } from '../survey';

/** What the checks need to know beside the surveys. */
export interface PrivilegeContext {
  readonly kind: SourceKind;
  /** Null on the snapshot road. */
  readonly copy: CopySettings | null;
}

/** All of them; `names` are the databases to migrate, reachable or not. */
export function privilegeChecks(
  server: ServerSurvey,
  databases: readonly DatabaseSurvey[],
  names: readonly string[],
  { kind, copy }: PrivilegeContext,
): readonly Check[] {
  const me = ident(server.masterUser);
  return [
    replication(server, me, kind),
    held(
      'subscription-privilege',
      server.privileges.createsSubscriptions,
      'create subscriptions',
      subscriptionRemedy(server, me, kind),
    ),
    held('signal-privilege', server.privileges.signals, 'terminate other sessions', `grant pg_signal_backend to ${me}`),
    held(
      'activity-privilege',
      server.privileges.seesActivity,
      'see other sessions',
      `grant pg_read_all_stats to ${me}`,
    ),
    loginRoles(server, me, kind),
    roleAttributes(server, copy),
    rolePasswords(server, copy),
    tableOwners(databases, me),
    databasePrivileges(server, names, me),
    originFunctions(databases, me),
  ];
}

function held(id: CheckId, may: boolean, what: string, remedy: string): Check {
  return may ? pass(id, `the master user may ${what}`) : block(id, `the master user may not ${what}`, remedy);
}

/** Before 16 the superuser alone may, which on RDS stands for a member of rds_superuser. */
function subscriptionRemedy({ versionNumber }: ServerSurvey, me: string, kind: SourceKind): string {
  if (versionNumber >= 160_000) return `grant pg_create_subscription to ${me}`;
  return kind === 'rds' ? `grant rds_superuser to ${me}` : `alter role ${me} superuser`;
}

function replication({ privileges, versionNumber }: ServerSurvey, me: string, kind: SourceKind): Check {
  const id = 'replication-privilege';
  const lacks = [
    ...(privileges.createsRoles ? [] : [`create roles`]),
    ...(privileges.createsSlots ? [] : ['create slots']),
    ...(privileges.grantsReplication ? [] : ['let another role replicate']),
  ];
  if (lacks.length === 0) return pass(id, 'the master user may create slots and a role that replicates');
  const what = `the master user may not ${lacks.join(', ')}`;
  // Before 16 nobody but a superuser hands on the attribute.
  if (kind === 'server') {
    return block(id, what, `alter role ${me} ${versionNumber >= 160_000 ? 'createrole replication' : 'superuser'}`);
  }
  return block(
    id,
    what,
    `use the instance's master user, or: alter role ${me} createrole; grant rds_replication to ${me} with admin option`,
  );
}

/** The fence takes the login of each; a superuser other than RDS's own ignores it. */
function loginRoles({ loginRoles: roles }: ServerSurvey, me: string, kind: SourceKind): Check {
  const id = 'login-roles';
  const superusers = roles.filter((role) => role.superuser).map((role) => role.name);
  const fixed = roles.filter((role) => !role.superuser && !role.mayAlter).map((role) => role.name);
  if (superusers.length === 0 && fixed.length === 0) {
    return pass(id, `the login of all ${roles.length} application roles can be taken and given back`);
  }
  const found = [
    ...(superusers.length > 0 ? [`superusers: ${listed(superusers)}`] : []),
    ...(fixed.length > 0 ? [`roles that the master user may not alter: ${listed(fixed)}`] : []),
  ];
  const remedies = [
    ...superusers.map((name) => superuserRemedy(name, kind)),
    ...fixed.map((name) => `grant ${ident(name)} to ${me} with admin option`),
  ];
  return block(id, found.join('; '), statements(remedies));
}

/**
 * RDS makes nobody a superuser, so that an application which needs one does not move. The role that initdb made cannot lose its
 * attribute; it can lose its login, or be the one that Sealift works as.
 */
function superuserRemedy(name: string, kind: SourceKind): string {
  if (kind === 'rds') return `alter role ${ident(name)} nosuperuser`;
  return `alter role ${ident(name)} nosuperuser, or of an administrator's role that no application uses: alter role ${ident(name)} nologin`;
}

/** RDS has no such attributes; a superuser is refused by `login-roles` already. A snapshot keeps what RDS once gave. */
function roleAttributes({ loginRoles: roles }: ServerSurvey, copy: CopySettings | null): Check {
  const id = 'role-attributes';
  if (copy === null) return pass(id, 'roles travel with the snapshot as they are');
  const found = roles.flatMap(({ name, replication, bypassRls }) => [
    ...(replication ? [{ name, attribute: 'replication', instead: `grant rds_replication to ${ident(name)}` }] : []),
    ...(bypassRls ? [{ name, attribute: 'bypassrls', instead: `give ${ident(name)} a policy of its own` }] : []),
  ]);
  if (found.length === 0) return pass(id, 'no application role has an attribute that RDS gives nobody');
  const what = found.map(({ name, attribute }) => `${attribute} of ${name}`);
  return warn(
    id,
    `attributes that the target does not take: ${listed(what)}`,
    `on the target after it was born: ${statements(found.map(({ instead }) => instead))}`,
  );
}

/** Passwords cannot be read on RDS, so that a role keeps its own only when a secret of the configuration has it. */
function rolePasswords({ loginRoles: roles }: ServerSurvey, copy: CopySettings | null): Check {
  const id = 'role-passwords';
  if (copy === null) return pass(id, 'every role keeps its password: the snapshot holds it');
  const names = roles.map(({ name }) => name).filter((name) => !Object.hasOwn(copy.passwords, name));
  if (names.length === 0) return pass(id, `all ${roles.length} application roles keep their passwords`);
  return warn(
    id,
    `roles that get a new password on the target: ${listed(names, 40)}`,
    'give their applications the new ones, which secret RolePasswords keeps, before the cutover, or name a secret with the present one in copy.passwords',
  );
}

function tableOwners(databases: readonly DatabaseSurvey[], me: string): Check {
  const id = 'table-owners';
  const owners = databases.flatMap(({ facts, owners: all }) =>
    all.map((owner) => ({ ...owner, database: facts.name })),
  );
  const missing = owners.filter((owner) => !owner.held && !owner.obtainable);
  if (missing.length > 0) {
    const found = missing.map(({ database, name, objects }) => `${name} of ${objects} objects in ${database}`);
    const grants = [...new Set(missing.map(({ name }) => `grant ${ident(name)} to ${me} with admin option`))];
    return block(id, `owners whose rights the master user cannot take: ${listed(found)}`, statements(grants));
  }
  const taken = [...new Set(owners.filter((owner: Owner) => !owner.held).map((owner) => owner.name))];
  if (taken.length === 0) return pass(id, 'the master user has the rights of every owner');
  return pass(id, `the master user will join, and leave again, ${listed(taken)}`);
}

function databasePrivileges({ listed: all }: ServerSurvey, names: readonly string[], me: string): Check {
  const id = 'database-privileges';
  const touched = all.filter(({ name }) => name === HOME_DATABASE || names.includes(name));
  const missing = touched.flatMap(({ name, mayConnect, mayCreate }) => [
    ...(mayConnect ? [] : [{ name, privilege: 'connect' }]),
    ...(mayCreate ? [] : [{ name, privilege: 'create' }]),
  ]);
  if (missing.length === 0) return pass(id, 'the master user may connect to every database and create objects in it');
  const found = missing.map(({ name, privilege }) => `${privilege} on ${name}`);
  const grants = missing.map(({ name, privilege }) => `grant ${privilege} on database ${ident(name)} to ${me}`);
  return block(id, `the master user lacks ${listed(found)}`, statements(grants));
}

/** Grants travel with the snapshot, so what is missing here is missing on the target. */
function originFunctions(databases: readonly DatabaseSurvey[], me: string): Check {
  const id = 'origin-functions';
  const denied = databases.flatMap(({ facts, deniedOriginFunctions }) =>
    deniedOriginFunctions.map((signature) => ({ database: facts.name, signature })),
  );
  if (denied.length === 0) return pass(id, 'the master user may set replication origins');
  const found = denied.map(({ database, signature }) => `${database}: ${signature}`);
  const grants = denied.map(
    ({ database, signature }) => `in ${database}: grant execute on function ${signature} to ${me}`,
  );
  return block(id, `the master user may not execute ${listed(found)}`, statements(grants));
}
