/** Foreign keys with all that their partitions have of them. */
import type { Statement } from '../../postgres';
import { notOfExtension, USER_NAMESPACE } from '../../user-objects';

/**
 * A key of its own and what came of it: on partitions of the referencing table (`referencing`), and on those of the referenced one,
 * which need no statement. One that is not enforced (18) has no triggers.
 */
const FAMILY = `family (top, oid, conrelid, confrelid, depth, referencing) as (
    select k.oid, k.oid, k.conrelid, k.confrelid, 0, true
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype = 'f' and k.conparentid = 0 and ${USER_NAMESPACE} and ${notOfExtension('pg_class', 'c.oid')}
    union all
    select f.top, k.oid, k.conrelid, k.confrelid, f.depth + 1,
      f.referencing and k.confrelid = f.confrelid and k.conrelid <> f.conrelid
    from family f join pg_constraint k on k.conparentid = f.oid)`;

/** Keys whose own triggers fire; `states` are all that these are in. */
function switched(asReplica: boolean): string {
  const firing = asReplica ? `'R', 'A'` : `'O', 'A'`;
  return `switched as (
    select f.top, array_agg(distinct t.tgenabled::text) as states
    from family f join pg_trigger t on t.tgconstraint = f.oid group by f.top
    having bool_or(t.tgenabled in (${firing})))`;
}

const ADD = `format('alter table %s%s add constraint %I %s', case when m.relkind = 'p' then '' else 'only ' end, m.relation, m.conname, m.def)`;
const COMMENT = `format('comment on constraint %I on %s is %L', m.conname, m.relation, m.comment)`;

/**
 * Rows without a counterpart, as PostgreSQL looks for them: by the key's own operators and the referenced column's collation; with
 * MATCH FULL a row that is null in part has none. One over periods (18) is left to PostgreSQL.
 */
const ORPHANS = `(select jsonb_build_object('relation', m.relation, 'query', format(
      'select count(*)::text as rows, (array_agg(f.tableoid::regclass || '' '' || f.ctid))[1:5] as places from %s%s f where (%s) and not exists (select from %s%s p where %s)',
      case when m.relkind = 'p' then '' else 'only ' end, m.relation,
      string_agg(format('f.%I is not null', fa.attname), case m.confmatchtype when 'f' then ' or ' else ' and ' end),
      case when pc.relkind = 'p' then '' else 'only ' end, format('%I.%I', pn.nspname, pc.relname),
      string_agg(format('p.%I operator(%I.%s) f.%I%s', pa.attname, opn.nspname, op.oprname, fa.attname,
        case when pa.attcollation <> fa.attcollation and pa.attcollation <> 0 then format(' collate %I.%I', con.nspname, co.collname) end), ' and ')))
    from unnest(m.conkey, m.confkey, m.conpfeqop) as u(fk, pk, eq)
    join pg_attribute fa on fa.attrelid = m.conrelid and fa.attnum = u.fk
    join pg_attribute pa on pa.attrelid = m.confrelid and pa.attnum = u.pk
    join pg_operator op on op.oid = u.eq join pg_namespace opn on opn.oid = op.oprnamespace
    left join pg_collation co on co.oid = pa.attcollation left join pg_namespace con on con.oid = co.collnamespace
    join pg_class pc on pc.oid = m.confrelid join pg_namespace pn on pn.oid = pc.relnamespace
    where not m.period group by pc.relkind, pn.nspname, pc.relname)`;

/**
 * The next foreign keys. NOT VALID is not allowed on partitioned tables before 18: there each partition gets its key back first, by
 * its own name, is checked, and is taken over by its parent without another look at the rows. A key that was never
 * validated comes back as it was.
 */
export function foreignKeys(asReplica: boolean, limit: number): Statement {
  return {
    text: `with recursive ${FAMILY}, ${switched(asReplica)},
      page as (select top, states from switched order by top limit $1),
      member as (
        select f.top, f.depth, k.*, n.nspname, c.relkind, format('%I.%I', n.nspname, c.relname) as relation,
          pg_get_constraintdef(k.oid) as def, obj_description(k.oid, 'pg_constraint') as comment,
          coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) as period, t.convalidated as checked, tc.relkind as topkind,
          -- What never was validated comes back by its top alone.
          (c.relkind <> 'p' and t.convalidated) or not t.convalidated as first
        from page join family f using (top) join pg_constraint k on k.oid = f.oid
        join pg_constraint t on t.oid = f.top join pg_class tc on tc.oid = t.conrelid
        join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
        where f.referencing and (t.convalidated or f.depth = 0))
      select format('%s on %s', quote_ident(own.conname), own.relation) as object,
        (select count(distinct f.conrelid) + count(distinct f.confrelid) from family f where f.top = page.top)::int as locks,
        jsonb_build_array(format('alter table %s drop constraint %I', own.relation, own.conname)) as remove,
        jsonb_build_object('fact', format('%I.%I on %s', own.nspname, own.conname, own.relation),
          'restore', coalesce((select jsonb_agg(text order by m.oid, place) from member m cross join lateral (values
              (1, ${ADD} || case when m.checked then ' not valid' else '' end),
              (2, case when m.comment is not null then ${COMMENT} end)) as said(place, text)
            where m.top = page.top and m.first and text is not null), '[]'),
          'long', coalesce((select jsonb_agg(jsonb_build_object('relation', m.relation, 'statements', jsonb_build_array(
              format('alter table only %s validate constraint %I', m.relation, m.conname))) order by m.oid)
            from member m where m.top = page.top and m.first and m.checked), '[]'),
          'finish', coalesce((select jsonb_agg(text order by m.depth desc, m.oid, place) from member m cross join lateral (values
              (1, ${ADD}), (2, case when m.comment is not null then ${COMMENT} end)) as said(place, text)
            where m.top = page.top and not m.first and text is not null), '[]'),
          'orphans', coalesce((select jsonb_agg(${ORPHANS} order by m.oid)
            from member m where m.top = page.top and m.first and m.checked and not m.period), '[]')) as prior,
        case when page.states <> '{O}' then 'a superuser switched its own triggers' end as unreturnable
      from page join member own on own.oid = page.top and own.depth = 0
      order by page.top`,
    values: [limit],
  };
}
