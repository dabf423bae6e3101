/** How far the copy of a database is. */
import { NotReady } from '../../errors';
import { guarded } from '../../platform/ledger';
import { mergeFacts } from '../../platform/ledger-sql';
import type { Server, Session } from '../../platform/postgres';
import { copiedSnapshotFacts } from '../../platform/snapshot-facts';
import type { CopyWorld } from './copy-world';
import { planFactsOf } from './plan-facts';
import { copyProgress, tablesComplete } from './queue';

/** What was copied of what there is, by the estimates of the plan. */
export interface RowsProgress {
  readonly items: number;
  readonly itemsLeft: number;
  /** Of the tables on the source, with TOAST. */
  readonly bytes: number;
  readonly bytesDone: number;
  readonly rowsDone: number;
  readonly wireBytes: number;
}

/** A table of which nothing is left to copy. */
export interface CompleteTable {
  readonly schema: string;
  readonly name: string;
}

/** Says how far the copy of a database is. */
export async function rowsProgressOn(target: Server<'target'>, database: string): Promise<RowsProgress> {
  return progressOf(await target.session(database));
}

/** Tables that are copied, in the order in which they became so: their indexes can be built while others are copied. */
export async function completeTablesOn(target: Server<'target'>, database: string): Promise<CompleteTable[]> {
  const session = await target.session(database);
  return session.query<CompleteTable>(tablesComplete);
}

/**
 * Writes down that every row of a database was copied, and under which snapshot, and answers what was moved in all. Throws
 * `NotReady` while something is left, or nothing is planned.
 */
export async function concludeRowsOn(
  target: Server<'target'>,
  database: string,
  world: CopyWorld,
): Promise<RowsProgress> {
  const session = await target.session(database);
  return guarded(session, world.expect('seeding'), async ({ facts }) => {
    const [plan, progress] = [planFactsOf(facts), await progressOf(session)];
    if (plan === null || progress.itemsLeft > 0) {
      throw new NotReady(
        `${progress.itemsLeft} of ${progress.items} items of database ${JSON.stringify(database)} are not copied yet`,
      );
    }
    await session.execute(mergeFacts(world.migrationId, copiedSnapshotFacts(plan.snapshot)));
    return progress;
  });
}

async function progressOf(session: Session<'target'>): Promise<RowsProgress> {
  const found = await session.one<{
    items: number;
    itemsLeft: number;
    bytes: string;
    bytesDone: string;
    rowsDone: string;
    wireBytes: string;
  }>(copyProgress);
  return {
    items: found.items,
    itemsLeft: found.itemsLeft,
    bytes: Number(found.bytes),
    bytesDone: Number(found.bytesDone),
    rowsDone: Number(found.rowsDone),
    wireBytes: Number(found.wireBytes),
  };
}
