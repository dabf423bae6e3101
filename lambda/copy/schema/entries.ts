/**
 * A dump as pg_dump thinks of it: entries of a table of contents, each an object with the statements that make it. The
 * comment before each entry is written by `pg_dump --verbose` and names type, schema, owner and the row of the catalogue.
 */
import { piecesOf } from './split';

/** pg_dump's sections without the rows. */
export type Section = 'pre-data' | 'post-data';

/** An object of the dump. */
export interface Entry {
  readonly section: Section;
  /** pg_dump's word, such as `TABLE`, `FK CONSTRAINT` or `ACL`; `SETTINGS` for what stands before the first object. */
  readonly type: string;
  /** As pg_dump names it to people: a constraint with its table, a function with its arguments. */
  readonly name: string;
  /** Null when it is in none. */
  readonly schema: string | null;
  /** Null when it has none. */
  readonly owner: string | null;
  /** OIDs of its row on the source, decimal: the catalogue and the row; null when it is no object of its own. */
  readonly catalogId: { readonly catalog: string; readonly oid: string } | null;
  /** Without semicolons. */
  readonly statements: readonly string[];
}

/** The object of an entry, as people name it. */
export function objectOf({ schema, name }: Pick<Entry, 'schema' | 'name'>): string {
  return schema === null ? name : `${schema}.${name}`;
}

const TOC = /^-- TOC entry \d+ \(class (\d+) OID (\d+)\)$/;
/** The last words win: names may hold anything but a line's end, which pg_dump replaces. */
const HEADER = /^-- Name: (.*); Type: ([A-Z ]+); Schema: (.*); Owner: (.*?)(?:; Tablespace: .*)?$/;

/** Types that post-data alone has. */
const POST_DATA =
  /^((CHECK |FK )?CONSTRAINT|INDEX( ATTACH)?|STATISTICS|RULE|(EVENT )?TRIGGER|ROW SECURITY|POLICY|(PUBLICATION|SUBSCRIPTION)( .*)?|DEFAULT ACL)$/;

/**
 * The entries of a dump, in their order; commands for psql are left out, they only guard psql. pg_dump writes post-data behind
 * pre-data, and a view or function that waits for a key stands behind that key, so post-data begins with the first entry of a type
 * that it alone has. Privileges stand at the end, whichever section their object is of.
 */
export function entriesOf(dump: string): Entry[] {
  const entries: (Entry & { statements: string[] })[] = [];
  let current = begin('pre-data', []);
  entries.push(current);
  for (const piece of piecesOf(dump)) {
    if (piece.comments.some((line) => HEADER.test(line))) {
      current = begin(current.section, piece.comments);
      entries.push(current);
    }
    if (piece.kind === 'statement') current.statements.push(piece.text);
  }
  return entries.filter(({ statements }) => statements.length > 0);
}

function begin(section: Section, comments: readonly string[]): Entry & { statements: string[] } {
  const header = matchLast(comments, HEADER);
  const toc = matchLast(comments, TOC);
  const [, name = '', type = 'SETTINGS', schema = '-', owner = ''] = header ?? [];
  const [, catalog = '0', oid = '0'] = toc ?? [];
  return {
    section: POST_DATA.test(type) ? 'post-data' : section,
    type,
    name,
    schema: schema === '-' ? null : schema,
    owner: owner === '' ? null : owner,
    catalogId: catalog === '0' ? null : { catalog, oid },
    statements: [],
  };
}

function matchLast(lines: readonly string[], expression: RegExp): RegExpExecArray | null {
  return (
    lines
      .map((line) => expression.exec(line))
      .filter((match) => match !== null)
      .at(-1) ?? null
  );
}
