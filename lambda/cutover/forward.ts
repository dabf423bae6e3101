/** The way forward from the flip: the switch, the source's record of it, the answer. Every part looks first and can run again. */

import { PHASES } from '../contract';
import type { CutoverFacts } from '../contract/cutover';
import { Blocked, NotReady, PastTheFlip } from '../errors';
import { guarded, type LedgerRow, readLedger } from '../platform/ledger';
import { lockMigration, mergeFacts, updatePhase } from '../platform/ledger-sql';
import { isInUse } from '../platform/phases';
import type { Session } from '../platform/postgres';
import { applicationSwitch } from '../platform/switch';
import type { World } from '../platform/world';
import { type Answer, answerOf, isPast, type ReadyToFlip, readAnswer, readFlip } from './flip-facts';
import type { OutageClock } from './outage-clock';
import type { Hosts, Stage } from './stage';

/** What the way forward is walked with. */
export interface ForwardPath {
  readonly world: World;
  readonly sourceHome: Session<'source'>;
  readonly targetHome: Session<'target'>;
  readonly hosts: Hosts;
}

/** The answer of an earlier call whose flip happened at `epoch`, its way forward completed; null when there was none. */
export async function answerOfFlip(stage: Stage, epoch: string): Promise<CutoverFacts | null> {
  const row = await readLedger(stage.targetHome, stage.world.migrationId);
  if (row === null || !isPast(row) || row.epoch !== epoch) return null;
  return finishForward(pathOf(stage), row);
}

/** Completes what a call began behind the flip; throws `NotReady` for what passes, `PastTheFlip` for what needs a human. */
export async function finishForward(path: ForwardPath, row: LedgerRow): Promise<CutoverFacts> {
  const { world } = path;
  const known = readAnswer(row);
  if (known !== null) return keep(world, known);
  await forward(() => turnSwitch(path, row.epoch, false));
  const flip = readFlip(row);
  return complete(path, row.epoch, answerOf(flip, row.epoch, Date.now() - Date.parse(flip.flippedAt)));
}

/** The switch right after the flip; it was looked at behind the fence. */
export async function afterTheFlip(stage: Stage, clock: OutageClock, ready: ReadyToFlip): Promise<CutoverFacts> {
  const path = pathOf(stage);
  const beforeMs = clock.totalMs();
  clock.lap();
  await forward(() => turnSwitch(path, stage.fencedEpoch, true));
  const switchMs = clock.lap();
  const flippedAt = new Date(Date.now() - switchMs).toISOString();
  const { approval, world } = stage;
  const facts = { ...ready, flippedAt, outageMs: beforeMs, execution: world.call.execution, approval };
  return complete(path, stage.fencedEpoch, answerOf(facts, stage.fencedEpoch, switchMs));
}

function pathOf({ world, sourceHome, targetHome, hosts }: Stage): ForwardPath {
  return { world, sourceHome, targetHome, hosts };
}

async function complete(path: ForwardPath, epoch: string, answer: Answer): Promise<CutoverFacts> {
  const { world, sourceHome, targetHome } = path;
  return forward(async () => {
    await recordFlipOnSource(sourceHome, world, epoch);
    await guarded(
      targetHome,
      { migrationId: world.migrationId, epoch, phases: ['flipped', 'live', 'rolled-back'] },
      () => targetHome.execute(mergeFacts(world.migrationId, { cutover: answer })),
    );
    measure(world, answer);
    return keep(world, answer);
  });
}

/** Once per flip: an answer that is given again was measured already. */
function measure(world: World, { outageMs }: Answer): void {
  world.metrics.measured({
    PhaseReached: PHASES.indexOf('flipped'),
    Outage: outageMs.total,
    OutageFence: outageMs.fence,
    OutageBarrier: outageMs.barrier,
    OutageSequences: outageMs.sequences,
    OutageGate: outageMs.gate,
    OutageSwitch: outageMs.switch,
  });
}

async function keep(world: World, answer: Answer): Promise<CutoverFacts> {
  return { ...answer, report: await world.keepEvidence('cutover', answer) };
}

/** What passes is asked for again by whoever completes the way forward; everything else needs a human. */
async function forward<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PastTheFlip || error instanceof NotReady) throw error;
    const reason = error instanceof Error ? error.message : 'an unknown failure';
    throw new PastTheFlip(`the target is live and the switch is not complete: ${reason}`, { cause: error });
  }
}

/** Makes the applications follow to the target; somebody else's change is never overwritten (faults 93, 111). */
async function turnSwitch({ world, hosts }: ForwardPath, epoch: string, lookedAt: boolean): Promise<void> {
  const turning = applicationSwitch(world.environment);
  await turning.turn({
    from: hosts.source,
    to: { host: hosts.target, port: hosts.targetPort },
    instances: { from: hosts.instances.source, to: hosts.instances.target },
    name: `${world.migrationId}/${epoch}`,
    lookedAt,
  });
  world.log.fact('switch turned', { switch: turning.what });
}

/**
 * Tells the source's ledger that it will not be given back, and returns its epoch: a later claim may have moved it beyond the
 * flip's. Doing so twice is no error. Throws `Blocked` when the source is not fenced, which must never be (I2).
 */
export async function recordFlipOnSource(
  sourceHome: Session<'source'>,
  world: World,
  flipEpoch: string,
): Promise<string> {
  return sourceHome.transaction(async () => {
    await sourceHome.query(lockMigration(world.migrationId));
    const row = await readLedger(sourceHome, world.migrationId);
    if (row === null || BigInt(row.epoch) < BigInt(flipEpoch) || !isBehindTheFence(row)) {
      throw new Blocked(
        `the target flipped at epoch ${flipEpoch} and the source stands at epoch ${row?.epoch ?? 'none'} in phase ` +
          `${row?.phase ?? 'none'}, it must stay fenced: let a human look at both`,
      );
    }
    if (row.phase === 'fenced') await sourceHome.execute(updatePhase(world.migrationId, 'flipped'));
    return row.epoch;
  });
}

function isBehindTheFence(row: LedgerRow): boolean {
  return row.side === 'source' && (row.phase === 'fenced' || isInUse(row.phase));
}
