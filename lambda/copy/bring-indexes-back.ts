/** Brings back the indexes that a load by DMS went without, while the task follows. */
import type { Input, Output } from '../contract/payloads';
import { dmsFactsOf } from '../platform/engines/dms';
import { requireCopySettings } from '../platform/environment';
import { guarded } from '../platform/ledger';
import { followEverywhere } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { bothSides, claimedCall, databases } from '../platform/payload';
import { restoreIndexes } from '../platform/prepared-target/restore-target';
import type { World } from '../platform/world';
import { makeItems } from './schema/make';

/** Input of the step. */
export const bringIndexesBackInput = claimedCall.extend({ ...bothSides, databases });

/** Builds the indexes of every database again, as far as the time goes, and notes those databases that are complete. */
export async function bringIndexesBack(
  input: Input<'bring-indexes-back'>,
  world: World,
): Promise<Output<'bring-indexes-back'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const expected = world.expect('seeding');
  await followEverywhere(source, target, input.databases, expected);
  const { builds: parallel } = requireCopySettings(world.environment);
  let left = 0;
  for (const database of input.databases) {
    const open = await restoreIndexes(target, { database, expected }, (queue) =>
      makeItems(target, { database, queue, parallel, expected }, world),
    );
    left += open;
    if (open > 0) continue;
    const session = await target.session(database);
    await guarded(session, expected, async ({ facts }) => {
      const known = dmsFactsOf(facts);
      if (known !== null) await session.execute(mergeFacts(world.migrationId, { dms: { ...known, loaded: true } }));
    });
  }
  return { left };
}
