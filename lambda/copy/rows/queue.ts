/**
 * What the copy puts into the queue of a database, in that database's own ledger on the target: the `done` mark of an item
 * commits with its rows.
 */
import type { Statement } from '../../platform/postgres';
import type { KeyColumn } from '../../proof/tables';

/** Name of the queue. */
export const COPY_QUEUE = 'copy';

/** A table as its rows travel. */
export interface CopiedTable {
  readonly schema: string;
  readonly name: string;
  /** On the source, decimal. */
  readonly oid: string;
  /** On the source when it was planned, decimal: another one means that its rows have moved to other pages. */
  readonly filenode: string;
  /** Pages when it was planned. */
  readonly blocks: number;
  /** Columns that travel; none for a table without columns. */
  readonly columns: readonly string[];
  readonly format: 'binary' | 'text';
  /** What the text is sent as and taken for; null: UTF8. Binary values know no encoding but the session's. */
  readonly encoding: { readonly sent: string; readonly taken: string } | null;
}

/** Part of a table: of its pages, or of its keys where the source is too old to read a range of pages (before 14). */
export type CopyRange =
  | { readonly by: 'blocks'; readonly from: number /** Exclusive; null is open. */; readonly to: number | null }
  | {
      readonly by: 'key';
      readonly key: readonly KeyColumn[];
      /** Inclusive; null is open. */
      readonly from: readonly string[] | null;
      /** Exclusive; null is open. */
      readonly to: readonly string[] | null;
    };

/** A table, or a range of it; a null range is the whole table. */
export interface CopyPart {
  readonly table: CopiedTable;
  readonly range: CopyRange | null;
}

/** One item: a range of a large table, or several small tables. */
export interface CopyItem {
  readonly parts: readonly CopyPart[];
  /** Estimated share of the tables' bytes on the source. */
  readonly bytes: number;
}

/** What copying an item moved. An item that was divided moved nothing itself. */
export interface CopyResult {
  readonly rows: number;
  /** On the wire. */
  readonly wireBytes: number;
  readonly ms: number;
  readonly divided: boolean;
}

/** How often an item was tried and not done. */
export function attemptsOf(item: string): Statement {
  return {
    text: 'select attempts from sealift.work where queue = $1 and item = $2::bigint',
    values: [COPY_QUEUE, item],
  };
}

/** Bytes of the open item but `without` that would be claimed next, decimal; no row when none is left that nobody holds. */
export function nextItem(without: readonly string[]): Statement {
  return {
    text: `select coalesce(payload ->> 'bytes', '0') as bytes from sealift.work
      where queue = $1 and state = 'open' and item <> all ($2::bigint[])
      order by attempts, item limit 1 for share skip locked`,
    values: [COPY_QUEUE, without],
  };
}

/** Queued tables whose file holds anything, once each: rows that were copied, or the remains of what was rolled back. */
export const tablesBegun: Statement = {
  text: `select schema, name from (
      select distinct p.part -> 'table' ->> 'schema' as schema, p.part -> 'table' ->> 'name' as name
      from sealift.work w cross join lateral jsonb_array_elements(w.payload -> 'parts') as p(part)
      where w.queue = $1) as queued
    where pg_relation_size(to_regclass(format('%I.%I', schema, name))) > 0 order by 1, 2`,
  values: [COPY_QUEUE],
};

/** Removes the ranges of a table that were cut from the file it had when it was planned. */
export function deleteItemsOf({ schema, name, filenode }: CopiedTable): Statement {
  return {
    text: `delete from sealift.work where queue = $1 and jsonb_array_length(payload -> 'parts') = 1
      and payload -> 'parts' -> 0 -> 'table' @> jsonb_build_object('schema', $2::text, 'name', $3::text, 'filenode', $4::text)`,
    values: [COPY_QUEUE, schema, name, filenode],
  };
}

/** How far the queue is: items, bytes of the tables and rows; divided items count by their parts. */
export const copyProgress: Statement = {
  text: `select count(*)::integer as items, count(*) filter (where state = 'open')::integer as "itemsLeft",
      coalesce(sum((payload ->> 'bytes')::bigint), 0)::text as bytes,
      coalesce(sum((payload ->> 'bytes')::bigint) filter (where state = 'done'), 0)::text as "bytesDone",
      coalesce(sum((result ->> 'rows')::bigint), 0)::text as "rowsDone",
      coalesce(sum((result ->> 'wireBytes')::bigint), 0)::text as "wireBytes"
    from sealift.work where queue = $1 and coalesce(result ->> 'divided', 'false') = 'false'`,
  values: [COPY_QUEUE],
};

/** Tables of which nothing is left to copy, in the order in which the last item of each was done; their indexes can be built. */
export const tablesComplete: Statement = {
  text: `select p.part -> 'table' ->> 'schema' as schema, p.part -> 'table' ->> 'name' as name
    from sealift.work w cross join lateral jsonb_array_elements(w.payload -> 'parts') as p(part)
    where w.queue = $1
    group by 1, 2 having bool_and(w.state = 'done') order by max(w.updated_at), 1, 2`,
  values: [COPY_QUEUE],
};
