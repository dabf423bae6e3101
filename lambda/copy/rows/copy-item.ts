/** Copies one item: rows are read under the snapshot and written into the transaction that claimed the item. */
import type { Piped } from '../../platform/copy-pipe';
import type { HeldSnapshot } from '../../platform/snapshot-holder';
import type { CopyItem } from './queue';
import { TableMoved } from './recut';
import { underSnapshot } from './snapshot-import';
import { copyIn, copyOut, holdTables, tablesMoved } from './sql/copy';
import type { Workplace } from './workplace';

/**
 * Copies every part. The source's transaction is as short as the item, so that a change of a table's definition, and whoever
 * queues behind it, waits no longer than that.
 */
export function copyItem({ source, target }: Workplace, item: CopyItem, snapshot: HeldSnapshot): Promise<Piped> {
  return underSnapshot(source, snapshot.snapshot, async () => {
    await assertNotMoved(source, item);
    let [rows, bytes] = [0, 0];
    for (const part of item.parts) {
      const piped = await source.pipe(copyOut(part), target, copyIn(part.table));
      rows += piped.rows;
      bytes += piped.bytes;
    }
    return { rows, bytes };
  });
}

/**
 * Rows stay on their pages while the snapshot is held, unless the table is rewritten: VACUUM FULL, CLUSTER, TRUNCATE and some
 * forms of ALTER TABLE give it another file. Then ranges that were copied before and after do not fit together. A range of keys
 * does not mind, nor does a table that is copied whole; what was truncated is truncated again by the stream.
 */
async function assertNotMoved(source: Workplace['source'], { parts }: CopyItem): Promise<void> {
  const tables = parts.filter(({ range }) => range?.by === 'blocks').map(({ table }) => table);
  if (tables.length === 0) return;
  await source.query(holdTables(tables));
  const [moved] = await source.query<{ oid: string }>(tablesMoved(tables));
  const table = tables.find(({ oid }) => oid === moved?.oid);
  if (table !== undefined) throw new TableMoved(table);
}
