/** Facts of what is no relation: routines, types, operators, roles, settings, comments; their columns are those of `catalog-relations-sql`. */
import { OF_RDS, RDS_GROUPS, RDS_LOGIN_ROLES } from '../platform/rds-roles';
import { notOfExtension, USER_NAMESPACE } from '../platform/user-objects';
import { type CatalogForm, owner, rights, sorted } from './catalog-words-sql';

const NO_TEXT = 'null, null, null';

function schemas(form: CatalogForm): string {
  return `select 'schema', n.nspname::text, jsonb_build_array(${owner('n.nspowner')}, ${rights('n.nspacl', `'n'`, 'n.nspowner', form)}),
      ${NO_TEXT}
    from pg_namespace n where ${USER_NAMESPACE} and ${notOfExtension('pg_namespace', 'n.oid')}`;
}

/**
 * Routines by the types of their input, as they are unique. From 14 on a body may be SQL that the server prints. What a type makes
 * by itself is left out: from 14 on a range has more of it. So is LEAKPROOF, which a superuser alone can say.
 */
function routines(form: CatalogForm): string {
  const parsed = form.major >= 14 ? 'p.prosqlbody is not null' : 'false';
  return `select 'function', format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)),
      jsonb_build_array(${owner('p.proowner')}, ${rights('p.proacl', `'f'`, 'p.proowner', form)}, p.prokind, l.lanname,
        format_type(p.prorettype, null), p.proretset, p.proargnames::text, p.proargmodes::text, p.pronargdefaults,
        (select jsonb_agg(format_type(t, null) order by place) from unnest(p.proallargtypes) with ordinality as a(t, place)),
        case when ${parsed} then null else md5(p.prosrc) end, p.probin, p.provolatile, p.proisstrict, p.prosecdef,
        p.proparallel, p.procost, p.prorows, p.prosupport::regproc::text, p.proconfig::text, ${parsed},
        (select jsonb_build_array(g.aggtransfn::regproc::text, g.aggfinalfn::regproc::text, g.aggcombinefn::regproc::text,
            format_type(g.aggtranstype, null), g.agginitval, g.aggsortop::regoper::text, g.aggnumdirectargs)
          from pg_aggregate g where g.aggfnoid = p.oid)),
      case when ${parsed} then 'routine' else 'expression' end,
      case when ${parsed} then format('%I.%I', n.nspname, p.proname) end,
      case when ${parsed} then pg_get_functiondef(p.oid) else pg_get_expr(p.proargdefaults, 0) end
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where ${USER_NAMESPACE} and ${notOfExtension('pg_proc', 'p.oid')}
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')`;
}

function types(form: CatalogForm): string {
  return `select 'type', format('%I.%I', n.nspname, t.typname),
      jsonb_build_array(t.typtype, ${owner('t.typowner')}, ${rights('t.typacl', `'T'`, 't.typowner', form)},
        (select jsonb_build_array(format_type(r.rngsubtype, null), p.opcname, o.collname, r.rngcanonical::regproc::text, r.rngsubdiff::regproc::text)
          from pg_range r join pg_opclass p on p.oid = r.rngsubopc left join pg_collation o on o.oid = r.rngcollation
          where r.rngtypid = t.oid)),
      ${NO_TEXT}
    from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
    where (t.typtype in ('e', 'd', 'r') or c.relkind = 'c') and ${USER_NAMESPACE} and ${notOfExtension('pg_type', 't.oid')}
    union all
    select 'enum', format('%I.%I', n.nspname, t.typname), to_jsonb(string_agg(e.enumlabel::text, ',' order by e.enumsortorder)), ${NO_TEXT}
    from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace
    where ${USER_NAMESPACE} and ${notOfExtension('pg_type', 't.oid')} group by n.nspname, t.typname
    union all
    select 'domain', format('%I.%I', n.nspname, t.typname),
      jsonb_build_array(format_type(t.typbasetype, t.typtypmod), t.typnotnull, o.collname, t.typdefaultbin is not null),
      'expression', null, pg_get_expr(t.typdefaultbin, 0)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_collation o on o.oid = t.typcollation
    where t.typtype = 'd' and ${USER_NAMESPACE} and ${notOfExtension('pg_type', 't.oid')}`;
}

