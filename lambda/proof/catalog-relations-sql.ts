/**
 * Facts of relations and what hangs on them. Each is `kind, object, definition, reading, relation, text`: the definition says the same
 * on every major; `text` is SQL as the server prints it, which may differ in words only (`catalog-texts`).
 */
import { notOfExtension, USER_NAMESPACE } from '../platform/user-objects';
import { type CatalogForm, owner, rights, sorted } from './catalog-words-sql';

const RELATION = `pg_class c join pg_namespace n on n.oid = c.relnamespace`;
const NAME = `format('%I.%I', n.nspname, c.relname)`;
const OF_USERS = `${USER_NAMESPACE} and ${notOfExtension('pg_class', 'c.oid')}`;

/** Relations of every kind but indexes. */
function relations(form: CatalogForm): string {
  return `select 'relation', ${NAME},
      jsonb_build_array(c.relkind, c.relpersistence, ${owner('c.relowner')}, ${sorted('c.reloptions')}, c.relrowsecurity,
        c.relforcerowsecurity, c.relreplident, pg_get_expr(c.relpartbound, c.oid),
        (select jsonb_agg(i.inhparent::regclass::text order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid),
        case when p.partexprs is null then pg_get_partkeydef(c.oid) end, p.partstrat,
        (select jsonb_agg((select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = k.attnum) order by k.place)
          from unnest(p.partattrs::smallint[]) with ordinality as k(attnum, place)),
        ${rights('c.relacl', `case c.relkind when 'S' then 's' else 'r' end::"char"`, 'c.relowner', form)}),
      'expression', c.oid::regclass::text, pg_get_expr(p.partexprs, c.oid)
    from ${RELATION} left join pg_partitioned_table p on p.partrelid = c.oid
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and ${OF_USERS}`;
}

/**
 * Columns by their place among those that are left: a copy has none that was dropped. Whether a column is an identity is asked of
 * a partitioned table, which hands it down to its partitions from 17 on.
 */
function columns(form: CatalogForm): string {
  return `select 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
      jsonb_build_array(a.place, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        case when not c.relispartition then a.attidentity end, a.attgenerated, d.adbin is not null, o.collname, ${rights('a.attacl', `'c'`, 'c.relowner', form)}),
      'expression', c.oid::regclass::text, pg_get_expr(d.adbin, d.adrelid)
    from (select *, row_number() over (partition by attrelid order by attnum) as place from pg_attribute
      where attnum > 0 and not attisdropped) a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_collation o on o.oid = a.attcollation
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${OF_USERS}`;
}

/**
 * Constraints. Left out: those of triggers; NOT NULL, a constraint from 18 on and a column's property before, as long as one side
 * has no such constraints; and foreign keys that came with a partition, whose names depend on when it was attached.
 */
function constraints({ since }: CatalogForm): string {
  const without = since < 18 ? `('t', 'n')` : `('t')`;
  return `select 'constraint', format('%I.%I on %s', n.nspname, k.conname, coalesce(c.oid::regclass::text, t.oid::regtype::text)),
      jsonb_build_array(k.contype, k.convalidated, k.condeferrable, k.condeferred, k.contype = 'c' and k.connoinherit,
        case when k.contype not in ('c', 'x') then pg_get_constraintdef(k.oid) end,
        (select jsonb_agg(o::regoperator::text order by place) from unnest(k.conexclop) with ordinality as e(o, place))),
      case when t.oid is null then 'expression' else 'domain' end,
      coalesce(c.oid::regclass::text, format_type(t.typbasetype, t.typtypmod)),
      case when k.contype = 'c' then pg_get_expr(k.conbin, k.conrelid) end
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace
    left join pg_class c on c.oid = k.conrelid left join pg_type t on t.oid = k.contypid
    where k.contype not in ${without} and not (k.contype = 'f' and k.conparentid <> 0) and ${USER_NAMESPACE}
      and ${notOfExtension('pg_class', 'k.conrelid')} and ${notOfExtension('pg_type', 'k.contypid')}`;
}

