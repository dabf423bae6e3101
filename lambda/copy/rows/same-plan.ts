/** The last look of a transaction that changes rows or queue, before it commits. */
import { holdExpected } from '../../platform/ledger';
import type { Session } from '../../platform/postgres';
import { sameSnapshot } from '../../platform/snapshot-facts';
import type { HeldSnapshot } from '../../platform/snapshot-holder';
import type { CopyWorld } from './copy-world';
import { planFactsOf } from './plan-facts';
import { SnapshotGone } from './snapshot-import';

/**
 * From here to the commit nobody can start the copy over. Who did so before ends this transaction, and its rows are none: throws
 * `SnapshotGone`, or `Blocked` when the epoch has moved on. It comes last, after every lock on items, so that nobody who holds an
 * item waits for one who waits for items.
 */
export async function assertSamePlan(
  target: Session<'target'>,
  snapshot: HeldSnapshot,
  world: CopyWorld,
): Promise<void> {
  const present = planFactsOf((await holdExpected(target, world.expect('seeding'))).facts);
  if (present !== null && sameSnapshot(present.snapshot, snapshot)) return;
  throw new SnapshotGone(`the copy of database ${JSON.stringify(target.database)} was started over`);
}
