/** Secondary indexes with those of their partitions. */
import type { Statement } from '../../postgres';
import { notOfExtension, USER_NAMESPACE } from '../../user-objects';

/** An index's definition and every mark on it, in order; `m` is a member of the page. */
const STATEMENTS = `(select jsonb_agg(text order by place, text) from (
    select 1 as place, format('set local default_tablespace = %L', coalesce((select s.spcname from pg_tablespace s where s.oid = m.reltablespace), '')) as text
    union all select 2, pg_get_indexdef(m.oid)
    union all select 3, format('comment on index %s is %L', m.name, d) from obj_description(m.oid, 'pg_class') d where d is not null
    union all select 3, format('alter index %s alter column %s set statistics %s', m.name, a.attnum, a.attstattarget)
      from pg_attribute a where a.attrelid = m.oid and coalesce(a.attstattarget, -1) >= 0
    union all select 3, format('alter table %s cluster on %I', m.relation, m.relname) where m.indisclustered
    union all select 3, format('alter index %s depends on extension %I', m.name, e.extname)
      from pg_depend d join pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_class'::regclass and d.objid = m.oid and d.deptype = 'x' and d.refclassid = 'pg_extension'::regclass
  ) as said)`;

/**
 * The next indexes that no row needs to be found by: those that are unique, or a replica identity, or invalid, stay. Partitions build theirs
 * first, by their own names; the parent's is made without them and takes them over.
 */
export function indexes(limit: number): Statement {
  return {
    text: `with recursive page as (
        select c.oid as top from pg_index i join pg_class c on c.oid = i.indexrelid
        join pg_class r on r.oid = i.indrelid join pg_namespace n on n.oid = r.relnamespace
        where i.indisvalid and not (i.indisunique or i.indisprimary or i.indisexclusion or i.indisreplident)
          and not c.relispartition and r.relkind in ('r', 'p') and ${USER_NAMESPACE} and ${notOfExtension('pg_class', 'r.oid')}
          and ${notOfExtension('pg_class', 'c.oid')}
        order by c.oid limit $1),
      family (top, oid, parent, depth) as (
        select top, top, null::oid, 0 from page
        union all select f.top, h.inhrelid, f.oid, f.depth + 1 from family f join pg_inherits h on h.inhparent = f.oid),
      member as (
        select f.top, f.oid, f.parent, f.depth, c.relkind, c.relname, c.reltablespace, i.indisclustered,
          format('%I.%I', n.nspname, c.relname) as name, format('%I.%I', rn.nspname, r.relname) as relation
        from family f join pg_class c on c.oid = f.oid join pg_namespace n on n.oid = c.relnamespace
        join pg_index i on i.indexrelid = c.oid join pg_class r on r.oid = i.indrelid join pg_namespace rn on rn.oid = r.relnamespace)
      select own.name || ' on ' || own.relation as object, (select 2 * count(*) from member m where m.top = page.top)::int as locks,
        jsonb_build_array(format('drop index %s', own.name)) as remove,
        jsonb_build_object('restore', '[]'::jsonb, 'orphans', '[]'::jsonb,
          'long', coalesce((select jsonb_agg(jsonb_build_object('relation', m.relation, 'statements', ${STATEMENTS}) order by m.oid)
            from member m where m.top = page.top and m.relkind = 'i'), '[]'),
          'finish', coalesce((select jsonb_agg(text order by place, m.depth, m.oid) from member m cross join lateral (
              select 1 as place, text from jsonb_array_elements(case when m.relkind = 'I' then ${STATEMENTS} else '[]' end) as text
              union all select 2, to_jsonb(format('alter index %s attach partition %s', p.name, m.name))
                from member p where p.oid = m.parent and p.top = m.top) as said
            where m.top = page.top), '[]')) as prior,
        null as unreturnable
      from page join member own on own.oid = page.top order by page.top`,
    values: [limit],
  };
}