/** Indexes, column by column: as a whole their text holds expressions. */
function indexes({ major }: CatalogForm): string {
  const distinct = major >= 15 ? 'i.indnullsnotdistinct' : 'false';
  return `select 'index', ${NAME},
      jsonb_build_array(i.indrelid::regclass::text, m.amname, i.indisunique, ${distinct}, i.indisprimary, i.indisexclusion,
        i.indimmediate, i.indisvalid, i.indisreplident, i.indisclustered, ${sorted('c.reloptions')},
        (select jsonb_agg(jsonb_build_array(
            (select a.attname from pg_attribute a where a.attrelid = i.indrelid and a.attnum = k.attnum), p.opcname, o.collname,
            case when k.place <= i.indnkeyatts then i.indoption[k.place - 1] end,
            (select x.attoptions::text from pg_attribute x where x.attrelid = c.oid and x.attnum = k.place)) order by k.place)
          from unnest(i.indkey::smallint[]) with ordinality as k(attnum, place)
          left join pg_opclass p on p.oid = i.indclass[k.place - 1]
          left join pg_collation o on o.oid = i.indcollation[k.place - 1]),
        i.indpred is not null),
      'expression', i.indrelid::regclass::text,
      nullif(concat_ws(', ', pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)), '')
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_am m on m.oid = c.relam
    where ${USER_NAMESPACE} and ${notOfExtension('pg_class', 'i.indrelid')}`;
}

const WHEN = String.raw` WHEN \((.*)\) EXECUTE `;

/**
 * Triggers. One that came with a partition is told only where it is switched otherwise than its parent; before 15 such were internal
 * (manual, "pg_trigger").
 */
const triggers = `select 'trigger', format('%I on %I.%I', t.tgname, n.nspname, c.relname),
      jsonb_build_array(t.tgenabled, t.tgqual is not null, t.tgparentid <> 0,
        case when t.tgqual is null then pg_get_triggerdef(t.oid) else regexp_replace(pg_get_triggerdef(t.oid), '${WHEN}', ' EXECUTE ') end),
      'expression', format('%1$s as old, %1$s as new', c.oid::regclass),
      case when t.tgqual is not null then substring(pg_get_triggerdef(t.oid) from '${WHEN}') end
    from ${RELATION} join pg_trigger t on t.tgrelid = c.oid left join pg_trigger parent on parent.oid = t.tgparentid
    where (t.tgparentid <> 0 or not t.tgisinternal) and (t.tgparentid = 0 or t.tgenabled <> parent.tgenabled) and ${OF_USERS}`;

const views = `select 'view', ${NAME}, null, 'query', null, pg_get_viewdef(c.oid)
    from ${RELATION} where c.relkind in ('v', 'm') and ${OF_USERS}`;

const rules = `select 'rule', format('%I on %I.%I', r.rulename, n.nspname, c.relname), jsonb_build_array(r.ev_enabled),
      'rule', c.oid::regclass::text, pg_get_ruledef(r.oid)
    from ${RELATION} join pg_rewrite r on r.ev_class = c.oid where r.rulename <> '_RETURN' and ${OF_USERS}`;

const policies = `select 'policy', format('%I on %I.%I', p.polname, n.nspname, c.relname),
      jsonb_build_array(p.polcmd, p.polpermissive, p.polqual is not null, p.polwithcheck is not null,
        (select jsonb_agg(r.rolname order by r.rolname) from pg_roles r where r.oid = any(p.polroles))),
      'expression', c.oid::regclass::text, concat_ws(', ', pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid))
    from ${RELATION} join pg_policy p on p.polrelid = c.oid where ${OF_USERS}`;

const sequences = `select 'sequence', ${NAME},
      jsonb_build_array(format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle),
      null, null, null
    from ${RELATION} join pg_sequence s on s.seqrelid = c.oid where ${OF_USERS}`;

function statistics({ major }: CatalogForm): string {
  const expressions = major >= 14 ? 's.stxexprs' : 'null::pg_node_tree';
  return `select 'statistics', format('%I.%I', n.nspname, s.stxname),
      jsonb_build_array(s.stxrelid::regclass::text, ${sorted('s.stxkind')}::text, ${owner('s.stxowner')},
        (select jsonb_agg(a.attname order by a.attname) from pg_attribute a where a.attrelid = s.stxrelid and a.attnum = any(s.stxkeys))),
      'expression', s.stxrelid::regclass::text, pg_get_expr(${expressions}, s.stxrelid)
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${USER_NAMESPACE}`;
}

/** Every fact of relations. */
export function factsOfRelations(form: CatalogForm): string[] {
  return [
    relations(form),
    columns(form),
    constraints(form),
    indexes(form),
    triggers,
    views,
    rules,
    policies,
    sequences,
    statistics(form),
  ];
}
