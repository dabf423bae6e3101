/** Saving and removing what cannot be read, and rebuilding indexes. */
import type { Statement } from '../../platform/postgres';
import { ident, literal, qualified } from '../../platform/quote';
import type { ScannedRelation } from '../queue';

/** A function takes 100 arguments at most, and a column needs two of them. */
const COLUMNS_PER_OBJECT = 45;

/** Locks the row at `ctid` and answers its version; no row when none is visible there. */
export function lockRow(relation: ScannedRelation, ctid: string): Statement {
  return {
    text: `select t.xmin::text as xmin from only ${qualified(relation.schema, relation.name)} t
      where t.ctid = $1::tid for update`,
    values: [ctid],
  };
}

/** What is known of a row that goes into quarantine. */
export interface QuarantinedRow {
  readonly ctid: string;
  readonly xmin: string;
  /** Columns whose values can be read. */
  readonly readable: readonly string[];
  /** SQLSTATE by column. */
  readonly unreadable: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly execution: string;
}

/**
 * Saves a row: each readable value as its type's own text, which its input function takes back. The table stands as
 * `"schema"."name"`, in the ledger as everywhere. Saving it twice keeps the first.
 */
export function saveRow(relation: ScannedRelation, row: QuarantinedRow): Statement {
  const objects: string[] = [];
  for (let first = 0; first < row.readable.length; first += COLUMNS_PER_OBJECT) {
    const pairs = row.readable
      .slice(first, first + COLUMNS_PER_OBJECT)
      .map((name) => `${literal(name)}, case when t.${ident(name)} is not null then concat(t.${ident(name)}) end`);
    objects.push(`jsonb_build_object(${pairs.join(', ')})`);
  }
  const name = qualified(relation.schema, relation.name);
  return {
    text: `insert into sealift.quarantine (kind, relation, place, version, columns, unreadable, reason, execution)
      select 'row', $2, $1, $3, ${objects.length === 0 ? `'{}'::jsonb` : objects.join(' || ')}, $4::jsonb, $5, $6
      from only ${name} t where t.ctid = $1::text::tid
      on conflict (kind, relation, place, version) do nothing`,
    values: [row.ctid, name, row.xmin, JSON.stringify(row.unreadable), row.reason, row.execution],
  };
}

/** Notes a page that is gone with its rows: there is nothing to save. */
export function savePage(relation: string, page: number, reason: string, execution: string): Statement {
  return {
    text: `insert into sealift.quarantine (kind, relation, place, version, columns, unreadable, reason, execution)
      values ('page', $1, $2, '0', '{}', '{}', $3, $4) on conflict (kind, relation, place, version) do nothing`,
    values: [relation, String(page), reason, execution],
  };
}

/** Removes the row at `ctid` when it is still that version. */
export function deleteRow(relation: ScannedRelation, ctid: string, xmin: string): Statement {
  return {
    text: `delete from only ${qualified(relation.schema, relation.name)} t where t.ctid = $1::tid and t.xmin::text = $2`,
    values: [ctid, xmin],
  };
}

/** Rows and pages of a relation in quarantine. */
export function countQuarantined(relation: string): Statement {
  return {
    text: `select count(*) filter (where kind = 'row')::int as rows, count(*) filter (where kind = 'page')::int as pages
      from sealift.quarantine where relation = $1`,
    values: [relation],
  };
}

/** A foreign key that points at a table. */
export interface Reference {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  /** Columns of the referencing table, and those of this one that they point at, in one order. */
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
}

/** Foreign keys that point at a table; a partition has its parent's as its own (12 and later). */
export function referencesTo(oid: string): Statement {
  return {
    text: `select k.conname as name, n.nspname as schema, c.relname as table,
        (select array_agg(a.attname::text order by o.position) from unnest(k.conkey) with ordinality as o(attnum, position)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.attnum) as columns,
        (select array_agg(a.attname::text order by o.position) from unnest(k.confkey) with ordinality as o(attnum, position)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.attnum) as referenced
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      where k.contype = 'f' and k.confrelid = $1::oid order by n.nspname, c.relname, k.conname`,
    values: [oid],
  };
}

/** True when a row of the referencing table points at the row at `ctid`. */
export function isReferenced(relation: ScannedRelation, reference: Reference, ctid: string): Statement {
  const same = reference.columns.map(
    (column, index) => `c.${ident(column)} = t.${ident(reference.referenced[index] ?? '')}`,
  );
  return {
    text: `select exists (select from only ${qualified(relation.schema, relation.name)} t
      join ${qualified(reference.schema, reference.table)} c on ${same.join(' and ')}
      where t.ctid = $1::tid) as referenced`,
    values: [ctid],
  };
}

/** Rows that point at nothing any more, of a foreign key of a table that has lost rows; null columns point nowhere. */
export function countOrphans(relation: ScannedRelation, reference: Reference): Statement {
  const pairs = reference.columns.map(
    (column, index) => `p.${ident(reference.referenced[index] ?? '')} = c.${ident(column)}`,
  );
  const set = reference.columns.map((column) => `c.${ident(column)} is not null`);
  return {
    text: `select count(*)::text as orphans from ${qualified(reference.schema, reference.table)} c
      where ${set.join(' and ')} and not exists
        (select from ${qualified(relation.schema, relation.name)} p where ${pairs.join(' and ')})`,
  };
}

/** Invalid indexes that a rebuild of `name` left behind: PostgreSQL names them `<name>_ccnew` and `_ccold`, with a number. */
export function leftovers(schema: string, name: string, oid: string): Statement {
  return {
    text: `select n.nspname as schema, c.relname as name from pg_index i
      join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and i.indrelid = $3::oid and not i.indisvalid
        and c.relname ~ ('^' || regexp_replace(left($2, 50), '([^a-zA-Z0-9_])', '\\\\\\1', 'g') || '.*_cc(new|old)[0-9]*$')`,
    values: [schema, name, oid],
  };
}

/** Drops an index without keeping writers out. */
export function dropIndex(schema: string, name: string): Statement {
  return { text: `drop index concurrently if exists ${qualified(schema, name)}` };
}

/** Builds an index anew without keeping writers out; no transaction may be open. */
export function rebuildIndex(schema: string, name: string): Statement {
  return { text: `reindex index concurrently ${qualified(schema, name)}` };
}
