/** The claim: one execution at a time holds a migration, and its epoch goes with every later call (fault 9, I6). */
import * as z from 'zod';
import type { Phase } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { type Expectation, ensureLedger, guarded, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { lockMigration, mergeFacts, upsertMigration } from '../platform/ledger-sql';
import { joinRoles, leaveRoles } from '../platform/memberships';
import { call, databases, serverFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { dropSlots, tapPattern } from '../platform/slots';
import type { World } from '../platform/world';
import { decideClaim } from './claim-decision';
import * as sql from './sql/claim';

/** Input of the step. */
export const claimInput = call.extend({
  source: serverFacts,
  databases,
  takeOver: z.string().min(1).nullable(),
  mode: z.enum(['hold', 'release']),
});

type Claim = Output<'claim'>;

/** What a claim is made of beside the server. */
export type ClaimInput = Pick<Input<'claim'>, 'execution' | 'databases' | 'takeOver' | 'mode'>;

/** What a call that frees a claim is answered: no ledger stands at it. */
const NO_EPOCH = '0';

/** From the fence on until the target was settled somebody must hold the migration, or nobody would clean up. */
const UNDER_A_FENCE: readonly Phase[] = ['fencing', 'fenced', 'flipped'];

/** Opens the source and claims the migration, or frees it. */
export async function claim(input: Input<'claim'>, world: World): Promise<Claim> {
  return claimOn(await world.openSource(input.source), input, world);
}

/**
 * Takes, keeps or frees the claim of a migration on its source and makes the ledger where it is missing. Throws `Blocked`
 * naming the execution that holds it, and on a standby, another cluster, or a migration whose target is in use.
 */
export async function claimOn(source: Server<'source'>, input: ClaimInput, world: World): Promise<Claim> {
  const home = await source.home();
  if (input.mode === 'release') return free(source, input, world);
  return withAdvisoryLock(home, `sealift/${world.migrationId}/claim`, async () => {
    const held = await hold(home, input, world);
    const expected = { migrationId: world.migrationId, epoch: held.epoch, phases: [held.phase] };
    await ownDatabases(home, input.databases, expected);
    for (const database of input.databases) await followHome(home, await source.session(database), expected);
    world.log.fact('claim held', { epoch: held.epoch, phase: held.phase });
    return held;
  });
}

async function hold(home: Session, input: ClaimInput, world: World): Promise<Claim> {
  const server = await home.one<{ standby: boolean; firstEpoch: string; systemIdentifier: string }>(sql.serverFacts);
  if (server.standby) {
    throw new Blocked('the source is a standby in recovery, name the instance that is written to');
  }
  const { migrationId } = world;
  if ((await readLedger(home, migrationId)) === null) await ensureLedger(home);
  return home.transaction(async () => {
    await refuseOthers(home, migrationId);
    await home.query(lockMigration(migrationId));
    const row = await readLedger(home, migrationId);
    const { execution, takeOver } = input;
    const decision = decideClaim(row, { migrationId, execution, takeOver, ...server });
    if (decision.verdict === 'refuse') throw new Blocked(decision.reason);
    const { epoch, phase } = decision;
    const { systemIdentifier } = server;
    await home.execute(upsertMigration({ migrationId, side: 'source', phase, epoch, execution, systemIdentifier }));
    // Whoever cleans up after this execution has nobody to ask.
    await home.execute(mergeFacts(migrationId, { databases: input.databases }));
    return { epoch, phase, systemIdentifier };
  });
}

/** The ledger's `undo` and `work` belong to one migration at a time. */
async function refuseOthers(home: Session, migrationId: string): Promise<void> {
  const [other] = await home.query<{ id: string; phase: string; execution: string }>(sql.otherMigrations(migrationId));
  if (other === undefined) return;
  throw new Blocked(
    `the source is part of migration ${JSON.stringify(other.id)} in phase ${other.phase} (execution ${other.execution}), ` +
      'release that one first',
  );
}

/** Only who may enter a database and create in it can keep a ledger there; its owner may. */
async function ownDatabases(home: Session, names: readonly string[], expected: Expectation): Promise<void> {
  const closed = await home.query<{ owner: string }>(sql.ownersOfClosed(names));
  if (closed.length === 0) return;
  await guarded(home, expected, () => joinRoles(home, [...new Set(closed.map(({ owner }) => owner))]));
}

/**
 * Frees the claim when the caller holds it and says how the migration stands; a claim of others stays, and so does that of a
 * fenced source: whoever cleans up after its holder gives it back, and of one that nobody holds nobody would. The epoch moves
 * on, so that calls of whoever held it change nothing from then on; it is told nobody, or a call could come with it.
 */
async function free(source: Server<'source'>, input: ClaimInput, world: World): Promise<Claim> {
  const home = await source.home();
  const row = await readLedger(home, world.migrationId);
  if (row === null) {
    const { systemIdentifier } = await home.one<{ systemIdentifier: string }>(sql.serverFacts);
    return { epoch: NO_EPOCH, phase: 'aborted', systemIdentifier };
  }
  if (mayFree(row, input)) {
    // Nobody reads the tap any more, and a slot that nobody reads fills the source's disk; a later cutover verifies anew.
    await dropSlots(source, tapPattern(world.migrationId));
    // Nothing follows the source yet: what a pruning or a scan joined is given back, and whoever comes next takes its own.
    if (BEFORE_SEEDING.some((phase) => phase === row.phase)) await leaveRoles(home);
  }
  return home.transaction(async () => {
    await home.query(lockMigration(world.migrationId));
    const now: LedgerRow = (await readLedger(home, world.migrationId)) ?? row;
    const { phase, systemIdentifier } = now;
    if (!mayFree(now, input)) {
      world.log.warning('claim not released', { epoch: now.epoch, phase, holder: now.execution });
      return { epoch: NO_EPOCH, phase, systemIdentifier };
    }
    const epoch = (BigInt(now.epoch) + 1n).toString();
    await home.execute(upsertMigration({ ...now, epoch, execution: '' }));
    world.log.fact('claim released', { epoch, phase });
    return { epoch: NO_EPOCH, phase, systemIdentifier };
  });
}

/** On the way back nothing is claimed: whoever goes it holds the other server's ledger too. */
function mayFree({ side, execution, phase }: LedgerRow, input: ClaimInput): boolean {
  return side === 'source' && execution === input.execution && !UNDER_A_FENCE.includes(phase);
}
