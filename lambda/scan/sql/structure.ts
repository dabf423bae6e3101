/** The checks of the extensions amcheck and pg_visibility. */
import type { Statement } from '../../platform/postgres';
import { ident } from '../../platform/quote';
import type { BlockRange } from '../queue';

/**
 * Faults of the headers and lengths in a range of blocks, which is what could crash the server when it is read. Values outside the
 * table are left to the reading that follows, which tells their faults as errors and would otherwise be done twice.
 */
export function verifyHeap(schema: string, oid: string, range: BlockRange, limit: number): Statement {
  return {
    text: `select blkno::int as block, offnum as "offset", attnum as "column"
      from ${ident(schema)}.verify_heapam($1::oid::regclass, check_toast => false, startblock => $2, endblock => $3)
      order by 1, 2, 3 limit $4`,
    values: [oid, range.from, range.to - 1, limit],
  };
}

/** Blocks that a table holds now; `verify_heapam` refuses a range that reaches beyond. */
export function presentBlocks(oid: string): Statement {
  return {
    text: `select (pg_relation_size($1::oid) / current_setting('block_size')::int)::int as blocks`,
    values: [oid],
  };
}

/** Pages of a table that the visibility map calls all-visible and that do not say so themselves: zeroed, or overwritten. */
export function lostPages(schema: string, oid: string, limit: number): Statement {
  return {
    text: `select blkno::int as block from ${ident(schema)}.pg_visibility($1::oid::regclass)
      where all_visible and not pd_all_visible order by 1 limit $2`,
    values: [oid, limit],
  };
}

/** Fails with XX001 or XX002 when a B-tree is out of order or lacks a row of its table. */
export function checkIndex(schema: string, oid: string): Statement {
  return { text: `select ${ident(schema)}.bt_index_check($1::oid::regclass, true)`, values: [oid] };
}

/** B-trees of a TOAST table. */
export function toastIndexes(oid: string): Statement {
  return {
    text: `select i.indexrelid::text as oid, c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = $1::oid and i.indisvalid order by c.relname`,
    values: [oid],
  };
}
