/** Brings back the indexes that a load went without, while the task follows. */

import { dmsFactsOf } from '../platform/engines/dms';
import { guarded } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import type { Server } from '../platform/postgres';
import { type DoItems, restoreIndexes } from '../platform/prepared-target/restore-target';
import type { World } from '../platform/world';

/** Does the items of a queue of one database. */
export type DoItemsOf = (database: string) => DoItems;

/** Builds the indexes of every database again, and notes those that are complete; returns how many builds are left. */
export async function bringIndexesBack(
  target: Server<'target'>,
  databases: readonly string[],
  doItemsOf: DoItemsOf,
  world: World,
): Promise<number> {
  const expected = world.expect('seeding');
  const home = await target.home();
  let left = 0;
  for (const database of databases) {
    const session = await target.session(database);
    await followHome(home, session, expected);
    const open = await restoreIndexes(target, { database, expected }, doItemsOf(database));
    left += open;
    if (open > 0) continue;
    await guarded(session, expected, async ({ facts }) => {
      const known = dmsFactsOf(facts);
      if (known !== null) await session.execute(mergeFacts(world.migrationId, { dms: { ...known, loaded: true } }));
    });
  }
  return left;
}
