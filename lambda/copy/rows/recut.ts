/**
 * Cuts a table anew that was rewritten or truncated while its ranges were copied: its rows lie on other pages now, and under
 * the snapshot they are the same rows still. A rewrite waits for whoever reads the table, so no range of it is being read.
 */
import { enqueue } from '../../platform/queue';
import { relationOf } from '../../proof/tables';
import type { CopyWorld } from './copy-world';
import { cutBlocks, rangeItems, rangesOf } from './divide';
import type { RowsPlan } from './plan-facts';
import { COPY_QUEUE, type CopiedTable, deleteItemsOf } from './queue';
import { assertSamePlan } from './same-plan';
import { fileOf } from './sql/copy';
import { truncateTables } from './sql/tables';
import type { Workplace } from './workplace';

/** A range of pages that was cut from a file which the table has no more. */
export class TableMoved extends Error {
  override readonly name = 'TableMoved';

  constructor(readonly table: CopiedTable) {
    super(`table ${relationOf(table)} was rewritten or truncated since it was cut`);
  }
}

/** Removes what was copied of the table and queues it again; nothing when another worker did so. */
export async function recut(
  { source, target }: Workplace,
  { table }: TableMoved,
  { plan, world }: { readonly plan: RowsPlan; readonly world: CopyWorld },
): Promise<void> {
  const { filenode, blocks, bytes } = await source.one<{ filenode: string; blocks: string; bytes: string }>(
    fileOf(table.oid),
  );
  const sized = { table: { ...table, filenode, blocks: Number(blocks) }, bytes: Number(bytes) };
  const items = rangeItems(sized, cutBlocks(sized.table.blocks, rangesOf(sized)));
  await target.transaction(async () => {
    // Waits for the commits of ranges that were read before.
    if ((await target.execute(deleteItemsOf(table))) === 0) return;
    await target.execute(truncateTables([table]));
    await target.execute(enqueue(COPY_QUEUE, items));
    await assertSamePlan(target, plan.snapshot, world);
    world.log.warning('table cut anew', { table: relationOf(table), items: items.length });
  });
}
