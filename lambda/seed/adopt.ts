/**
 * Makes the restored copy the migration's target.
 *
 *     seed (before anything else) -> is it this run's copy? -> inherited things removed -> logins closed -> sessions ended
 *
 * Nothing on the source is changed. What a first call found out is in the target's ledger, so that a second answers alike.
 */
import * as z from 'zod';
import type { Encryption } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import type { SlotFacts } from '../contract/replication';
import { Blocked } from '../errors';
import { assertCurrent, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { lockMigration, updatePhase } from '../platform/ledger-sql';
import { migrationPrefix } from '../platform/names';
import { claimedCall, databases, instanceFacts, slotFacts } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { closeLogins } from '../platform/role-logins';
import type { World } from '../platform/world';
import { parseLsn } from '../proof/lsn';
import { clearInherited } from './inherited';
import { readSeed, type Seed } from './seed-lsn';
import * as sql from './sql/adopt';
import { serverFacts } from './sql/claim';
import { type StreamFacts, streamFactsOf } from './stream-facts';

/** Input of the step. */
export const adoptInput = claimedCall.extend({
  source: instanceFacts,
  target: instanceFacts,
  databases,
  slots: z.array(slotFacts).min(1),
});

/** What an adoption is made of beside the servers. */
export type AdoptInput = Pick<Input<'adopt'>, 'databases' | 'slots'>;

/** Opens both servers and adopts the target, which must be encrypted with the wanted key before any change flows. */
export async function adopt(input: Input<'adopt'>, world: World): Promise<Output<'adopt'>> {
  assertEncrypted(input.target.encryption, world.environment.keyArn);
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return adoptOn(source, target, input, world);
}

/** Type and key decide, not the old boolean (facts E10, fault 81). */
function assertEncrypted(encryption: Encryption, keyArn: string): void {
  if (encryption.type === 'sse-kms' && encryption.keyArn === keyArn) return;
  throw new Blocked(
    `the target is encrypted by ${encryption.type} with key ${encryption.keyArn ?? 'none'}, sse-kms with ${keyArn} was ` +
      'expected; no change flows to it',
  );
}

/**
 * Adopts the target and answers its seed. Throws `Blocked` when the seed is not certain, when the copy is of another cluster,
 * older than a slot, or outside the interval that the slots can serve (facts A7, A8).
 */
export async function adoptOn(
  source: Server<'source'>,
  target: Server<'target'>,
  input: AdoptInput,
  world: World,
): Promise<Seed> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  const sourceRow = await assertCurrent(sourceHome, world.expect('seeding'));
  await endPredecessors(home, world.migrationId, world.step);
  await assertCopyOf(home, sourceRow);
  const seed = await keepSeed(home, sourceRow);
  for (const slot of input.slots) await assertServes(sourceHome, slot, seed);
  for (const database of input.databases) {
    await prove(await source.session(database), await target.session(database), world);
    await followHome(home, await target.session(database), world.expect('seeding'));
  }
  await clearInherited(target, input.databases, world.migrationId, world.log);
  const closed = await home.transaction(async () => {
    await home.query(lockMigration(world.migrationId));
    return closeLogins(home, world.migrationId);
  });
  const { ended } = await home.one<{ ended: number }>(sql.endForeignSessions(migrationPrefix(world.migrationId)));
  world.log.fact('target adopted', { ...seed, rolesClosed: closed.length, sessionsEnded: ended });
  return seed;
}

async function assertCopyOf(home: Session<'target'>, sourceRow: LedgerRow): Promise<void> {
  const facts = await home.one<{ standby: boolean; systemIdentifier: string }>(serverFacts);
  if (facts.standby) throw new Blocked('the target is still in recovery, restore a snapshot instead of a replica');
  if (facts.systemIdentifier === sourceRow.systemIdentifier) return;
  throw new Blocked(
    `the target has system identifier ${facts.systemIdentifier}, the source ${sourceRow.systemIdentifier}: it is no copy ` +
      'of the source, restore this run’s snapshot',
  );
}

