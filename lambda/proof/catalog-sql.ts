/**
 * What a database's catalogue says, as rows `(kind, object, definition)` that compare by text. Object ids never appear: they
 * differ between the sides once something is made. Members of extensions are told by their extension's version. Left out:
 * the ledger, our own roles, RDS's own schema of tools, and `rolcanlogin`, which the fence and the adoption change on purpose.
 */
import type { Statement } from '../platform/postgres';
import { OF_RDS } from '../platform/rds-roles';

/** Schemas that are compared; `pg_depend` with deptype `e` marks members of extensions. */
const USER_NAMESPACE = `n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'rds_tools')
  and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'`;

function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid}
    and d.deptype = 'e')`;
}

/**
 * Order in an ACL follows the order of grants; sorted text compares. What is granted to a role of ours goes with the migration,
 * and the first grant writes out what was the default before (`initial`).
 */
function acl(column: string, initial = 'null'): string {
  return `coalesce((select string_agg(item::text, ',' order by item::text)
    from unnest(coalesce(${column}, ${initial})) as item where item::text !~ '^"?sealift_'), 'default')`;
}

const parts: readonly string[] = [
  `select 'schema', n.nspname::text, jsonb_build_array(pg_get_userbyid(n.nspowner), ${acl('n.nspacl')})
    from pg_namespace n where ${USER_NAMESPACE} and ${notOfExtension('pg_namespace', 'n.oid')}`,
  `select 'relation', format('%I.%I', n.nspname, c.relname),
      jsonb_build_array(c.relkind, c.relpersistence, pg_get_userbyid(c.relowner), c.reloptions::text, c.relrowsecurity,
        c.relforcerowsecurity, c.relreplident, pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid),
        ${acl('c.relacl', `acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner)`)})
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and ${USER_NAMESPACE} and ${notOfExtension('pg_class', 'c.oid')}`,
  `select 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
      jsonb_build_array(a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
        pg_get_expr(d.adbin, d.adrelid), o.collname, ${acl('a.attacl')})
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_collation o on o.oid = a.attcollation
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${USER_NAMESPACE}
      and ${notOfExtension('pg_class', 'c.oid')}`,
  `select 'constraint', format('%I.%I on %s', n.nspname, k.conname, coalesce(k.conrelid::regclass::text, k.contypid::regtype::text)),
      jsonb_build_array(pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred)
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace where ${USER_NAMESPACE}`,
  `select 'index', format('%I.%I', n.nspname, c.relname), jsonb_build_array(pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisreplident)
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where ${USER_NAMESPACE}`,
  `select 'function', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
      jsonb_build_array(pg_get_userbyid(p.proowner), ${acl('p.proacl')},
        case when p.prokind = 'a' then p.prokind::text else md5(pg_get_functiondef(p.oid)) end)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${USER_NAMESPACE} and ${notOfExtension('pg_proc', 'p.oid')}`,
  `select 'trigger', format('%I on %I.%I', t.tgname, n.nspname, c.relname), jsonb_build_array(pg_get_triggerdef(t.oid), t.tgenabled)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and ${USER_NAMESPACE}`,
  `select 'view', format('%I.%I', n.nspname, c.relname), md5(pg_get_viewdef(c.oid))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and ${USER_NAMESPACE}`,
  `select 'rule', format('%I on %I.%I', r.rulename, n.nspname, c.relname), jsonb_build_array(pg_get_ruledef(r.oid), r.ev_enabled)
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
    where r.rulename <> '_RETURN' and ${USER_NAMESPACE}`,
  `select 'policy', format('%I on %I.%I', p.polname, n.nspname, c.relname),
      jsonb_build_array(p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where ${USER_NAMESPACE}`,
  `select 'sequence', format('%I.%I', n.nspname, c.relname),
      jsonb_build_array(format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where ${USER_NAMESPACE}`,
  `select 'enum', format('%I.%I', n.nspname, t.typname), string_agg(e.enumlabel::text, ',' order by e.enumsortorder)
    from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace
    where ${USER_NAMESPACE} group by n.nspname, t.typname`,
  `select 'domain', format('%I.%I', n.nspname, t.typname),
      jsonb_build_array(format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, ${acl('t.typacl')})
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'd' and ${USER_NAMESPACE}`,
  `select 'statistics', format('%I.%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
    from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${USER_NAMESPACE}`,
  `select 'default privileges', concat_ws(' ', pg_get_userbyid(a.defaclrole), n.nspname, a.defaclobjtype), ${acl('a.defaclacl')}
    from pg_default_acl a left join pg_namespace n on n.oid = a.defaclnamespace`,
  `select 'extension', e.extname::text, e.extversion from pg_extension e where e.extname <> 'rds_tools'`,
  `select 'event trigger', e.evtname::text, jsonb_build_array(e.evtevent, e.evtenabled, e.evttags::text) from pg_event_trigger e`,
  `select 'publication', p.pubname::text, jsonb_build_array(p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate)
    from pg_publication p where not starts_with(p.pubname, 'sealift_')`,
  `select 'setting', concat_ws(' ', d.datname, coalesce(r.rolname, 'all roles')), s.setconfig::text
    from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
    where (d.datname is null or d.datname = current_database()) and r.rolname is distinct from 'rdsadmin'`,
  `select 'database', d.datname::text, jsonb_build_array(pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate,
      d.datctype, d.datconnlimit, ${acl('d.datacl', `acldefault('d', d.datdba)`)}) from pg_database d where d.datname = current_database()`,
  `select 'role', r.rolname::text, jsonb_build_array(r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
      r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil,
      (select string_agg(g.rolname::text, ',' order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = r.oid and not starts_with(g.rolname, 'sealift_')))
    from pg_roles r where r.rolname !~ '^(pg_|sealift_)' and not ${OF_RDS}`,
];

/** Everything that the catalogue of the current database says; a list keeps its places where a value is null. */
export const catalogFacts: Statement = {
  text: parts
    .map((part) => `select kind, object, definition::text from (${part}) as fact(kind, object, definition)`)
    .join('\nunion all\n'),
};
