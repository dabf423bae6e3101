/**
 * A digest of one database's catalogue, cheap enough to be taken behind the fence: whoever changed a definition after the
 * catalogues were compared is found by it. Object ids and row versions tell a change without any definition being written out,
 * so it compares one server with itself only.
 */
import type { Session, Statement } from '../platform/postgres';

const USER_NAMESPACE = `n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
  and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'`;

/** `pg_class` by its columns, because TRUNCATE, REINDEX and REFRESH make a new version of a row that says the same. */
const RELATIONS = `select concat_ws(',', 'class', c.oid, c.relname, n.nspname, c.relkind, c.relpersistence, c.relowner, c.relnatts,
    c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relacl::text, c.reloptions::text)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and ${USER_NAMESPACE}`;

const COLUMNS = `select concat_ws(',', 'column', a.attrelid, a.attnum, a.xmin)
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and a.attnum > 0 and ${USER_NAMESPACE}`;

/** Catalogues whose rows hang on a relation of a user, with the column that names it. */
const OF_RELATIONS: readonly [catalog: string, relation: string][] = [
  ['pg_attrdef', 'adrelid'],
  ['pg_rewrite', 'ev_class'],
  ['pg_policy', 'polrelid'],
  ['pg_trigger', 'tgrelid'],
];

/** Catalogues whose rows lie in a schema, with the column that names it. */
const IN_SCHEMAS: readonly [catalog: string, schema: string][] = [
  ['pg_constraint', 'connamespace'],
  ['pg_proc', 'pronamespace'],
  ['pg_type', 'typnamespace'],
];

const parts: readonly string[] = [
  RELATIONS,
  COLUMNS,
  ...OF_RELATIONS.map(
    ([catalog, relation]) => `select concat_ws(',', '${catalog}', x.oid, x.xmin) from ${catalog} x
      join pg_class c on c.oid = x.${relation} join pg_namespace n on n.oid = c.relnamespace where ${USER_NAMESPACE}`,
  ),
  ...IN_SCHEMAS.map(
    ([catalog, schema]) => `select concat_ws(',', '${catalog}', x.oid, x.xmin) from ${catalog} x
      join pg_namespace n on n.oid = x.${schema} where ${USER_NAMESPACE}`,
  ),
  `select concat_ws(',', 'sequence', s.seqrelid, s.xmin) from pg_sequence s join pg_class c on c.oid = s.seqrelid
    join pg_namespace n on n.oid = c.relnamespace where ${USER_NAMESPACE}`,
  `select concat_ws(',', 'schema', n.oid, n.xmin) from pg_namespace n where ${USER_NAMESPACE}`,
  `select concat_ws(',', 'label', e.oid, e.xmin) from pg_enum e`,
  `select concat_ws(',', 'child', i.inhrelid, i.inhparent, i.inhseqno) from pg_inherits i join pg_class c on c.oid = i.inhrelid
    join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'f') and ${USER_NAMESPACE}`,
  `select concat_ws(',', 'published', r.oid, r.prpubid, r.prrelid) from pg_publication_rel r`,
  // Not whether a role may log in: the fence changes that.
  `select concat_ws(',', 'role', r.oid, r.rolname) from pg_roles r`,
];

const digest: Statement = {
  text: `select count(*)::text || ' ' || coalesce(sum(hashtextextended(fact, 0)), 0)::text as digest
    from (${parts.join('\nunion all\n')}) as facts(fact)`,
};

/** Digest of the catalogue of the session's database; equal as long as nobody defines, alters, grants or drops anything. */
export async function catalogDigest(session: Session): Promise<string> {
  return (await session.one<{ digest: string }>(digest)).digest;
}
