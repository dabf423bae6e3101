/**
 * Settles a live target: the replication goes, what the migration changed on the copy is put back, materialized views are filled
 * anew. The source stays fenced, as the way back until somebody retires it. Every part looks first and can run again.
 */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { type Expectation, guarded, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome, moveEverywhere } from '../platform/ledger-follow';
import { joinRoles, leaveRoles } from '../platform/memberships';
import { streamName } from '../platform/names';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { dropPublicationIfPresent } from '../platform/publications';
import { restoreReplicaIdentities } from '../platform/replica-identity';
import { removeReplicationRole } from '../platform/replication-role';
import { recordedLogins } from '../platform/role-logins';
import { dropSlots, slotPattern } from '../platform/slots';
import { dropSubscriptions } from '../platform/subscriptions';
import type { World } from '../platform/world';
import { recordFlipOnSource } from './forward';
import * as sql from './sql';

/** Input of `settle`; its epoch is the one that the cutover answered, or the claim's when the way forward was finished. */
export const settleInput = claimedCall.extend({ ...bothSides, databases });

/** A refresh reads whole tables: it may take as long as the function has, but for this rest. */
const RESERVE_MS = 30_000;

/** What was taken down and put back, for the evidence. */
export interface Settled {
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
  return { phase: 'live', refreshedViews: settled.refreshedViews.length, report };
}

/**
 * Takes the replication down on both sides, puts the copy's objects back and moves both ledgers to `live`. Throws `Blocked` when
 * the target is not live, `NotReady` while a slot or a table stays in use.
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
  const expected = await expectFlipped(await readLedger(targetHome, world.migrationId), world);
  const sourceEpoch = await recordFlipOnSource(sourceHome, world, expected.epoch);
  // A call before this one may have left the roles by which the databases are entered.
  await join(targetHome, expected, await targetHome.query(sql.ownersOfClosedDatabases(names)));
  const { subscriptions, slots } = await takeDown(source, target, names, expected, world);
  const replicaIdentities: string[] = [];
  const refreshedViews: string[] = [];
  for (const name of names) {
    replicaIdentities.push(...(await restoreReplicaIdentities(await target.session(name), expected)));
    refreshedViews.push(...(await refreshViews(target, name, expected, world)));
  }
  await guarded(targetHome, expected, async () => undefined);
  const memberships = await leaveRoles(targetHome);
  await moveEverywhere(target, names, expected, 'live');
  const onSource: Expectation = { ...expected, epoch: sourceEpoch };
  // Nobody follows the source any more: its password is worth nothing from here on (facts B17).
  await guarded(sourceHome, onSource, async () => undefined);
  await removeReplicationRole(sourceHome);
  const closedLogins = await recordedLogins(sourceHome);
  await moveEverywhere(source, names, onSource, 'live');
  world.metrics.measured({ PhaseReached: PHASES.indexOf('live') });
  world.log.fact('target settled', { subscriptions: subscriptions.length, slots: slots.length, memberships });
  return { subscriptions, slots, replicaIdentities, refreshedViews, memberships, closedLogins };
}

/** Subscriptions first, so that nothing takes a slot again. */
async function takeDown(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  expected: Expectation,
  world: World,
): Promise<Pick<Settled, 'subscriptions' | 'slots'>> {
  const targetHome = await target.home();
  const subscriptions: string[] = [];
  for (const name of names) {
    await followHome(targetHome, await target.session(name), expected);
    const stream = streamName(world.migrationId, name);
    subscriptions.push(...(await dropSubscriptions(target, name, (candidate) => candidate === stream)));
  }
  const slots = await dropSlots(source, slotPattern(world.migrationId));
  for (const name of names) {
    const session = await source.session(name);
    await session.execute(dropPublicationIfPresent(streamName(world.migrationId, name)));
  }
  return { subscriptions, slots };
}

/** Becomes a member of owners; given back with all other memberships. */
async function join(home: Session<'target'>, expected: Expectation, owners: { owner?: string }[]): Promise<void> {
  const roles = owners.flatMap(({ owner }) => (owner === undefined ? [] : [owner]));
  await guarded(home, expected, () => joinRoles(home, roles));
}

/** The target's ledger gives the epoch: whoever asks, only a flipped target is settled. */
async function expectFlipped(row: LedgerRow | null, world: World): Promise<Expectation> {
  const { migrationId } = world;
  if (row !== null && (row.phase === 'flipped' || row.phase === 'live')) {
    return { migrationId, epoch: row.epoch, phases: ['flipped', 'live'] };
  }
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
