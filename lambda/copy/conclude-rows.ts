/** Writes down that every row is there, then lets the snapshots go: from here on vacuum works on the source as before. */
import type { Input, Output } from '../contract/payloads';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { World } from '../platform/world';
import { endSnapshotOn } from './rows/hold';
import { concludeRowsOn } from './rows/progress';

/** Input of the step. */
export const concludeRowsInput = claimedCall.extend({ ...bothSides, databases });

/** Opens both servers; a database that was concluded before answers alike. */
export async function concludeRows(input: Input<'conclude-rows'>, world: World): Promise<Output<'conclude-rows'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  let [rows, bytes] = [0, 0];
  for (const database of input.databases) {
    const { rowsDone, wireBytes } = await concludeRowsOn(target, database, world);
    rows += rowsDone;
    bytes += wireBytes;
  }
  for (const database of input.databases) await endSnapshotOn(source, database, world);
  world.log.fact('rows concluded', { rows, bytes });
  return { rows, bytes };
}
