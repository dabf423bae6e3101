/**
 * Which tables are copied, and how: every relation of the source that holds rows is published, on the target and in the plan, or
 * it is left out with a reason. Nothing is left out in silence.
 */
import { qualified } from '../../platform/quote';
import type { SizedTable } from './divide';
import type { CopiedTable } from './queue';
import type { ColumnRow, RelationRow } from './sql/tables';

/** A table of a publication; `columns` is null where the publication does not say. */
export interface PublishedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[] | null;
}

/** A relation whose rows do not travel. */
export interface LeftOut {
  /** `"schema"."name"`. */
  readonly relation: string;
  readonly reason: string;
}

/** What becomes of every relation of the source. */
export interface TableSet {
  readonly copied: readonly SizedTable[];
  readonly leftOut: readonly LeftOut[];
  /** Why the copy cannot begin, one sentence each. */
  readonly problems: readonly string[];
}

type Fate = { readonly copied: SizedTable } | { readonly reason: string } | { readonly problem: string };

/** The encoding that sessions speak: a database in it needs no other for its text. */
const PLAIN_ENCODING = 'UTF8';

/** Text of no encoding: PostgreSQL takes what is said to be in it unchecked, whatever the database's own is. */
const NO_ENCODING = 'SQL_ASCII';

/** What the source says of its tables. */
export interface SourceTables {
  readonly relations: readonly RelationRow[];
  readonly published: readonly PublishedTable[];
  /** The database's. */
  readonly encoding: string;
}

/** What the target says of its tables. */
export type TargetTables = Omit<SourceTables, 'published'>;

/** Decides for every relation of the source; the order stays. */
export function tableSet(source: SourceTables, target: TargetTables): TableSet {
  const publications = new Map(source.published.map((table) => [qualified(table.schema, table.name), table]));
  const arrivals = new Map(target.relations.map((relation) => [qualified(relation.schema, relation.name), relation]));
  const set = { copied: [] as SizedTable[], leftOut: [] as LeftOut[], problems: [] as string[] };
  const encoding = encodingBetween(source.encoding, target.encoding);
  for (const relation of source.relations) {
    const name = qualified(relation.schema, relation.name);
    const fate = fateOf(relation, publications.get(name), arrivals.get(name), encoding);
    if ('copied' in fate) set.copied.push(fate.copied);
    else if ('reason' in fate) set.leftOut.push({ relation: name, reason: fate.reason });
    else set.problems.push(fate.problem);
  }
  return set;
}

function fateOf(
  relation: RelationRow,
  published: PublishedTable | undefined,
  arrival: RelationRow | undefined,
  encoding: CopiedTable['encoding'],
): Fate {
  const name = qualified(relation.schema, relation.name);
  if (relation.kind === 'f') return { reason: 'a foreign table: its rows lie elsewhere' };
  if (relation.kind === 'm') return { reason: 'a materialized view: it is refreshed from its tables' };
  if (published === undefined) {
    if (relation.unlogged) return { reason: 'an unlogged table: its changes cannot follow, it arrives empty' };
    if (relation.ofExtension) return { reason: 'a table of an extension, which brings its own rows' };
    return { problem: `table ${name} is in no publication, so its changes could not follow` };
  }
  if (arrival?.kind !== 'r') return { problem: `table ${name} is not on the target` };
  if (relation.filenode === null) return { problem: `table ${name} has no file on the source` };
  const listed = published.columns;
  const columns = relation.columns.filter(({ name: column }) => listed === null || listed.includes(column));
  const known = new Map(arrival.columns.map((column) => [column.name, column]));
  const missing = columns.filter((column) => !known.has(column.name));
  if (missing.length > 0) {
    return {
      problem: `column ${missing.map((column) => column.name).join(', ')} of table ${name} is not on the target`,
    };
  }
  const binary = encoding === null && columns.every((column) => sameWire(column, known.get(column.name)));
  const { schema, oid, filenode, blocks, bytes } = relation;
  const table: CopiedTable = {
    schema,
    name: relation.name,
    oid,
    filenode,
    blocks: Number(blocks),
    columns: columns.map((column) => column.name),
    format: binary ? 'binary' : 'text',
    encoding,
  };
  return { copied: { table, bytes: Number(bytes) } };
}

/** Text without an encoding must be valid in the target's: said to be without one, it would be taken unchecked. */
function encodingBetween(source: string, target: string): CopiedTable['encoding'] {
  if (source === PLAIN_ENCODING) return null;
  return { sent: source, taken: source === NO_ENCODING ? target : source };
}

/** Binary values are taken for what they are, so both sides must mean the same type by them. */
function sameWire(left: ColumnRow, right: ColumnRow | undefined): boolean {
  return left.wire !== null && left.wire === right?.wire;
}
