/**
 * What the scan puts into the queues of a database, in that database's own ledger on the source, and what comes out. Structure
 * comes first: a damaged length word can crash the whole server when it is read (facts H8).
 */

/** The structure of tables, by amcheck. */
export const STRUCTURE_QUEUE = 'scan-structure';

/** Every value of every row, and every index. */
export const CONTENT_QUEUE = 'scan-content';

/** A column, and how its values are read; see `sql/values.ts`. */
export interface ScannedColumn {
  readonly name: string;
  readonly number: number;
  readonly how: 'fixed' | 'text' | 'bytes' | 'moment' | 'document' | 'cast' | 'output';
}

/** A table, partition or materialized view that is scanned. */
export interface ScannedRelation {
  /** Decimal. */
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'r' | 'm';
  /** Decimal; null without values that may lie outside. */
  readonly toastOid: string | null;
  readonly blocks: number;
  /** In their order, dropped and virtual ones left out. */
  readonly columns: readonly ScannedColumn[];
  /** Bytes with TOAST. */
  readonly bytes: number;
  /** Indexes that are no B-trees, by their access method. */
  readonly otherIndexes: readonly { readonly name: string; readonly method: string }[];
}

/** Blocks from `from` (inclusive) to `to` (exclusive). */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

/** A column of a key with its order, as `ORDER BY` takes it. */
export interface KeyColumn {
  readonly name: string;
  /** Name of the type when it is one of PostgreSQL's own, else null. */
  readonly type: string | null;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A B-tree whose key is nothing but columns. */
export interface ScannedIndex {
  /** Decimal. */
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Empty when the index cannot be compared. */
  readonly key: readonly KeyColumn[];
  /** Why it cannot be compared with its table; null when it can. */
  readonly obstacle: string | null;
}

/** Part of the structure queue: a range of a table or of its TOAST table, whose oid is `checked`. */
export interface StructureItem {
  readonly kind: 'structure';
  readonly relation: ScannedRelation;
  readonly checked: string;
  readonly range: BlockRange;
}

/** A relation with its B-trees. */
export interface WholeTable {
  readonly relation: ScannedRelation;
  readonly indexes: readonly ScannedIndex[];
}

/** Part of the content queue: small relations whole and several at a time, larger ones by ranges and their indexes apart. */
export type ContentItem =
  | { readonly kind: 'tables'; readonly tables: readonly WholeTable[] }
  | { readonly kind: 'rows'; readonly relation: ScannedRelation; readonly range: BlockRange }
  | { readonly kind: 'indexes'; readonly relation: ScannedRelation; readonly indexes: readonly ScannedIndex[] };

/** Any item. */
export type ScanItem = StructureItem | ContentItem;

/** A row that could not be read. */
export interface BadRow {
  readonly ctid: string;
  /** Of the version that was seen, decimal. */
  readonly xmin: string;
  /** Columns that fail, with the SQLSTATE of each; none when only the whole row fails. */
  readonly columns: readonly { readonly name: string; readonly sqlState: string }[];
  readonly sqlState: string;
}

/** Blocks that could not be read at all. */
export interface BadBlocks extends BlockRange {
  readonly sqlState: string;
}

/** A place that amcheck calls damaged. */
export interface StructureFault {
  readonly block: number;
  /** Line pointer; null when the fault is of the whole block. */
  readonly offset: number | null;
  /** Column; null when the fault is of the row's header. */
  readonly column: number | null;
}

/** What checking a structure item found. */
export interface StructureResult {
  readonly faults: readonly StructureFault[];
  /** Pages that were all-visible and lost that mark: they were zeroed or overwritten. */
  readonly lostPages: readonly number[];
}

/** What reading a range found. */
export interface RowsResult {
  readonly rows: number;
  readonly badRows: readonly BadRow[];
  readonly badBlocks: readonly BadBlocks[];
  /** True when there was too much damage to look for every single row. */
  readonly cutShort: boolean;
  /** True when nothing was read, because it is unsafe or the server ended whenever it was tried. */
  readonly notRead?: boolean;
  readonly ms: number;
}

/** An index that does not agree with its table. */
export interface BadIndex {
  readonly schema: string;
  readonly name: string;
  /** SQLSTATE of amcheck, or `differs`: it lists other rows than the table holds. */
  readonly reason: string;
  /** Rows of the table and entries of the index, decimal; null when amcheck found it. */
  readonly rows: string | null;
  readonly entries: string | null;
}

/** What looking at the indexes of a table found. */
export interface IndexesResult {
  readonly checkedByAmcheck: number;
  readonly compared: number;
  /** Those that nothing could check, and why. */
  readonly unchecked: readonly { readonly name: string; readonly why: string }[];
  readonly badIndexes: readonly BadIndex[];
  readonly ms: number;
}

/** What reading relations as a whole found, in their order; an item that was split into smaller ones has found nothing itself. */
export interface TablesResult {
  readonly tables: readonly { readonly rows: RowsResult; readonly indexes: IndexesResult }[];
}