/** Operators but those that are only spoken of. The locale of a collation moved from column to column (15, 17), and is written as a language tag from 16 on. */
const operators = `select 'operator', o.oid::regoperator::text,
      jsonb_build_array(${owner('o.oprowner')}, o.oprcode::regproc::text, o.oprcom::regoperator::text, o.oprnegate::regoperator::text,
        o.oprrest::regproc::text, o.oprjoin::regproc::text, o.oprcanmerge, o.oprcanhash), ${NO_TEXT}
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oprcode <> 0 and ${USER_NAMESPACE} and ${notOfExtension('pg_operator', 'o.oid')}
    union all
    select 'operator class', format('%I.%I using %s', n.nspname, p.opcname, m.amname),
      jsonb_build_array(${owner('p.opcowner')}, format_type(p.opcintype, null), p.opcdefault, nullif(p.opckeytype, 0)::regtype::text), ${NO_TEXT}
    from pg_opclass p join pg_namespace n on n.oid = p.opcnamespace join pg_am m on m.oid = p.opcmethod
    where ${USER_NAMESPACE} and ${notOfExtension('pg_opclass', 'p.oid')}
    union all
    select 'cast', format('%s as %s', format_type(k.castsource, null), format_type(k.casttarget, null)),
      jsonb_build_array(k.castfunc::regprocedure::text, k.castcontext, k.castmethod), ${NO_TEXT}
    from pg_cast k where k.oid >= 16384 and ${notOfExtension('pg_cast', 'k.oid')}
      and not exists (select from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = k.oid and d.deptype = 'i')
    union all
    select 'collation', format('%I.%I', n.nspname, o.collname),
      jsonb_build_array(${owner('o.collowner')}, o.collprovider, o.collisdeterministic,
        lower(replace(coalesce(j ->> 'colllocale', j ->> 'colliculocale', j ->> 'collcollate'), '_', '-')),
        case o.collprovider when 'c' then j ->> 'collctype' end), ${NO_TEXT}
    from pg_collation o join pg_namespace n on n.oid = o.collnamespace cross join lateral to_jsonb(o) as j
    where ${USER_NAMESPACE} and ${notOfExtension('pg_collation', 'o.oid')}`;

const textSearch = `select 'text search configuration', format('%I.%I', n.nspname, f.cfgname),
      jsonb_build_array(${owner('f.cfgowner')}, p.prsname,
        (select jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text) order by m.maptokentype, m.mapseqno)
          from pg_ts_config_map m where m.mapcfg = f.oid)), ${NO_TEXT}
    from pg_ts_config f join pg_namespace n on n.oid = f.cfgnamespace join pg_ts_parser p on p.oid = f.cfgparser
    where ${USER_NAMESPACE} and ${notOfExtension('pg_ts_config', 'f.oid')}
    union all
    select 'text search dictionary', format('%I.%I', n.nspname, i.dictname),
      jsonb_build_array(${owner('i.dictowner')}, t.tmplname, i.dictinitoption), ${NO_TEXT}
    from pg_ts_dict i join pg_namespace n on n.oid = i.dictnamespace join pg_ts_template t on t.oid = i.dicttemplate
    where ${USER_NAMESPACE} and ${notOfExtension('pg_ts_dict', 'i.oid')}`;

/** Options are told by a hash: they may hold anything. */
function foreign(form: CatalogForm): string {
  return `select 'foreign server', s.srvname::text,
      jsonb_build_array(${owner('s.srvowner')}, w.fdwname, s.srvtype, s.srvversion, md5(${sorted('s.srvoptions')}::text),
        ${rights('s.srvacl', `'S'`, 's.srvowner', form)}), ${NO_TEXT}
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${notOfExtension('pg_foreign_server', 's.oid')}
    union all
    select 'foreign table', format('%I.%I', n.nspname, c.relname), jsonb_build_array(s.srvname, md5(${sorted('f.ftoptions')}::text)), ${NO_TEXT}
    from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_foreign_server s on s.oid = f.ftserver where ${USER_NAMESPACE} and ${notOfExtension('pg_class', 'c.oid')}`;
}

