/**
 * The flip: one transaction on the target, which is the single arbiter of who is live. Before it every failure gives the
 * source back; after it the only way is forward (design section 4).
 */
import { assertCurrent, type Expectation, guarded } from '../platform/ledger';
import { mergeFacts } from '../platform/ledger-sql';
import { openLogins } from '../platform/role-logins';
import type { FlipFacts, ReadyToFlip } from './flip-facts';
import type { OutageClock } from './outage-clock';
import * as sql from './sql';
import type { Stage } from './stage';
import { keepPlace } from './way-back';

/**
 * Makes the target live and opens its logins, in one transaction that holds while the source's fence is ours. The intent is
 * written on the source before: without it nobody flips, so that a target that died can be told from one that may have
 * flipped (fault 24).
 */
export async function flip(
  stage: Stage,
  clock: OutageClock,
  ready: ReadyToFlip,
  roles: readonly string[],
): Promise<void> {
  const { world, sourceHome, targetHome, fencedEpoch } = stage;
  const fenced: Expectation = { ...world.expect('fenced'), epoch: fencedEpoch };
  await guarded(sourceHome, fenced, () =>
    sourceHome.execute(mergeFacts(world.migrationId, { intendedFlip: fencedEpoch })),
  );
  await guarded(targetHome, world.expect('verified'), async () => {
    await openLogins(targetHome, roles);
    await targetHome.execute(sql.setPhaseAndEpoch(world.migrationId, 'flipped', fencedEpoch));
    const flippedAt = new Date().toISOString();
    const facts: FlipFacts = {
      ...ready,
      flippedAt,
      outageMs: clock.totalMs(),
      execution: world.call.execution,
      approval: stage.approval,
    };
    await targetHome.execute(mergeFacts(world.migrationId, { flip: facts, ...(await keepPlace(stage)) }));
    await assertCurrent(sourceHome, fenced);
    clock.remainingMs('flipping');
  });
  world.log.fact('target is live', { epoch: fencedEpoch });
}
