/**
 * A digest of one database's catalogue, cheap enough to be taken behind the fence: whoever changed a definition after the
 * catalogues were compared is found by it. Object ids and row versions tell a change without any definition being written out,
 * so it compares one server with itself only.
 */
import type { Session, Statement } from '../platform/postgres';

const USER_NAMESPACE = `n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pglogical')
  and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'`;

/** Schemas of users. */
const SPACES = `select n.oid, n.nspname, n.xmin as version from pg_namespace n where ${USER_NAMESPACE}`;

/**
 * Relations of users, read once for all that hangs on them. By their columns, because TRUNCATE, REINDEX and REFRESH make a new
 * version of a row that says the same.
 */
const RELATIONS = `select c.oid, c.relkind, hashtextextended(concat_ws(',', c.oid, c.relname, n.nspname, c.relkind, c.relpersistence,
      c.relowner, c.relnatts, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relacl::text,
      c.reloptions::text), 0) as fact
    from pg_class c join space n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')`;

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

/** Hash of numbers that name a row and of its version, all of them object or transaction ids: no text is written for it. */
function numbered(kind: number, id: string, ...numbers: string[]): string {
  return `hash_array_extended(array[${numbers.join(', ')}], (${kind}::bigint << 48) + ${id})`;
}

const parts: readonly string[] = [
  'select fact from relation',
  // At most 1,600 columns: the relation's id and the column's number never meet.
  `select ${numbered(1, '(a.attrelid::bigint << 12) + a.attnum', 'a.xmin')} from pg_attribute a join relation r on r.oid = a.attrelid
    where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and a.attnum > 0`,
  ...OF_RELATIONS.map(
    ([catalog, relation], index) =>
      `select ${numbered(10 + index, 'x.oid::bigint', 'x.xmin')} from ${catalog} x join relation r on r.oid = x.${relation}`,
  ),
  ...IN_SCHEMAS.map(
    ([catalog, schema], index) =>
      `select ${numbered(20 + index, 'x.oid::bigint', 'x.xmin')} from ${catalog} x join space n on n.oid = x.${schema}`,
  ),
  `select ${numbered(2, 's.seqrelid::bigint', 's.xmin')} from pg_sequence s join relation r on r.oid = s.seqrelid`,
  `select ${numbered(3, 'n.oid::bigint', 'n.version')} from space n`,
  `select ${numbered(4, 'e.oid::bigint', 'e.xmin')} from pg_enum e`,
  `select ${numbered(5, 'i.inhseqno::bigint', 'i.inhrelid', 'i.inhparent')} from pg_inherits i
    join relation r on r.oid = i.inhrelid where r.relkind in ('r', 'p', 'f')`,
  `select ${numbered(6, 'r.oid::bigint', 'r.prpubid', 'r.prrelid')} from pg_publication_rel r`,
  // Not whether a role may log in: the fence changes that.
  `select hashtextextended(concat_ws(',', r.oid, r.rolname), 7) from pg_roles r`,
];

const digest: Statement = {
  text: `with space as materialized (${SPACES}), relation as materialized (${RELATIONS})
    select count(*)::text || ' ' || coalesce(sum(fact), 0)::text as digest
    from (${parts.join('\nunion all\n')}) as facts(fact)`,
};

/** Digest of the catalogue of the session's database; equal as long as nobody defines, alters, grants or drops anything. */
export async function catalogDigest(session: Session): Promise<string> {
  return (await session.one<{ digest: string }>(digest)).digest;
}
