/** Catalogue queries of the verification; the queue has its own file. */
import type { Statement } from '../platform/postgres';

/**
 * Owners of those sequences of the current database on which the current user lacks one of `privileges`; a sequence of a table that the
 * user owns by membership is not among them. Members of extensions are left out: RDS owns them. The planner may ask
 * for privileges first, and the function fails on what is no sequence: hence `case`.
 */
export function ownersOfClosedSequences(privileges: readonly string[]): Statement {
  return {
    text: `select distinct pg_get_userbyid(c.relowner) as owner
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'S' and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
        and case when c.relkind = 'S' then exists (select from unnest($1::text[]) as wanted(privilege)
          where not has_sequence_privilege(c.oid, wanted.privilege)) end
        and not exists (select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by owner`,
    values: [privileges],
  };
}
