/**
 * Takes the migration off the source: afterwards its catalogue is what it was before `claim` (I7).
 *
 *     target: subscriptions   (so that nothing takes a slot again)
 *     source: slots -> publications -> replica identities -> role and entries -> ledgers -> memberships -> home ledger
 *
 * Every part looks first, so a release that died in between is simply run again.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { endHolders } from '../platform/end-holders';
import { takeDownFollower, takeDownOffer, takeDownSlots } from '../platform/engines/take-down';
import { type Expectation, guarded, isTurned, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import {
  dropLedger,
  dropLedgerButQuarantine,
  ledgerExists,
  quarantineHolds,
  upsertMigration,
} from '../platform/ledger-sql';
import { leaveRoles } from '../platform/memberships';
import { HOME_DATABASE } from '../platform/names';
import { call, databases, serverFacts } from '../platform/payload';
import { isInUse } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { restoreReplicaIdentities } from '../platform/replica-identity';
import { removeReplicationRole } from '../platform/replication-role';
import type { World } from '../platform/world';
import { leftInAws } from './left-in-aws';
import * as sql from './sql/release';

/** Input of the step. */
export const releaseInput = call.extend({
  epoch: z.string().regex(/^\d+$/).nullable(),
  source: serverFacts,
  target: serverFacts.nullable(),
  databases,
  reason: z.string(),
});

/** What was taken away, for the evidence. */
export interface Released {
  readonly outcome: 'released' | 'refused';
  readonly detail: string;
  readonly subscriptions: readonly string[];
  readonly slots: readonly string[];
  readonly replicaIdentities: readonly string[];
  readonly roles: readonly string[];
}

/** What a release is made of beside the servers. */
export type ReleaseInput = Pick<Input<'release'>, 'execution' | 'epoch' | 'databases'>;

/** Opens the servers, releases, and keeps what was done as evidence. */
export async function release(input: Input<'release'>, world: World): Promise<Output<'release'>> {
  const source = await world.openSource(input.source);
  // A target that does not answer is no reason to keep the source's slots; whether it may be in use is asked of the source.
  const target = await world.openTargetIfThere(input.target);
  const released = await releaseOn(source, target, input, world);
  world.log.fact(`source ${released.outcome}`, { detail: released.detail });
  const report = await world.keepEvidence('release', {
    ...released,
    phase: released.outcome === 'released' ? 'aborted' : 'unchanged',
    reason: input.reason,
    ...(released.outcome === 'released' && { leftInAws: leftInAws(world) }),
    at: new Date().toISOString(),
  });
  return { outcome: released.outcome, detail: released.detail, report };
}

/**
 * Releases the source, and the target's subscriptions when `target` is there. Refuses when the target is in use or the source
 * stands fenced, then it is given back first, and when the migration is another execution's or has gone to a later epoch.
 * Throws `Blocked` for changes that nobody gave back, `NotReady` while a slot or table stays in use.
 */
export async function releaseOn(
  source: Server<'source'>,
  target: Server<'target'> | null,
  input: ReleaseInput,
  world: World,
): Promise<Released> {
  const home = await source.home();
  for (const step of ['prepare', 'release']) await endPredecessors(home, world.migrationId, step);
  return withAdvisoryLock(home, `sealift/${world.migrationId}/release`, async () => {
    const [sourceRow, targetRow] = [
      await readLedger(home, world.migrationId),
      target === null ? null : await readLedger(await target.home(), world.migrationId),
    ];
    const refusal = refusalOf(sourceRow, targetRow, input);
    if (refusal !== null) {
      return { outcome: 'refused', detail: refusal, subscriptions: [], slots: [], replicaIdentities: [], roles: [] };
    }
    const expected = await abort(home, sourceRow, input, world);
    const subscriptions = target === null ? [] : await releaseTarget(target, targetRow, expected, input, world);
    return { ...(await releaseSource(source, expected, input, world)), subscriptions };
  });
}

function refusalOf(source: LedgerRow | null, target: LedgerRow | null, input: ReleaseInput): string | null {
  const inUse = [source, target].find((row) => row !== null && (isInUse(row.phase) || isTurned(row)));
  if (inUse !== undefined && inUse !== null) {
    return `the ${inUse.side}'s ledger stands in phase ${inUse.phase}: the target is in use, nothing is taken down`;
  }
  if (source === null || source.phase === 'aborted') return null;
  if (source.phase === 'fencing' || source.phase === 'fenced') {
    return `the source stands in phase ${source.phase}: give it back first, then release`;
  }
  return mayRelease(source, input) ? null : tooLate(source, input);
}

/** Without an epoch the caller never held the claim, or is the reaper of an execution that did. */
function mayRelease(row: LedgerRow, { epoch, execution }: ReleaseInput): boolean {
  return epoch === null ? row.execution === execution : BigInt(epoch) >= BigInt(row.epoch);
}

