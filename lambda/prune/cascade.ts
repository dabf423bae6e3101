/**
 * Where PostgreSQL's own cascade takes exactly what a pruning takes, it does the work: one DELETE of the old rows, no row of theirs
 * read or locked before. Pure; which tables that is true for is read off the model.
 */
import { type Edge, type Model, type Relation, relation, retentionOf } from './model';

/** What goes with the rows of one leaf when they are deleted. */
export interface Cascade {
  /** Foreign keys whose rows keep the rows of the leaf. */
  readonly keepers: readonly Edge[];
  /** Pointers that no foreign key declares: their rows are deleted beside those of the leaf. */
  readonly undeclared: readonly Edge[];
  /** Leaves that rows go from, beside the leaf itself. */
  readonly below: readonly Relation[];
  /** Ways from tables that have a retention of their own up to the leaf: their old rows are counted before they go. */
  readonly aged: readonly { readonly table: Relation; readonly ways: readonly (readonly Edge[])[] }[];
}

/** Most ways that are followed; a database with more is a web, and its rows are followed one by one. */
const MOST_WAYS = 50;

/**
 * The cascade of a leaf; null where PostgreSQL's is not a pruning's: below the leaf something keeps rows, or is pointed at by
 * what no foreign key declares; rows of the leaf's own table would go; a trigger or a rule stands between.
 */
export function cascadeOf(model: Model, leaf: Relation): Cascade | null {
  const own = new Set([leaf.oid]);
  const atLeaf = pointingAt(model, own);
  const ways = new Map<string, Edge[][]>();
  const begun = atLeaf.filter(({ takes }) => takes).map((edge) => [edge]);
  for (const way of begun) {
    const [edge] = way;
    if (edge === undefined) continue;
    const { leaves } = relation(model, edge.child);
    const seen = way.slice(1).flatMap(({ child }) => relation(model, child).leaves);
    if (leaves.some((one) => own.has(one) || seen.includes(one)) || begun.length > MOST_WAYS) return null;
    ways.set(edge.child, [...(ways.get(edge.child) ?? []), way]);
    for (const next of pointingAt(model, new Set(leaves))) {
      if (!next.takes || !next.declared) return null;
      begun.push([next, ...way]);
    }
  }
  const below = [...new Set([...ways.keys()].flatMap((table) => relation(model, table).leaves))];
  const relations = below.map((oid) => relation(model, oid));
  if (![leaf, ...relations].every(({ obeys }) => obeys)) return null;
  return {
    // A foreign key without a cascade whose table the policy names: its rows are deleted beside the leaf's.
    keepers: atLeaf.filter((edge) => !edge.takes && !atLeaf.some((other) => other.takes && isSamePointer(edge, other))),
    undeclared: atLeaf.filter(({ takes, declared }) => takes && !declared),
    below: relations,
    aged: [...ways]
      .filter(([table]) => retentionOf(model, table) !== null)
      .map(([table, found]) => ({ table: relation(model, table), ways: found })),
  };
}

function isSamePointer(one: Edge, other: Edge): boolean {
  const pointer = ({ child, columns, references }: Edge) => JSON.stringify([child, columns, references]);
  return pointer(one) === pointer(other);
}

/** What points at one of the leaves, by way of whatever table holds them. */
function pointingAt(model: Model, leaves: ReadonlySet<string>): Edge[] {
  return model.edges.filter(({ parent }) => relation(model, parent).leaves.some((leaf) => leaves.has(leaf)));
}
