/** Makes the slot of every database together with a snapshot that outlives this function: every row is read under it. */
import type { Input, Output } from '../contract/payloads';
import { claimedCall, databases, serverFacts } from '../platform/payload';
import type { World } from '../platform/world';
import { holdSnapshotOn } from './rows/hold';

/** Input of the step. */
export const holdSnapshotInput = claimedCall.extend({ source: serverFacts, databases });

/**
 * Opens the source; the databases wait for their writers side by side. Nobody is ended here: the holders bear the step's name, and
 * a lock keeps an earlier call out.
 */
export async function holdSnapshot(input: Input<'hold-snapshot'>, world: World): Promise<Output<'hold-snapshot'>> {
  const source = await world.openSource(input.source);
  const slots = await Promise.all(
    input.databases.map(async (database) => {
      const { slot, consistentPoint } = await holdSnapshotOn(source, database, world);
      return { database, slot, publication: slot, startLsn: consistentPoint };
    }),
  );
  return { slots };
}
