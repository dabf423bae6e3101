/** Roles of the source, and the statements that make them on the target. */
import type { Statement } from '../../../platform/postgres';
import { ident, literal } from '../../../platform/quote';
import { RDS_LOGIN_ROLES } from '../../../platform/rds-roles';

/** A role of the source, as far as everybody may read it: passwords are hidden on RDS. */
export interface SourceRole {
  readonly name: string;
  readonly login: boolean;
  readonly inherit: boolean;
  readonly createRole: boolean;
  readonly createDb: boolean;
  readonly superuser: boolean;
  readonly replication: boolean;
  readonly bypassRls: boolean;
  /** -1 without one. */
  readonly connectionLimit: number;
  readonly validUntil: string | null;
  readonly comment: string | null;
}

/** A membership; the options are null where the source's major has none. */
export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
  readonly inherit: boolean | null;
  readonly set: boolean | null;
}

/** A setting of a role, of a database, or of a role in a database. */
export interface RoleSetting {
  readonly role: string | null;
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
}

/** Names that RDS gives; `rds_superuser` and its like are on every instance. */
const NOT_OURS = (name: string): string =>
  `(${name} ~ '^pg_' or ${name} ~ '^rds_' or ${name} in ${RDS_LOGIN_ROLES} or ${name} = $1)`;

/** Roles but RDS's, PostgreSQL's and `own`, the migration's. The master user is among them. */
export function sourceRoles(own: string): Statement {
  return {
    text: `select rolname as name, rolcanlogin as login, rolinherit as inherit, rolcreaterole as "createRole",
        rolcreatedb as "createDb", rolsuper as superuser, rolreplication as replication, rolbypassrls as "bypassRls",
        rolconnlimit as "connectionLimit", rolvaliduntil::text as "validUntil",
        shobj_description(oid, 'pg_authid') as comment
      from pg_roles where not ${NOT_OURS('rolname')} order by rolname`,
    values: [own],
  };
}

/** Memberships of those roles in each other and in what every RDS instance has; from 16 several grantors may give one. */
export function sourceMemberships(own: string): Statement {
  return {
    text: `select r.rolname as role, m.rolname as member, bool_or(a.admin_option) as admin,
        bool_or((to_jsonb(a) ->> 'inherit_option')::boolean) as inherit,
        bool_or((to_jsonb(a) ->> 'set_option')::boolean) as set
      from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
      where not ${NOT_OURS('m.rolname')} and r.rolname not in ${RDS_LOGIN_ROLES} and r.rolname <> $1
      group by 1, 2 order by 1, 2`,
    values: [own],
  };
}

/** Settings of the roles and databases named; a value is kept as the server writes it. */
export function sourceSettings(own: string, databases: readonly string[]): Statement {
  return {
    text: `select r.rolname as role, d.datname as database, split_part(entry, '=', 1) as name,
        substr(entry, strpos(entry, '=') + 1) as value
      from pg_db_role_setting s cross join unnest(s.setconfig) as entry
      left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
      where (d.oid is null or d.datname = any ($2))
        and case when s.setrole = 0 then d.oid is not null else r.oid is not null and not ${NOT_OURS('r.rolname')} end
      order by 2 nulls first, 1 nulls first, 3`,
    values: [own, databases],
  };
}

/** Which of the roles named the server has. */
export function existingRoles(names: readonly string[]): Statement {
  return { text: 'select rolname as role from pg_roles where rolname = any ($1)', values: [names] };
}

/** Makes a role without rights and without login: nobody has its password yet. */
export function createRole(name: string): Statement {
  return { text: `create role ${ident(name)} nologin` };
}

/** Gives a role what the source's has, as far as RDS has it, and its login with the verifier of a password. */
export function alterRole(role: SourceRole, verifier: string | null): Statement {
  const options = [
    role.inherit ? 'inherit' : 'noinherit',
    role.createRole ? 'createrole' : 'nocreaterole',
    role.createDb ? 'createdb' : 'nocreatedb',
    `connection limit ${role.connectionLimit}`,
    ...(role.validUntil === null ? [] : [`valid until ${literal(role.validUntil)}`]),
    ...(verifier === null ? [] : [`password ${literal(verifier)}`]),
    role.login ? 'login' : 'nologin',
  ];
  return { text: `alter role ${ident(role.name)} ${options.join(' ')}` };
}

/** Comments on a role. */
export function commentOnRole(name: string, comment: string): Statement {
  return { text: `comment on role ${ident(name)} is ${literal(comment)}` };
}

/** Makes a member; options are named only where the target knows them (16 and later) and the source had them. */
export function grantMembership(membership: Membership, major: number): Statement {
  const { role, member, admin, inherit, set } = membership;
  const since16 = major >= 16 && inherit !== null && set !== null;
  const options = since16 ? ` with admin ${admin}, inherit ${inherit}, set ${set}` : admin ? ' with admin option' : '';
  return { text: `grant ${ident(role)} to ${ident(member)}${options}` };
}

/** Sets a default of a role, of a database, or of a role in a database, from the parts of its value. */
export function alterSetting(setting: RoleSetting, parts: readonly string[]): Statement {
  const { role, database, name } = setting;
  const of =
    role === null
      ? `database ${ident(database ?? '')}`
      : `role ${ident(role)}${database === null ? '' : ` in database ${ident(database)}`}`;
  const knob = name.split('.').map(ident).join('.');
  return { text: `alter ${of} set ${knob} to ${parts.map(literal).join(', ')}` };
}

/** Privileges on a database but those of `own`, one row for each grantee and privilege; none where they are PostgreSQL's default. */
export function databaseGrants(own: string, database: string): Statement {
  return {
    text: `select coalesce(pg_get_userbyid(nullif(a.grantee, 0)), '') as grantee, a.privilege_type as privilege,
        a.is_grantable as grantable, pg_get_userbyid(d.datdba) as owner
      from pg_database d cross join aclexplode(d.datacl) a
      where d.datname = $2 and pg_get_userbyid(a.grantee) <> $1 order by 1, 2`,
    values: [own, database],
  };
}

/** Privileges that a fresh database gives to everybody. */
export function closeDatabase(database: string): Statement {
  return { text: `revoke all on database ${ident(database)} from public` };
}

/** Gives a privilege on a database; an empty grantee is everybody. */
export function grantOnDatabase(
  database: string,
  grant: { readonly grantee: string; readonly privilege: string; readonly grantable: boolean },
): Statement {
  const grantee = grant.grantee === '' ? 'public' : ident(grant.grantee);
  const option = grant.grantable ? ' with grant option' : '';
  return { text: `grant ${grant.privilege.toLowerCase()} on database ${ident(database)} to ${grantee}${option}` };
}

/** Marks a point to which a refused statement is taken back. */
export const savepoint: Statement = { text: 'savepoint role_step' };

/** Takes back a refused statement alone. */
export const backToSavepoint: Statement = { text: 'rollback to savepoint role_step' };
