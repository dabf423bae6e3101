/**
 * Who is made an owner needs the right to create where the object lies, unless a superuser says so; the right is lent before the
 * objects are made and taken back before the privileges of the source are.
 */
import type { Statement } from '../../../platform/postgres';
import { ident } from '../../../platform/quote';

/** Those of the roles named that may not create schemas in this database, and those that do not exist (`missing`). */
export function rolesWithoutCreate(roles: readonly string[]): Statement {
  return {
    text: `select name as role, r.oid is null as missing
      from unnest($1::text[]) as name left join pg_roles r on r.rolname = name
      where r.oid is null or not has_database_privilege(r.oid, current_database(), 'create') order by 1`,
    values: [roles],
  };
}

/** Lends or takes back the right to create schemas in a database. */
export function createInDatabase(verb: 'grant' | 'revoke', database: string, role: string): string {
  return `${verb} create on database ${ident(database)} ${verb === 'grant' ? 'to' : 'from'} ${ident(role)}`;
}

/** Lends or takes back the right to create objects in a schema. */
export function createInSchema(verb: 'grant' | 'revoke', schema: string, role: string): string {
  return `${verb} usage, create on schema ${ident(schema)} ${verb === 'grant' ? 'to' : 'from'} ${ident(role)}`;
}

/** Owner of schema public, and whether the current user acts as a superuser. */
export const traits: Statement = {
  text: `select (select rolsuper from pg_roles where rolname = current_user) as superuser`,
};