/** Comments, by a hash. Those of extensions come with their version, those of roles and databases are no database's. */
const comments = `select 'comment', i.type || ' ' || i.identity, to_jsonb(md5(d.description)), ${NO_TEXT}
    from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) as i
    where (d.objoid >= 16384 or d.objoid = 'public'::regnamespace)
      and d.classoid not in ('pg_extension'::regclass, 'pg_largeobject'::regclass)
      and i.identity is not null and i.identity !~ '(^|on |for )(sealift|rds_tools)(\\.|$|_)'
      and not exists (select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e')`;

function privileges(form: CatalogForm): string {
  const known = form.since < 17 ? `where g.privilege_type <> 'MAINTAIN'` : '';
  return `select 'default privileges', concat_ws(' ', ${owner('a.defaclrole')}, n.nspname, a.defaclobjtype),
      to_jsonb((select string_agg(item, '; ' order by item) from (
        select concat(case g.grantee when 0 then 'everybody' else ${owner('g.grantee')} end, ' ',
          string_agg(distinct g.privilege_type || case when g.is_grantable then '*' else '' end, ',')) as item
        from aclexplode(a.defaclacl) g ${known} group by g.grantee) as granted)), ${NO_TEXT}
    from pg_default_acl a left join pg_namespace n on n.oid = a.defaclnamespace
    where pg_get_userbyid(a.defaclrole) not in ${RDS_LOGIN_ROLES}
      and (n.oid is null or ${USER_NAMESPACE})`;
}

/** Every major brings its own versions of extensions: only on equal ones they say something. */
function extensions({ sameMajor }: CatalogForm): string {
  const version = sameMajor ? 'e.extversion' : 'null';
  return `select 'extension', e.extname::text, jsonb_build_array(n.nspname, ${version}), ${NO_TEXT}
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'rds_tools'`;
}

const shared = `select 'event trigger', e.evtname::text,
      jsonb_build_array(e.evtevent, e.evtenabled, e.evttags::text, e.evtfoid::regprocedure::text), ${NO_TEXT}
    from pg_event_trigger e where ${notOfExtension('pg_event_trigger', 'e.oid')}
    union all
    select 'publication', p.pubname::text,
      jsonb_build_array(p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot), ${NO_TEXT}
    from pg_publication p where not starts_with(p.pubname, 'sealift_')
    union all
    select 'setting', concat_ws(' ', d.datname, coalesce(r.rolname, 'all roles')), to_jsonb(${sorted('s.setconfig')}), ${NO_TEXT}
    from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
    where (d.datname is null or d.datname = current_database()) and (r.rolname is null or not ${OF_RDS})`;

function databases(form: CatalogForm): string {
  const locale = (column: string) => `regexp_replace(${column}, '[.]utf-?8$', '.UTF-8', 'i')`;
  return `select 'database', d.datname::text, jsonb_build_array(${owner('d.datdba')}, pg_encoding_to_char(d.encoding),
      ${locale('d.datcollate')}, ${locale('d.datctype')}, d.datconnlimit, ${rights('d.datacl', `'d'`, 'd.datdba', form)}), ${NO_TEXT}
    from pg_database d where d.datname = current_database()`;
}

/**
 * Not whether a role may log in, which the fence and the adoption change; nor what RDS gives nobody (SUPERUSER, REPLICATION, BYPASSRLS);
 * nor the master user, which joins others meanwhile.
 */
const roles = `select 'role', r.rolname::text, jsonb_build_array(r.rolinherit, r.rolcreaterole, r.rolcreatedb,
      r.rolconnlimit, r.rolvaliduntil,
      (select string_agg(distinct g.rolname::text, ',') from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = r.oid and not starts_with(g.rolname, 'sealift_') and g.rolname <> current_user)), ${NO_TEXT}
    from pg_roles r where r.rolname !~ '^(pg_|sealift_)' and r.rolname <> current_user and r.rolname not in ${RDS_GROUPS} and not ${OF_RDS}`;

/** Every other fact. */
export function factsOfOthers(form: CatalogForm): string[] {
  return [
    schemas(form),
    routines(form),
    types(form),
    operators,
    textSearch,
    foreign(form),
    comments,
    privileges(form),
    extensions(form),
    shared,
    databases(form),
    roles,
  ];
}
