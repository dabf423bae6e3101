/**
 * The flip: one transaction on the target, which is the single arbiter of who is live. Before it every failure gives the
 * source back; after it the only way is forward (design section 4).
 */
import { CutoverAborted, PastTheFlip } from '../errors';
import { assertCurrent, guarded, type LedgerRow } from '../platform/ledger';
import { mergeFacts, updatePhase } from '../platform/ledger-sql';
import type { Session } from '../platform/postgres';
import { reopenLogins } from '../platform/role-logins';
import { changeInSync, readRecord, writeRecord } from '../platform/route53';
import type { World } from '../platform/world';
import * as sql from './sql';
import type { OutageClock, Stage } from './stage';

/** Pause between two looks at the change of the record. */
const LOOK_MS = 25;

/** Longest wait for Route 53; its servers take up to a minute (facts E21). */
const IN_SYNC_MS = 120_000;

/** Makes the target live and reopens its logins, in one transaction that holds while the source's fence is ours. */
export async function flip(stage: Stage, clock: OutageClock, facts: object): Promise<void> {
  const { world, sourceHome, targetHome } = stage;
  await guarded(targetHome, world.expect('verified'), async () => {
    await reopenLogins(targetHome);
    await targetHome.execute(sql.setPhaseAndEpoch(world.migrationId, 'flipped', stage.fencedEpoch));
    await targetHome.execute(mergeFacts(world.migrationId, { flip: facts }));
    await assertCurrent(sourceHome, { ...world.expect('fenced'), epoch: stage.fencedEpoch });
    clock.remainingMs('flipping');
  });
  world.log.fact('target is live', { epoch: stage.fencedEpoch });
}

/** Points the record at the target, unless it does already, and waits until every server answers so. */
export async function switchRecord(world: World, sourceHost: string, targetHost: string): Promise<void> {
  const { hostedZoneId, recordName, policy } = world.environment;
  const place = { hostedZoneId, recordName };
  const record = await readRecord(place);
  if (record.value !== targetHost.toLowerCase() && record.value !== sourceHost.toLowerCase()) {
    throw new PastTheFlip(
      `record ${recordName} points to ${record.value ?? 'nothing'} although the target ${targetHost} is live, ` +
        'somebody else changed it; point it at the target by hand',
    );
  }
  const changeId = await writeRecord(place, targetHost, policy.recordTtlSeconds);
  const deadline = Date.now() + IN_SYNC_MS;
  // Ends by Route 53's answer or by the deadline.
  while (!(await changeInSync(changeId))) {
    if (Date.now() > deadline)
      throw new PastTheFlip(`record ${recordName} is not in sync after ${IN_SYNC_MS} ms, look at it`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  world.log.fact('record switched', { record: recordName });
}

/** Tells the source's ledger that it will not be given back; doing so twice is no error. */
export async function recordFlipOnSource(sourceHome: Session<'source'>, world: World, epoch: string): Promise<void> {
  await guarded(
    sourceHome,
    { migrationId: world.migrationId, epoch, phases: ['fenced', 'flipped', 'live'] },
    async (row) => {
      if (row.phase === 'fenced') await sourceHome.execute(updatePhase(world.migrationId, 'flipped'));
    },
  );
}

/** Completes what a killed cutover began behind the flip: the switch and the source's record of it. */
export async function finishForward(
  world: World,
  sides: { readonly sourceHome: Session<'source'>; readonly sourceHost: string; readonly targetHost: string },
  flipped: LedgerRow,
): Promise<void> {
  await switchRecord(world, sides.sourceHost, sides.targetHost);
  await recordFlipOnSource(sides.sourceHome, world, flipped.epoch);
}

/** What to throw for an error before the flip: `CutoverAborted`, with the reason in words. */
export function aborted(error: unknown): CutoverAborted {
  if (error instanceof CutoverAborted) return error;
  const reason = error instanceof Error ? error.message : 'an unknown failure';
  return new CutoverAborted(`the cutover failed before the flip: ${reason}`, { cause: error });
}
