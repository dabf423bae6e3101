/** How far the target is behind, and whether it can still catch up. */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { type Engine, failuresOf } from '../platform/engines/engine';
import { carrierOf } from '../platform/engines/engines';
import { assertCurrent, guarded } from '../platform/ledger';
import { followHome, followSource, moveEverywhere } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { replicationRole } from '../platform/names';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { diagnose, type Holder, type Symptoms } from './doctor';
import { lookForDrift } from './drift-guard';
import { type ApplyProgress, type DatabaseHealth, judgeApply, lagSeconds, measurementsOf, summarize } from './health';
import * as sql from './sql';

/** Input of the step. */
export const watchInput = claimedCall.extend({ ...bothSides, databases });

/** How long a heartbeat may take to arrive before the call answers without it. */
const ARRIVAL_MS = 2_000;
const ASK_MS = 50;

/** Opens both servers and looks. */
export async function watch(input: Input<'watch'>, world: World): Promise<Output<'watch'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return watchOn(source, target, input.databases, world);
}

/**
 * Writes a heartbeat per database and answers lag and slot health. A lost or missing slot moves both sides to `needs-resync`
 * and throws `Blocked`; a subscription that is off or fails again and again is `stuck`, and goes on when a human has put the cause
 * right.
 */
export async function watchOn(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
): Promise<Output<'watch'>> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(sourceHome, world.migrationId, world.step);
  await assertSameCluster(sourceHome, world);
  await assertSlots(source, target, names, world);
  const expected = world.expect('replicating', 'verified');
  const { phase } = await followSource(sourceHome, home, expected);
  for (const database of names) {
    await followHome(sourceHome, await source.session(database), expected);
    await followHome(home, await target.session(database), expected);
  }
  const health = await Promise.all(names.map((database) => look(source, target, database, world)));
  const { cutoverMaxLagBytes, slotSafeBytes } = world.environment.policy;
  for (const { database, safeWalBytes, walStatus, active, stuck, drift, reasons } of health) {
    for (const reason of reasons) world.log.warning('stream does not advance', { database, reason });
    if (drift !== null) world.log.warning('definitions differ', { database });
    if (stuck !== null) world.log.warning('apply stands still', { database, reason: stuck });
    const scarce = safeWalBytes !== null && safeWalBytes < slotSafeBytes;
    if (scarce || walStatus === 'unreserved') world.log.warning('slot may be lost soon', { database, safeWalBytes });
    if (!active) world.log.warning('slot not in use', { database });
  }
  const summary = summarize(health, cutoverMaxLagBytes);
  world.metrics.measured({ PhaseReached: PHASES.indexOf(phase), ...measurementsOf(health, summary) });
  return summary;
}

/** Behind the same name may stand another cluster (fault 29). */
async function assertSameCluster(sourceHome: Session<'source'>, world: World): Promise<void> {
  const row = await assertCurrent(sourceHome, world.expect('replicating', 'verified'));
  const { systemIdentifier } = await sourceHome.one<{ systemIdentifier: string }>(sql.clusterIdentity);
  if (systemIdentifier === row.systemIdentifier) return;
  throw new Blocked(
    `the source has system identifier ${systemIdentifier}, the migration began on ${row.systemIdentifier}: it is another ` +
      'database, release the migration and start again',
  );
}

interface SlotState {
  readonly active: boolean;
  readonly confirmedLsn: string | null;
  readonly walStatus: string | null;
  readonly safeWalBytes: string | null;
  readonly lagBytes: string | null;
  readonly retainedBytes: string | null;
}

/** A slot that is gone is never made anew in silence: what it had to carry is gone with it (faults 28, 30). */
async function assertSlots(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
): Promise<void> {
  const lost: string[] = [];
  for (const database of names) {
    const { slot: name } = await carrierOf(await source.session(database), world.migrationId);
    const [slot] = await (await source.home()).query<SlotState>(sql.slotState(name));
    if (slot === undefined || slot.walStatus === 'lost') {
      const state = slot === undefined ? 'gone' : 'lost, its WAL exceeded max_slot_wal_keep_size';
      lost.push(`slot ${name} of database ${JSON.stringify(database)} is ${state}`);
    }
  }
  if (lost.length === 0) return;
  const expected = world.expect('replicating', 'verified', 'needs-resync');
  await followSource(await source.home(), await target.home(), expected);
  await moveEverywhere(source, names, expected, 'needs-resync');
  await moveEverywhere(target, names, expected, 'needs-resync');
  throw new Blocked(`${lost.join('; ')}: the target cannot catch up any more, release the migration and start again`);
}

/** By the source's clock: when the heartbeat of this call was written, and that of the newest that has arrived. */
interface Beats {
  readonly beatAt: number;
  readonly arrivedAt: number | null;
}