/** The first call reads the seed and keeps it with the ledger that it makes the target's own; later calls find it there. */
async function keepSeed(home: Session<'target'>, sourceRow: LedgerRow): Promise<Seed> {
  const { migrationId, epoch, execution } = sourceRow;
  const inherited = await readLedger(home, migrationId);
  if (inherited === null) {
    throw new Blocked(`the target has no ledger of migration ${JSON.stringify(migrationId)}: its snapshot is older`);
  }
  const known = inherited.side === 'target' ? keptSeed(inherited) : null;
  const seed = known ?? (await readSeed(home));
  await home.transaction(async () => {
    await home.query(lockMigration(migrationId));
    if (known === null) await home.execute(sql.deleteInheritedWork);
    const facts = known === null ? seed : inherited.facts;
    await home.execute(sql.replaceInherited(migrationId, epoch, execution, facts));
    await home.execute(updatePhase(migrationId, 'seeding'));
  });
  return seed;
}

/** The seed in a target's ledger; null when there is none. */
function keptSeed(row: LedgerRow): Seed | null {
  const { seedLsn, seedOrigin } = row.facts;
  if (typeof seedLsn !== 'string' || (seedOrigin !== 'rds_tools' && seedOrigin !== 'replay')) return null;
  return { seedLsn, seedOrigin };
}

/** The slot must begin before the seed, still be able to serve it, and the source must have got there (facts A7). */
async function assertServes(sourceHome: Session<'source'>, slot: SlotFacts, seed: Seed): Promise<void> {
  const [found] = await sourceHome.query<{ active: boolean; walStatus: string | null; confirmedLsn: string | null }>(
    sql.slotHealth(slot.slot),
  );
  const { lsn } = await sourceHome.one<{ lsn: string }>(sql.flushLsn);
  const problem = slotProblem(slot, found ?? null, seed, lsn);
  if (problem === null) return;
  throw new Blocked(
    `slot ${slot.slot} of database ${JSON.stringify(slot.database)} cannot carry on from seed ${seed.seedLsn}: ${problem}; ` +
      'release the migration and start again',
  );
}

function slotProblem(
  slot: SlotFacts,
  found: { active: boolean; walStatus: string | null; confirmedLsn: string | null } | null,
  seed: Seed,
  flushLsn: string,
): string | null {
  const seedLsn = parseLsn(seed.seedLsn);
  if (found === null) return 'it is gone';
  if (found.walStatus === 'lost') return 'its WAL is lost';
  if (found.active) return 'somebody reads from it';
  if (parseLsn(slot.startLsn) > seedLsn) return `it begins at ${slot.startLsn}, after the seed`;
  if (found.confirmedLsn === null || parseLsn(found.confirmedLsn) > seedLsn) {
    return `it was read up to ${found.confirmedLsn ?? 'an unknown place'}, beyond the seed`;
  }
  if (seedLsn > parseLsn(flushLsn))
    return `the source has flushed up to ${flushLsn} only, the seed is not of its history`;
  return null;
}

/** The copy holds this run's publication and the row that was written after its slot existed (facts A8). */
async function prove(source: Session<'source'>, target: Session<'target'>, world: World): Promise<void> {
  const stream = streamFactsOf((await assertCurrent(source, world.expect('seeding'))).facts);
  const row = await readLedger(target, world.migrationId);
  if (stream !== null && row?.side === 'target' && row.facts.provenMarker === stream.afterSlotMarker) return;
  if (stream === null || row === null || !(await holdsProof(target, stream))) {
    throw new Blocked(
      `target database ${JSON.stringify(target.database)} does not hold the marker of this run: the snapshot is older than ` +
        'the slot or of another run, delete the target and its snapshots and start again',
    );
  }
  const { epoch, execution, facts } = row;
  const kept = row.side === 'target' ? facts : {};
  await target.transaction(async () => {
    await target.query(lockMigration(world.migrationId));
    const next = { ...kept, provenMarker: stream.afterSlotMarker };
    await target.execute(sql.replaceInherited(world.migrationId, epoch, execution, next));
    await target.execute(sql.deleteInheritedWork);
  });
}

async function holdsProof(target: Session<'target'>, stream: StreamFacts): Promise<boolean> {
  const proof = await target.one<{ comment: string | null; marked: boolean }>(
    sql.provenance(stream.publication, stream.afterSlotMarker),
  );
  return proof.marked && proof.comment === stream.publicationMarker;
}
