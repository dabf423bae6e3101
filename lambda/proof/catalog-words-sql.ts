/**
 * Words that every fact of a catalogue is written in: which objects belong to users, who owns them, and what is granted. Alike on
 * every major from 13 on, and on servers whose roles were made anew.
 */
import { OF_RDS } from '../platform/rds-roles';

/** Which servers a fact is written for: the one that is asked, and the older one of the two that are compared. */
export interface CatalogForm {
  /** Of the server that is asked. */
  readonly major: number;
  /** The smaller major of both: what came later is said by neither. */
  readonly since: number;
  /** Both majors are the same. */
  readonly sameMajor: boolean;
}

/**
 * Names that mean the same on every server: roles of RDS, PostgreSQL's own and the master user. What one of the former owns belongs
 * to the latter where objects were made anew.
 */
export const WITH_SYSTEM = `system as materialized (
    select coalesce(array_agg(r.rolname) filter (where r.rolname = current_user or r.rolname ~ '^pg_' or ${OF_RDS}), '{}') as owners,
      coalesce(array_agg(r.rolname) filter (where r.rolname in (current_user, 'pg_database_owner') or ${OF_RDS}), '{}') as grantees
    from pg_roles r)`;

/** The name of a role as an owner. */
export function owner(oid: string): string {
  return `case when pg_get_userbyid(${oid}) = any((select owners from system)::name[]) then 'the master user'
    else pg_get_userbyid(${oid})::text end`;
}

/**
 * Who may do what, as one text: a list of rights that was never set says the same as one that holds just the default (`kind` as
 * `acldefault` has it). Left out are roles of ours, which go with the migration, and the system's. MAINTAIN came with 17, and
 * a grant of everything includes it there.
 */
export function rights(column: string, kind: string, ofOwner: string, { since }: CatalogForm): string {
  const known = since < 17 ? `and g.privilege_type <> 'MAINTAIN'` : '';
  return `(select coalesce(string_agg(item, '; ' order by item), '') from (
      select concat(case g.grantee when 0 then 'everybody' else ${owner('g.grantee')} end, ' ',
        string_agg(distinct g.privilege_type || case when g.is_grantable then '*' else '' end, ','), ' by ', ${owner('g.grantor')}) as item
      from aclexplode(coalesce(${column}, acldefault(${kind}, ${ofOwner}))) g
      where (g.grantee = 0 or pg_get_userbyid(g.grantee) <> all((select grantees from system)::name[])
        and not starts_with(pg_get_userbyid(g.grantee), 'sealift_')) ${known}
      group by g.grantee, g.grantor) as granted)`;
}

/** A list of texts without an order of its own. */
export function sorted(list: string): string {
  return `(select array_agg(item order by item) from unnest(${list}) as item)`;
}
