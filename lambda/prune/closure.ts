/**
 * Which rows go together, and their removal. From the old rows of a batch the rows are followed that go with them; then
 * whatever a staying row points at stays, with everything that would have taken it. What is left goes in one statement.
 */
import { Blocked } from '../errors';
import type { Session } from '../platform/postgres';
import { accountOf, type Edge, type Model, nameOf, relation, retentionOf } from './model';
import * as sql from './sql/batch';

/** A row, named by where it lies while it is locked. */
export interface Row {
  /** Oid of the leaf table. */
  readonly leaf: string;
  readonly tid: string;
  /** Its own table's retention matches it. */
  readonly old: boolean;
}

/** What a batch did. */
export interface Removed {
  /** Rows that went, by table, and those of them that were old themselves. */
  readonly leaves: readonly { readonly relation: string; readonly rows: number; readonly old: number }[];
  /** Old rows of the batch that stayed, because rows that stay point at them. */
  readonly kept: number;
}

type Rows = Map<string, Row>;

function keyOf({ leaf, tid }: Pick<Row, 'leaf' | 'tid'>): string {
  return `${leaf} ${tid}`;
}

function places(rows: Iterable<Row>): sql.Places {
  const all = [...rows];
  return { leaves: all.map(({ leaf }) => leaf), tids: all.map(({ tid }) => tid) };
}

/** Those of `rows` that lie in the table `oid`. */
function within(model: Model, oid: string, rows: Iterable<Row>): Row[] {
  const leaves = new Set(relation(model, oid).leaves);
  return [...rows].filter(({ leaf }) => leaves.has(leaf));
}

/** Everything that goes when `roots` go, rows that others keep among it; locks what it finds. */
async function follow(session: Session, model: Model, roots: readonly Row[]): Promise<Rows> {
  const found: Rows = new Map(roots.map((row) => [keyOf(row), row]));
  let fresh = [...roots];
  // Every turn adds rows that were not there, and there are finitely many.
  while (fresh.length > 0) {
    const next: Row[] = [];
    for (const edge of model.edges) {
      if (!edge.takes && retentionOf(model, edge.child) === null) continue;
      const parents = within(model, edge.parent, fresh);
      if (parents.length === 0) continue;
      for (const row of await session.query<Row>(sql.lockChildren(model, edge, places(parents)))) {
        if (found.has(keyOf(row))) continue;
        found.set(keyOf(row), row);
        next.push(row);
      }
    }
    fresh = next;
  }
  return found;
}

/** Takes out of `rows` what a row outside of them points at, until nothing is left to take out. */
async function takeOutReferenced(session: Session, model: Model, rows: Rows): Promise<void> {
  let changed = true;
  let whole = true;
  // Every turn but the last takes a row out.
  while (changed) {
    changed = false;
    for (const edge of model.edges) {
      // Every child of an edge that takes is among the rows, and none can be added while its parent is locked.
      if (edge.takes && whole) continue;
      for (const row of await referenced(session, model, edge, rows)) {
        changed = rows.delete(keyOf(row)) || changed;
      }
      if (changed) whole = false;
    }
  }
}

async function referenced(
  session: Session,
  model: Model,
  edge: Edge,
  rows: Rows,
): Promise<Pick<Row, 'leaf' | 'tid'>[]> {
  const parents = within(model, edge.parent, rows.values());
  if (parents.length === 0) return [];
  const children = within(model, edge.child, rows.values());
  return session.query<Row>(sql.stillReferenced(model, edge, places(parents), places(children)));
}

/**
 * Removes the locked rows `roots` and what goes with them, inside a transaction of the caller's. Throws `Blocked` naming a table
 * whose rows do not go when they are deleted.
 */
export async function removeTogether(session: Session, model: Model, roots: readonly Row[]): Promise<Removed> {
  let going: readonly Row[] = roots;
  let rows: Rows = new Map();
  // Every turn but the last leaves roots out.
  for (;;) {
    rows = await follow(session, model, going);
    await takeOutReferenced(session, model, rows);
    const staying = going.filter((row) => rows.has(keyOf(row)));
    if (staying.length === going.length) break;
    going = staying;
  }
  return { leaves: await remove(session, model, rows), kept: roots.length - going.length };
}

async function remove(session: Session, model: Model, rows: Rows): Promise<Removed['leaves']> {
  const byLeaf = new Map<string, Row[]>();
  for (const row of rows.values()) {
    const own = byLeaf.get(row.leaf);
    if (own === undefined) byLeaf.set(row.leaf, [row]);
    else own.push(row);
  }
  if (byLeaf.size === 0) return [];
  const parts = [...byLeaf].map(([oid, own]) => ({ leaf: relation(model, oid), own, tids: own.map(({ tid }) => tid) }));
  const counts = await session.one<Record<string, number>>(sql.deleteTogether(parts));
  return parts.map(({ leaf, own }, index) => {
    const gone = counts[`n${index}`] ?? 0;
    if (gone !== own.length) {
      throw new Blocked(
        `table ${nameOf(leaf)} of database ${JSON.stringify(session.database)} let ${gone} of ${own.length} old rows go: ` +
          'a trigger or a rule keeps them; leave the table out of prune.entries or change the trigger',
      );
    }
    return { relation: nameOf(accountOf(model, leaf.oid)), rows: gone, old: own.filter(({ old }) => old).length };
  });
}
