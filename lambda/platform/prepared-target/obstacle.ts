/**
 * What stands in the way of rows that DMS writes as an ordinary session (facts D10): it is removed or switched off, and its exact
 * state is kept in the ledger's `undo` of its database, in the statements that bring it back.
 */

/** Kinds in the order in which they go; they come back in the reverse one. */
export const OBSTACLE_KINDS = ['rule', 'trigger', 'foreign key', 'identity', 'index'] as const;

/** One of the kinds. */
export type ObstacleKind = (typeof OBSTACLE_KINDS)[number];

/** Kind of the undo rows of what was removed. */
export function undoKind(kind: ObstacleKind): string {
  return `dms ${kind}`;
}

/** Kind of the undo rows of foreign keys that are back, and whose rows are not checked. */
export const UNCHECKED = 'dms foreign key unchecked';

/** A statement that works on one table for long. */
export interface LongStatement {
  /** The table, as SQL. */
  readonly relation: string;
  readonly statements: readonly string[];
}

/** How something comes back. */
export interface Prior {
  /** Its name as the comparison of catalogues has it, where that is not the obstacle's own. */
  readonly fact?: string;
  /** At once, in one transaction: before applications write to the target. */
  readonly restore: readonly string[];
  /** Each in a transaction of its own, side by side: builds of an index and its partitions, or checks of a foreign key's rows. */
  readonly long: readonly LongStatement[];
  /** Together, when everything long is done: what a partitioned parent makes of its partitions. */
  readonly finish: readonly string[];
  /** Of a foreign key: queries that count the rows without a counterpart; columns `rows` and `places`. */
  readonly orphans: readonly { readonly relation: string; readonly query: string }[];
}

/** Something in the way. */
export interface Obstacle {
  /** Its name for people, unique within its kind: `"name" on "schema"."table"`. */
  readonly object: string;
  /** Relations that its removal locks: partitions count. */
  readonly locks: number;
  readonly remove: readonly string[];
  readonly prior: Prior;
  /** Why it cannot be brought back exactly once it is gone; null when it can. */
  readonly unreturnable: string | null;
}
