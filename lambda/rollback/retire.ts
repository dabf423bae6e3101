/**
 * Ends the way back, and with it what the migration still holds on both sides: the source stands alone and fenced, to be kept or
 * deleted by whoever owns it. Nothing of it is deleted here.
 *
 *     target's ledger: retired, its way back closed, the next epoch     (first: nobody goes back from here on)
 *       -> source's ledger -> subscriptions, slots, publications, role -> replica identities -> memberships, of both sides
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { guarded, isTurned, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { lockMigration, mergeFacts, upsertMigration } from '../platform/ledger-sql';
import { joinOwnersOf, leaveRoles } from '../platform/memberships';
import { bothSides, call } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { restoreReplicaIdentities } from '../platform/replica-identity';
import { readWayBack, removeWayBack } from '../platform/way-back';
import type { World } from '../platform/world';
import * as sql from './sql';

/** Input of the step. */
export const retireInput = call.extend({ ...bothSides, early: z.boolean() });

const closedFacts = z.object({
  /** By the target's clock; ISO. */
  closedAt: z.string(),
  /** Databases of the migration. */
  databases: z.array(z.string()),
  /** Everything was taken down and put back. */
  done: z.boolean(),
});

type Closed = z.infer<typeof closedFacts>;

/** What was taken down and put back, for the evidence. */
export interface Retired {
  readonly epoch: string;
  readonly closedAt: string;
  readonly subscriptions: readonly string[];
  readonly slots: readonly string[];
  /** Of both sides. */
  readonly replicaIdentities: readonly string[];
  readonly memberships: number;
}

/** Opens both servers, retires, and keeps what was done as evidence. */
export async function retire(input: Input<'retire'>, world: World): Promise<Output<'retire'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const retired = await retireOn(source, target, input.early, world);
  const report = await world.keepEvidence('retire', retired);
  return { epoch: retired.epoch, phase: 'retired', closedAt: retired.closedAt, report };
}

/**
 * Closes the way back of a live target and takes it down. Throws `Blocked` and changes nothing while the window is open, unless
 * `early` says so, while somebody goes back, and before a cutover is settled.
 */
export async function retireOn(
  source: Server<'source'>,
  target: Server<'target'>,
  early: boolean,
  world: World,
): Promise<Retired> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(sourceHome, world.migrationId, world.step);
  await endPredecessors(home, world.migrationId, world.step);
  await assertSettled(sourceHome, world);
  const { row, closed } = await close(home, early, world);
  const nothing = { subscriptions: [], slots: [], replicaIdentities: [], memberships: 0 };
  const { epoch } = row;
  if (closed.done) return { epoch, closedAt: closed.closedAt, ...nothing };
  await sourceHome.transaction(() => retireSource(sourceHome, world));
  const { databases } = closed;
  const taken = databases.length === 0 ? nothing : await takeDown(source, target, databases, world);
  await guarded(home, { ...row, phases: ['retired'] }, () =>
    home.execute(mergeFacts(world.migrationId, { retired: { ...closed, done: true } })),
  );
  world.log.fact('source retired', { slots: taken.slots.length, memberships: taken.memberships });
  return { epoch, closedAt: closed.closedAt, ...taken };
}

/** What is left of a cutover is settled first: behind a closed way nobody could any more. A source that is settled stays so. */
async function assertSettled(home: Session<'source'>, { migrationId }: World): Promise<void> {
  const row = await readLedger(home, migrationId);
  if (row?.side !== 'source' || row.phase !== 'flipped') return;
  throw new Blocked(
    `the source's ledger stands in phase flipped (execution ${row.execution}), its cutover is not settled yet: let it end, or ` +
      'start the Reaper with that execution, then retire',
  );
}

/** One transaction on the target decides: whoever goes back reads the same row under the same lock. */
async function close(
  home: Session<'target'>,
  early: boolean,
  world: World,
): Promise<{ readonly row: LedgerRow; readonly closed: Closed }> {
  return home.transaction(async () => {
    await home.query(lockMigration(world.migrationId));
    const row = await readLedger(home, world.migrationId);
    const known = closedFacts.safeParse(row?.facts.retired);
    if (row !== null && row.phase === 'retired' && known.success) return { row, closed: known.data };
    if (row === null || row.side !== 'target' || row.phase !== 'live') throw notLive(row);
    const wayBack = readWayBack(row);
    const until = wayBack?.until ?? null;
    const { over, now } = await home.one<{ over: boolean; now: string }>(sql.clockAgainst(until));
    if (!over && !early) {
      throw new Blocked(
        `the way back is open until ${until}, somebody may still need it: start Retire again after that, or with ` +
          '{"early": true} to close it now',
      );
    }
    const closed: Closed = { closedAt: now, databases: databasesOf(row), done: false };
    const epoch = (BigInt(row.epoch) + 1n).toString();
    await home.execute(upsertMigration({ ...row, phase: 'retired', epoch, execution: world.call.execution }));
    await home.execute(mergeFacts(world.migrationId, { wayBack: null, retired: closed }));
    return { row: { ...row, phase: 'retired', epoch }, closed };
  });
}

/** The cutover kept a place for each database that it moved. */
function databasesOf({ facts }: LedgerRow): string[] {
  const { fenceLsns } = facts;
  return typeof fenceLsns === 'object' && fenceLsns !== null ? Object.keys(fenceLsns) : [];
}

function notLive(row: LedgerRow | null): Blocked {
  if (row !== null && isTurned(row)) {
    return new Blocked(
      `the migration is on its way back or was rolled back (phase ${row.phase}), there is nothing to retire`,
    );
  }
  return new Blocked(
    `the target's ledger stands in phase ${row?.phase ?? 'none'}, only the source of a live target is retired, cut over first`,
  );
}

async function retireSource(home: Session<'source'>, world: World): Promise<void> {
  await home.query(lockMigration(world.migrationId));
  const row = await readLedger(home, world.migrationId);
  if (row === null || row.phase === 'retired') return;
  if (row.side !== 'source' || row.phase !== 'live') {
    throw new Blocked(
      `the source's ledger stands in phase ${row.phase} as the ${row.side}, let a human look at both ledgers`,
    );
  }
  const epoch = (BigInt(row.epoch) + 1n).toString();
  await home.execute(upsertMigration({ ...row, phase: 'retired', epoch, execution: world.call.execution }));
}

async function takeDown(
  source: Server<'source'>,
  target: Server<'target'>,
  databases: readonly string[],
  world: World,
): Promise<Pick<Retired, 'subscriptions' | 'slots' | 'replicaIdentities' | 'memberships'>> {
  // A call before this one may have left the roles by which the databases are entered.
  for (const server of [source, target]) {
    const home = await server.home();
    await home.transaction(() => joinOwnersOf(home, databases));
  }
  const { subscriptions, slots } = await removeWayBack({ source, target }, databases, world.migrationId);
  const replicaIdentities = [
    ...(await putBackTables(target, databases, world)),
    ...(await putBackTables(source, databases, world)),
  ];
  const memberships = (await leaveRoles(await target.home())) + (await leaveRoles(await source.home()));
  return { subscriptions, slots, replicaIdentities, memberships };
}

async function putBackTables(server: Server, databases: readonly string[], { migrationId }: World): Promise<string[]> {
  const home = await server.home();
  const row = await readLedger(home, migrationId);
  if (row === null) return [];
  const expected = { migrationId, epoch: row.epoch, phases: [row.phase] };
  const tables: string[] = [];
  for (const database of databases) {
    const session = await server.session(database);
    await followHome(home, session, expected);
    tables.push(...(await restoreReplicaIdentities(session, expected)));
  }
  return tables;
}
