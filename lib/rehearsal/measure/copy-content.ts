/** What two copies of a database must have in common, so that their times can be compared. */
import type { Client } from 'pg';

/** What a copy holds, leaving Sealift's own schema out. */
export interface CopyContent {
  /** Rows of every table, by its name. */
  readonly rows: Readonly<Record<string, number>>;
  readonly indexes: number;
  /** Checked ones. */
  readonly constraints: number;
}

/** Tables counted in one statement. */
const BATCH = 200;

const OWN = `n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'pgcopydb') and n.nspname not like 'pg\\_toast%'`;

/** Counts everything. */
export async function copyContent(session: Client): Promise<CopyContent> {
  const { rows: tables } = await session.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and ${OWN} order by 1`,
  );
  const rows: Record<string, number> = {};
  for (let at = 0; at < tables.length; at += BATCH) {
    const parts = tables
      .slice(at, at + BATCH)
      .map(({ name }) => `select ${session.escapeLiteral(name)} as name, count(*)::int as rows from ${name}`);
    const counted = await session.query<{ name: string; rows: number }>(parts.join(' union all '));
    for (const one of counted.rows) rows[one.name] = one.rows;
  }
  const { rows: others } = await session.query<{ indexes: number; constraints: number }>(
    `select (select count(*)::int from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
        where i.indisvalid and ${OWN}) as indexes,
      (select count(*)::int from pg_constraint o join pg_namespace n on n.oid = o.connamespace
        where o.convalidated and ${OWN}) as constraints`,
  );
  return { rows, indexes: others[0]?.indexes ?? 0, constraints: others[0]?.constraints ?? 0 };
}

/** Throws when `copy` is not what `original` is. */
export function assertSameContent(who: string, original: CopyContent, copy: CopyContent): void {
  const differing = [...new Set([...Object.keys(original.rows), ...Object.keys(copy.rows)])].filter(
    (name) => original.rows[name] !== copy.rows[name],
  );
  if (differing.length > 0) {
    const [first = ''] = differing;
    throw new Error(
      `${who} copied ${copy.rows[first]} rows of ${first}, which has ${original.rows[first]}; ${differing.length} tables differ`,
    );
  }
  for (const what of ['indexes', 'constraints'] as const) {
    if (original[what] !== copy[what]) throw new Error(`${who} made ${copy[what]} ${what} of ${original[what]}`);
  }
}
