/**
 * Takes what a dead execution holds, before anything of it is touched:
 *
 *   home ledger locked -> held by the dead? -> next epoch, held by the caller -> sessions of earlier epochs ended
 *
 * Stopping an execution stops none of its functions (facts J27): with the new epoch they change nothing any more, and without
 * their sessions what no transaction guards, such as a slot under way, comes to its end before the remains are dealt with.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import type { Holding } from '../contract/reap';
import { Blocked } from '../errors';
import { type LedgerRow, readLedger } from '../platform/ledger';
import { lockMigration, upsertMigration } from '../platform/ledger-sql';
import { call, databases, instanceFacts } from '../platform/payload';
import type { Server } from '../platform/postgres';
import { endEarlierEpochs } from '../platform/predecessors';
import type { World } from '../platform/world';
import { decideRemains } from './remains';

/** Input of the step. */
export const takeOverInput = call.extend({
  source: instanceFacts,
  target: instanceFacts.nullable(),
  ended: z.string().min(1),
});

/** Opens the servers and takes over. */
export async function takeOver(input: Input<'take-over'>, world: World): Promise<Output<'take-over'>> {
  const source = await world.openSource(input.source);
  // A target that does not answer is no reason to leave the source as it is.
  return takeOverOn(source, await world.openTargetIfThere(input.target), input.ended, world);
}

/**
 * Takes over what `ended` holds for the calling execution, and answers what is to be done with it; called again it answers
 * alike. Throws `NotReady` while sessions of earlier epochs do not end.
 */
export async function takeOverOn(
  source: Server<'source'>,
  target: Server<'target'> | null,
  ended: string,
  world: World,
): Promise<Holding> {
  const { migrationId } = world;
  const home = await source.home();
  if ((await readLedger(home, migrationId)) === null)
    return nothing(null, 'the source has no ledger of this migration');
  const held = await home.transaction(async () => {
    await home.query(lockMigration(migrationId));
    const row = await readLedger(home, migrationId);
    if (row === null) return nothing(null, 'the source has no ledger of this migration');
    const reaper = world.call.execution;
    const { remains, taken, detail } = decideRemains(row, { ended, reaper });
    if (remains === 'nothing') return nothing(row.phase, detail);
    const epoch = taken ? row.epoch : String(BigInt(row.epoch) + 1n);
    if (!taken) await home.execute(upsertMigration({ ...row, epoch, execution: reaper }));
    return { remains, epoch, phase: row.phase, databases: databasesOf(row), detail };
  });
  if (held.epoch !== null) {
    const sessions = await endEarlierEpochs(home, migrationId, held.epoch);
    const onTarget = target === null ? 0 : await endEarlierEpochs(await target.home(), migrationId, held.epoch);
    world.log.fact('migration taken over', { ended, epoch: held.epoch, phase: held.phase, sessions, onTarget });
  }
  return held;
}

function nothing(phase: Holding['phase'], detail: string): Holding {
  return { remains: 'nothing', epoch: null, phase, databases: [], detail };
}

/** As the claim wrote them down. */
function databasesOf(row: LedgerRow): readonly string[] {
  const written = databases.safeParse(row.facts.databases);
  if (written.success) return written.data;
  throw new Blocked(
    `the ledger of migration ${JSON.stringify(row.migrationId)} does not name its databases, take it over by hand`,
  );
}