/** Why apply waits for a human: somebody disabled the subscription, or the same change fails again and again (faults 41, 43). */
async function whyStuck(session: Session<'target'>, beats: Beats, world: World): Promise<string | null> {
  const { migrationId } = world;
  const { database } = session;
  const { engine } = await carrierOf(session, migrationId);
  const state = await engine.state(session, migrationId);
  const where = `subscription ${engine.followerName(migrationId, database)} of target database ${JSON.stringify(database)}`;
  if (state === null) throw new Blocked(`${where} is gone, release the migration and start again`);
  if (!state.enabled) return `${where} was disabled, run \`${engine.enableCommand(migrationId, database)}\``;
  if (!state.working) {
    world.log.warning('apply worker not running', { database });
    await engine.wake(session, migrationId);
  }
  const errors = await errorsWithoutProgress(session, failuresOf(engine, state, beats), beats.arrivedAt, world);
  if (errors === null) return null;
  return (
    `${where} fails at the same change again and again (${errors} errors): the target's log names table and key, put the ` +
    'cause right there'
  );
}

/** Errors of a worker that is stuck, null of one that is not or whose errors nobody counts. */
async function errorsWithoutProgress(
  session: Session<'target'>,
  errors: number | null,
  beatAt: number | null,
  world: World,
): Promise<number | null> {
  if (errors === null) return null;
  const now = { errors, beatAt };
  const verdict = await guarded(session, world.expect('replicating', 'verified'), async ({ facts }) => {
    const judged = judgeApply((facts.apply as ApplyProgress | undefined) ?? null, now);
    if (judged === 'moved') await session.execute(mergeFacts(world.migrationId, { apply: now }));
    return judged;
  });
  return verdict === 'stuck' ? now.errors : null;
}

async function look(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: World,
): Promise<DatabaseHealth> {
  const [session, targetSession] = await Promise.all([source.another(database), target.session(database)]);
  try {
    const expected = world.expect('replicating', 'verified');
    const { facts, ...beat } = await guarded(session, expected, async (row) => ({
      facts: row.facts,
      ...(await session.one<{ beatAt: number; beforeAt: number | null }>(sql.beat(world.epoch, world.call.execution))),
    }));
    const drift = await lookForDrift(source, target, database, world, facts.catalog);
    const arrivedAt = await arrival(targetSession, beat.beatAt);
    const stuck = await whyStuck(targetSession, { beatAt: beat.beatAt, arrivedAt }, world);
    const { now } = await session.one<{ now: number }>(sql.clock);
    const carrier = await carrierOf(session, world.migrationId);
    const slot = await session.one<SlotState>(sql.slotState(carrier.slot));
    const active = await isRead(carrier.engine, slot, targetSession, world);
    const kept = {
      database,
      active,
      walStatus: slot.walStatus ?? 'unknown',
      safeWalBytes: slot.safeWalBytes === null ? null : Number(slot.safeWalBytes),
      retainedWalBytes: Number(slot.retainedBytes ?? 0),
    };
    const advances = active && slot.walStatus === 'reserved' && arrivedAt !== null && arrivedAt >= beat.beatAt;
    return {
      ...kept,
      stuck,
      drift,
      reasons: advances ? [] : diagnose({ ...kept, ...(await examine(session, targetSession, world)) }),
      lagBytes: Number(slot.lagBytes ?? 0),
      lagSeconds: lagSeconds({ ...beat, now, arrivedAt, sinceAt: beat.beforeAt ?? beat.beatAt }),
      heartbeatArrived: arrivedAt !== null && arrivedAt >= (beat.beforeAt ?? beat.beatAt),
    };
  } finally {
    await session.close();
  }
}

/** Who does not hold the slot while it reads has a session on the target. */
async function isRead(
  engine: Engine,
  { active }: Pick<SlotState, 'active'>,
  target: Session<'target'>,
  { migrationId }: World,
): Promise<boolean> {
  return engine.holdsSlot ? active : (await engine.state(target, migrationId))?.working === true;
}

/** Looks around a stream that does not advance. */
async function examine(
  source: Session<'source'>,
  target: Session<'target'>,
  { migrationId }: World,
): Promise<Pick<Symptoms, 'stream' | 'working' | 'role' | 'writer' | 'blocker'>> {
  const { engine, slot: stream } = await carrierOf(source, migrationId);
  const state = await engine.state(target, migrationId);
  const [blocker] = await target.query<Holder>(sql.blockerOfApply);
  const [writer] = await source.query<Holder>(sql.longestWriter);
  const [role] = await source.query<NonNullable<Symptoms['role']>>(sql.replicationRights(replicationRole(migrationId)));
  return {
    stream,
    working: state?.working === true,
    role: role ?? null,
    writer: writer ?? null,
    blocker: blocker ?? null,
  };
}

/** Waits for the heartbeat, at most `ARRIVAL_MS`, and answers the newest that is there, by the source's clock. */
async function arrival(target: Session<'target'>, beatAt: number): Promise<number | null> {
  const deadline = Date.now() + ARRIVAL_MS;
  // Ends by the heartbeat or by the deadline.
  for (;;) {
    const [last] = await target.query<{ beatAt: number }>(sql.lastBeat);
    if ((last !== undefined && last.beatAt >= beatAt) || Date.now() > deadline) return last?.beatAt ?? null;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
