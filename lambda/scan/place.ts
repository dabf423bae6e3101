/**
 * Where a scan reads: the source before anything follows it, or the restored copy while it follows. A copy holds the source's pages
 * as they were at the snapshot, so that production is spared, and reading them warms the copy's volume.
 */
import type { ScanPlace } from '../contract/scan';
import type { Expectation } from '../platform/ledger';
import { serverFacts } from '../platform/payload';
import { BEFORE_SEEDING, FOLLOWING } from '../platform/phases';
import type { Server, Side } from '../platform/postgres';
import type { World } from '../platform/world';

/** The schemas of the fields of `ScanPlace`. */
export const scanPlace = { source: serverFacts, target: serverFacts.nullable() };

/** Opens the server that is to be scanned. */
export async function openScanned({ source, target }: ScanPlace, world: World): Promise<Server> {
  return target === null ? world.openSource(source) : world.openTarget(target);
}

/** What the ledger of that server must say. */
export function expectedOn({ side }: { readonly side: Side }, world: World): Expectation {
  return side === 'source' ? world.expect(...BEFORE_SEEDING) : world.expect(...FOLLOWING);
}
