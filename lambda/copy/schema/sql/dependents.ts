/** What cannot be without an object that is left out. */
import type { Statement } from '../../../platform/postgres';

/** OIDs of a catalogue and of a row of it, decimal. */
export interface CatalogRow {
  readonly catalog: string;
  readonly oid: string;
}

/**
 * Everything that depends on the objects, directly or not, as `catalog:oid`; the objects themselves are not among it. Whatever depends
 * on a view's rule or a column's default is the view or the table, so such parts lead on to what they are part of
 * (`pg_depend` has a row of type `i` or `a` from the part to the whole).
 */
export function dependentsOf(rows: readonly CatalogRow[]): Statement {
  return {
    text: `with recursive lost (catalog, oid) as (
        select * from unnest($1::oid[], $2::oid[])
      union
        select step.catalog, step.oid
        from lost, lateral (
          select d.classid, d.objid from pg_depend d
            where d.refclassid = lost.catalog and d.refobjid = lost.oid and d.deptype in ('n', 'a', 'i')
          union all
          select d.refclassid, d.refobjid from pg_depend d
            where d.classid = lost.catalog and d.objid = lost.oid and d.deptype in ('i', 'a')
              and lost.catalog in ('pg_rewrite'::regclass, 'pg_attrdef'::regclass)
              and d.refclassid = 'pg_class'::regclass
        ) as step (catalog, oid))
      select catalog || ':' || oid as row from lost
      where (catalog, oid) not in (select * from unnest($1::oid[], $2::oid[]))`,
    values: [rows.map(({ catalog }) => catalog), rows.map(({ oid }) => oid)],
  };
}
