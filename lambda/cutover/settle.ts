/**
 * Settles a live target: the replication goes, what the migration changed on the copy is put back, materialized views are filled
 * anew. The source stays fenced; where a way back was prepared it follows the target from now on, and what that needs stays with
 * it. Every part looks first and can run again.
 */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { takeDownFollower, takeDownOffer, takeDownSlots } from '../platform/engines/take-down';
import { type Expectation, guarded, isTurned, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome, moveEverywhere } from '../platform/ledger-follow';
import { joinOwnersOf, joinRoles, leaveRoles } from '../platform/memberships';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { restoreReplicaIdentities } from '../platform/replica-identity';
import { removeReplicationRole } from '../platform/replication-role';
import { recordedLogins } from '../platform/role-logins';
import { readWayBack } from '../platform/way-back';
import type { World } from '../platform/world';
import { isPast } from './flip-facts';
import { recordFlipOnSource } from './forward';
import * as sql from './sql';
import { openWayBack } from './way-back';

/** Input of `settle`; its epoch is the one that the cutover answered, or the claim's when the way forward was finished. */
export const settleInput = claimedCall.extend({ ...bothSides, databases });

/** A refresh reads whole tables: it may take as long as the function has, but for this rest. */
const RESERVE_MS = 30_000;

/** What was taken down and put back, for the evidence. */
export interface Settled {
  /** `rolled-back` when the applications have returned. */
  readonly phase: 'live' | 'rolled-back';
  /** Until when the applications can return, by the target's clock; null without a way back. */
  readonly wayBackUntil: string | null;
  readonly subscriptions: readonly string[];
  readonly slots: readonly string[];
  readonly replicaIdentities: readonly string[];
  readonly refreshedViews: readonly string[];
  readonly memberships: number;
  /** Roles that may not log in on the source any more: it stays fenced. */
  readonly closedLogins: readonly string[];
}

/** Opens both servers, settles, and keeps what was done as evidence. */
export async function settle(input: Input<'settle'>, world: World): Promise<Output<'settle'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const settled = await settleOn(source, target, input.databases, world);
  const report = await world.keepEvidence('settle', settled);
  const { phase, wayBackUntil, refreshedViews } = settled;
  return { phase, wayBackUntil, refreshedViews: refreshedViews.length, report };
}

/**
 * Takes the replication down on both sides, puts the copy's objects back and moves both ledgers to their last phase. Throws
 * `Blocked` when the target is not live, `NotReady` while a slot or a table stays in use.
 */
export async function settleOn(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
): Promise<Settled> {
  const [sourceHome, targetHome] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(sourceHome, world.migrationId, 'settle');
  await endPredecessors(targetHome, world.migrationId, 'settle');
  const end = endOf(await readLedger(targetHome, world.migrationId));
  const wayBack = end.phase === 'live' ? readWayBack(end.row) : null;
  const expected: Expectation = {
    migrationId: world.migrationId,
    epoch: end.row.epoch,
    phases: ['flipped', end.phase],
  };
  const onSource: Expectation = { ...expected, epoch: await recordFlipOnSource(sourceHome, world, expected.epoch) };
  // A call before this one may have left the roles by which the databases are entered.
  await guarded(targetHome, expected, () => joinOwnersOf(targetHome, names));
  const { subscriptions, slots } = await takeDown(source, target, names, { target: expected, source: onSource }, world);
  if (wayBack !== null) await openWayBack(source, wayBack, onSource, world);
  const putBack = await putBackTarget(target, names, expected, wayBack !== null, world);
  await moveEverywhere(target, names, expected, end.phase);
  // Nobody follows the source any more: its password is worth nothing from here on (facts B17).
  await guarded(sourceHome, onSource, async () => undefined);
  await removeReplicationRole(sourceHome);
  const closedLogins = await recordedLogins(sourceHome);
  await moveEverywhere(source, names, onSource, end.phase);
  world.metrics.measured({ PhaseReached: PHASES.indexOf(end.phase) });
  world.log.fact('target settled', {
    subscriptions: subscriptions.length,
    slots: slots.length,
    memberships: putBack.memberships,
  });
  const wayBackUntil = wayBack?.until ?? null;
  return { phase: end.phase, wayBackUntil, subscriptions, slots, ...putBack, closedLogins };
}

