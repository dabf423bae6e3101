/** What a pruning is told, plans and answers. */
import type { EvidencePointer } from './instance';

/** A table that points at a pruned one, and whose rows go with the rows that they point at. */
export interface PruneChild {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** Column of the pruned table that it points at; null: its one-column primary key. */
  readonly references: string | null;
}

/** A table whose old rows go. */
export interface PruneEntry {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  /** Its column of type `timestamptz`, `timestamp` or `date`. */
  readonly column: string;
  /** Such as `6 months` or `30 days`: units day, week, month, year. */
  readonly olderThan: string;
  /** `auto`: rows of tables that point at it by a foreign key with `on delete cascade`; a list names further tables. */
  readonly children: 'auto' | readonly PruneChild[];
  /** So many of the newest rows stay in any case; null without. */
  readonly keepLast: number | null;
  /** Rows of this table that one transaction takes at most, roughly. */
  readonly batchRows: number;
  /** `drop`: partitions that end before the boundary are detached and dropped, where nothing points at the table. */
  readonly partitions: 'rows' | 'drop';
  /** More than `maxShare` of the table may go. */
  readonly confirmed: boolean;
}

/** What is old, from the configuration; JSON in `SEALIFT_PRUNE`. */
export interface PrunePolicy {
  readonly entries: readonly PruneEntry[];
  /** Share of the planned rows by which the pruned ones may differ from them, 0 to 1. */
  readonly tolerance: number;
  /** Share of a table that may go without being confirmed, 0 to 1. */
  readonly maxShare: number;
  /** Name of the time zone in which an age is counted back from the database's clock. */
  readonly timeZone: string;
  /** Number of parallel workers. */
  readonly workers: number;
}

/** What a pruning will do. */
export interface PrunePlan {
  /** Rows that the policy matches in all tables, without the rows that go with them. */
  readonly rows: number;
  /** The moment that the ages are counted back from, by the database's clock; ISO. */
  readonly clock: string;
  /** Latest boundary of all entries; ISO, null without entries. */
  readonly newestBoundary: string | null;
  readonly entries: readonly {
    readonly database: string;
    /** `"schema"."table"`. */
    readonly relation: string;
    readonly column: string;
    /** As the policy says it, such as `6 months`. */
    readonly olderThan: string;
    /** Rows before it are old; in the words of the column's type. */
    readonly boundary: string;
    readonly rows: number;
    readonly ofRows: number;
    /** Estimate of what the rows occupy. */
    readonly bytes: number;
    /** Estimates, children included. */
    readonly walBytes: number;
    readonly seconds: number;
    /** Rows that go with them, by table, at most ten. */
    readonly children: readonly { readonly relation: string; readonly rows: number }[];
  }[];
  /** Why the plan would be refused, and what could not be counted, in words; only a preview has any. */
  readonly refusals: readonly string[];
  /** What will be slow or large, and why, in words; at most ten. */
  readonly warnings: readonly string[];
  readonly workers: readonly number[];
  readonly report: EvidencePointer;
}

/** What a pruning did. */
export interface Pruning {
  /** True when rows that moved meanwhile were queued again: prune on. */
  readonly again: boolean;
  /** Rows that went, children included. */
  readonly rows: number;
  readonly tables: readonly {
    readonly database: string;
    readonly relation: string;
    readonly rows: number;
  }[];
  /** Old rows that stayed, because rows that stay point at them. */
  readonly kept: number;
  readonly report: EvidencePointer;
}