function tooLate(row: LedgerRow, { epoch }: ReleaseInput): string {
  const who = row.execution === '' ? 'no execution' : `execution ${row.execution}`;
  return (
    `migration ${JSON.stringify(row.migrationId)} stands at epoch ${row.epoch} in phase ${row.phase} under ${who}, this ` +
    `release came with ${epoch === null ? 'no epoch' : `epoch ${epoch}`} and changed nothing`
  );
}

/** Phase `aborted` with the next epoch: whatever is still on its way is refused from here on. Null without a ledger. */
async function abort(
  home: Session,
  row: LedgerRow | null,
  input: ReleaseInput,
  world: World,
): Promise<Expectation | null> {
  if (row === null) return null;
  const { migrationId } = world;
  const aborted: Expectation = { migrationId, epoch: row.epoch, phases: ['aborted'] };
  if (row.phase === 'aborted') return aborted;
  const epoch = (BigInt(row.epoch) + 1n).toString();
  await guarded(home, { ...aborted, phases: [row.phase] }, () =>
    home.execute(upsertMigration({ ...row, epoch, phase: 'aborted', execution: input.execution })),
  );
  return { ...aborted, epoch };
}

/** Its ledger is aborted too: nobody may go on with a target whose slots are gone. */
async function releaseTarget(
  target: Server<'target'>,
  row: LedgerRow | null,
  expected: Expectation | null,
  input: ReleaseInput,
  world: World,
): Promise<string[]> {
  const home = await target.home();
  const { migrationId } = world;
  let stand: Expectation | null = null;
  if (row?.side === 'target') {
    const epoch = row.phase === 'aborted' ? row.epoch : (expected?.epoch ?? row.epoch);
    stand = { migrationId, epoch, phases: ['aborted'] };
    if (row.phase !== 'aborted') {
      await guarded(home, { ...row, phases: [row.phase] }, () =>
        home.execute(upsertMigration({ ...row, epoch, phase: 'aborted', execution: input.execution })),
      );
    }
  }
  const dropped: string[] = [];
  for (const { database } of await home.query<{ database: string }>(sql.existingDatabases(input.databases))) {
    if (stand !== null) await followHome(home, await target.session(database), stand);
    dropped.push(...(await takeDownFollower(target, database, migrationId, stand)));
  }
  return dropped;
}

async function releaseSource(
  source: Server<'source'>,
  expected: Expectation | null,
  input: ReleaseInput,
  world: World,
): Promise<Omit<Released, 'subscriptions'>> {
  const home = await source.home();
  await endHolders(home, world.migrationId, null);
  const slots = await takeDownSlots(source, input.databases, world.migrationId);
  const replicaIdentities: string[] = [];
  for (const database of await databasesToClear(home, expected, input.databases)) {
    const session = await source.session(database);
    const { present } = await session.one<{ present: boolean }>(ledgerExists);
    if (present && expected !== null) await followHome(home, session, expected);
    await takeDownOffer(session, world.migrationId, expected);
    if (present && expected !== null) replicaIdentities.push(...(await giveBackTables(session, expected)));
  }
  const roles = expected === null ? [] : await giveBackRoles(home);
  const detail =
    expected === null
      ? `the source has no ledger of this migration, ${slots.length} slots were left and dropped`
      : `${slots.length} slots, ${replicaIdentities.length} replica identities and ${roles.length} roles were given back`;
  return { outcome: 'released', detail, slots, replicaIdentities, roles };
}

/** Memberships go last: a database that may not be entered any more was cleared before, unless something is recorded still. */
async function databasesToClear(
  home: Session,
  expected: Expectation | null,
  names: readonly string[],
): Promise<string[]> {
  const existing = await home.query<{ database: string; mayEnter: boolean }>(sql.existingDatabases(names));
  const unfinished = expected !== null && (await home.one<{ present: boolean }>(sql.anyUndo)).present;
  return existing.filter(({ mayEnter }) => mayEnter || unfinished).map(({ database }) => database);
}

/** Gives a database's tables back and drops its ledger, unless that is the home ledger. */
async function giveBackTables(session: Session, expected: Expectation): Promise<string[]> {
  const atHome = session.database === HOME_DATABASE;
  const tables = await restoreReplicaIdentities(session, expected);
  if (!atHome) await removeLedger(session);
  return tables;
}

/** Shared by all databases; the home ledger goes last, because it holds what is left to be done. */
async function giveBackRoles(home: Session): Promise<string[]> {
  const roles = await removeReplicationRole(home);
  await leaveRoles(home);
  await removeLedger(home);
  return roles;
}

/** A ledger that still lists a change is not thrown away; what was saved in quarantine stays. */
async function removeLedger(session: Session): Promise<void> {
  const left = await session.query<{ kind: string; count: number }>(sql.undoLeft);
  if (left.length > 0) {
    const kinds = left.map(({ kind, count }) => `${count} of kind ${kind}`).join(', ');
    throw new Blocked(
      `the ledger of database ${JSON.stringify(session.database)} still lists changes to the source (${kinds}), give the ` +
        'source back first',
    );
  }
  const { holds } = await session.one<{ holds: boolean }>(quarantineHolds);
  await session.execute(holds ? dropLedgerButQuarantine : dropLedger);
}
