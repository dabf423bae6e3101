/** Rows of the target that a foreign key would refuse: counted before the flip, told by their places, never by values. */
import type { Session } from '../postgres';
import { UNCHECKED, undoKind } from './obstacle';
import { asRead } from './sql/obstacles';
import { orphanQueries } from './sql/undo';

/** Rows of one table without a counterpart. */
export interface Orphans {
  /** The foreign key, as `"name" on "schema"."table"`. */
  readonly key: string;
  /** Rows, decimal. */
  readonly rows: string;
  /** Table and `ctid` of some of them. */
  readonly places: readonly string[];
}

/** One page of keys; `next` is the key behind which the next page begins, null when this was the last. */
export interface OrphanPage {
  readonly orphans: readonly Orphans[];
  readonly next: string | null;
}

/** Keys that are asked for at a time. */
const PAGE = 50;

/**
 * Counts rows without a counterpart, for foreign keys that are removed or back unchecked, behind `after`; changes nothing. What comes in
 * between two tables of the task shows as such rows for a moment: only what stays when the task has caught up counts.
 */
export async function countOrphans(session: Session, after: string, stop: () => boolean): Promise<OrphanPage> {
  const orphans: Orphans[] = [];
  const pages = await Promise.all(
    [undoKind('foreign key'), UNCHECKED].map((kind) =>
      session.query<{ object: string; orphans: { query: string }[] }>(orphanQueries(kind, after, PAGE)),
    ),
  );
  const keys = pages.flat().sort((a, b) => Buffer.compare(Buffer.from(a.object), Buffer.from(b.object)));
  const page = keys.slice(0, PAGE);
  for (const [index, { object, orphans: queries }] of page.entries()) {
    if (index > 0 && stop()) return { orphans, next: page[index - 1]?.object ?? null };
    for (const { query } of queries) {
      const { rows, places } = await session.one<{ rows: string; places: string[] | null }>(asRead(query));
      if (rows !== '0') orphans.push({ key: object, rows, places: places ?? [] });
    }
  }
  return { orphans, next: keys.length > page.length || page.length === PAGE ? (page.at(-1)?.object ?? null) : null };
}

/** Counts for every key; for databases whose keys are few or small, and for who names what was refused. */
export async function countAllOrphans(session: Session): Promise<readonly Orphans[]> {
  const found: Orphans[] = [];
  // Every page begins behind the last one, and the keys are finite.
  for (let after: string | null = ''; after !== null; ) {
    const page: OrphanPage = await countOrphans(session, after, () => false);
    found.push(...page.orphans);
    after = page.next;
  }
  return found;
}

/** Most keys that a text names. */
const NAMED = 10;

/** The text of an error about them. */
export function describeOrphans(database: string, orphans: readonly Orphans[]): string {
  const named = orphans
    .slice(0, NAMED)
    .map(({ key, rows, places }) => `${key} is violated by ${rows} rows, such as ${places.join(', ')}`);
  const more = orphans.length > NAMED ? [`and ${orphans.length - NAMED} foreign keys more`] : [];
  return (
    `rows of target database ${JSON.stringify(database)} have no counterpart: ${[...named, ...more].join('; ')}; ` +
    'repair them on the source or give the key up there, then start again'
  );
}