/** What the migration changed on the copy, and what it could not carry. A way back needs identities and memberships: they go with it. */
async function putBackTarget(
  target: Server<'target'>,
  names: readonly string[],
  expected: Expectation,
  isFollowed: boolean,
  world: World,
): Promise<Pick<Settled, 'replicaIdentities' | 'refreshedViews' | 'memberships'>> {
  const home = await target.home();
  const replicaIdentities: string[] = [];
  const refreshedViews: string[] = [];
  for (const name of names) {
    if (!isFollowed) {
      replicaIdentities.push(...(await restoreReplicaIdentities(await target.session(name), expected)));
    }
    refreshedViews.push(...(await refreshViews(target, name, expected, world)));
  }
  await guarded(home, expected, async () => undefined);
  const memberships = isFollowed ? 0 : await leaveRoles(home);
  return { replicaIdentities, refreshedViews, memberships };
}

/** Subscriptions first, so that nothing takes a slot again. */
async function takeDown(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  expected: { readonly target: Expectation; readonly source: Expectation },
  { migrationId }: World,
): Promise<Pick<Settled, 'subscriptions' | 'slots'>> {
  const [sourceHome, targetHome] = await Promise.all([source.home(), target.home()]);
  const subscriptions: string[] = [];
  for (const name of names) {
    await followHome(targetHome, await target.session(name), expected.target);
    subscriptions.push(...(await takeDownFollower(target, name, migrationId, expected.target)));
  }
  const slots = await takeDownSlots(source, names, migrationId);
  for (const name of names) {
    const session = await source.session(name);
    await followHome(sourceHome, session, expected.source);
    await takeDownOffer(session, migrationId, expected.source);
  }
  return { subscriptions, slots };
}

/** Becomes a member of owners; given back with all other memberships. */
async function join(home: Session<'target'>, expected: Expectation, owners: { owner?: string }[]): Promise<void> {
  const roles = owners.flatMap(({ owner }) => (owner === undefined ? [] : [owner]));
  await guarded(home, expected, () => joinRoles(home, roles));
}

/** The target's ledger gives the epoch and the last phase: whoever asks, only a flipped target is settled. */
function endOf(row: LedgerRow | null): { readonly row: LedgerRow; readonly phase: Settled['phase'] } {
  if (row !== null && isPast(row)) return { row, phase: isTurned(row) ? 'rolled-back' : 'live' };
  throw new Blocked(
    `the target's ledger stands in phase ${row?.phase ?? 'none'}, only a live target is settled, cut over first`,
  );
}

/** Fills the materialized views of a database anew; one that fails is named and left for the operator. */
async function refreshViews(
  target: Server<'target'>,
  database: string,
  expected: Expectation,
  world: World,
): Promise<string[]> {
  const home = await target.home();
  await join(home, expected, await (await target.session(database)).query(sql.ownersOfClosedViews));
  const statementMs = Math.max(1_000, world.remainingMs() - RESERVE_MS);
  const session = await target.another(database, { statementMs, lockMs: 5_000 });
  const refreshed: string[] = [];
  for (const view of await session.query<sql.SequenceName>(sql.materializedViews)) {
    const name = `${view.schema}.${view.name}`;
    try {
      await session.execute(sql.refreshView(view));
      refreshed.push(name);
    } catch {
      // A stale view is no lost row: the target stays live and the operator is told which one to refresh.
      world.log.warning('materialized view not refreshed', { database, view: name });
    }
  }
  await session.close();
  return refreshed;
}
