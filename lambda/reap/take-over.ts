/**
 * Takes what a dead execution holds, before anything of it is touched:
 *
 *   home ledger locked -> held by the dead? -> next epoch, held by the caller -> sessions of earlier epochs ended
 *
 * The source's ledger says who holds a migration, the target's who is on the way back (decision 14).
 *
 * Stopping an execution stops none of its functions (facts J27): with the new epoch they change nothing any more, and without
 * their sessions what no transaction guards, such as a slot under way, comes to its end before the remains are dealt with.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import type { Holding } from '../contract/reap';
import { Blocked, NotReady } from '../errors';
import { type LedgerRow, readLedger } from '../platform/ledger';
import { lockMigration, upsertMigration } from '../platform/ledger-sql';
import { call, databases, serverFacts } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endEarlierEpochs } from '../platform/predecessors';
import { readWayBack } from '../platform/way-back';
import type { World } from '../platform/world';
import { type Decision, decideRemains, decideWayBackRemains, isOnWayBack, type TakeOverRequest } from './remains';

/** Input of the step. */
export const takeOverInput = call.extend({
  source: serverFacts,
  target: serverFacts.nullable(),
  ended: z.string().min(1),
});

/** Opens the servers and takes over. */
export async function takeOver(input: Input<'take-over'>, world: World): Promise<Output<'take-over'>> {
  // Applications wait for one of the two; that the other does not answer is no reason to leave it as it is.
  const [source, target] = await Promise.all([
    world.openSourceIfThere(input.source),
    world.openTargetIfThere(input.target),
  ]);
  return takeOverOn(source, target, input.ended, world);
}

/**
 * Takes over what `ended` holds for the calling execution, and answers what is to be done with it; called again it answers
 * alike. A server that does not answer is null. Throws `NotReady` while sessions of earlier epochs do not end, and when only the
 * server that does not answer could tell.
 */
export async function takeOverOn(
  source: Server<'source'> | null,
  target: Server<'target'> | null,
  ended: string,
  world: World,
): Promise<Holding> {
  const sourceHome = source === null ? null : await source.home();
  const targetHome = target === null ? null : await target.home();
  const held = await take({ sourceHome, targetHome }, ended, world);
  const { epoch, phase } = held;
  if (epoch !== null) {
    const endOn = async (home: Session | null) =>
      home === null ? 0 : endEarlierEpochs(home, world.migrationId, epoch);
    const sessions = await endOn(sourceHome);
    const onTarget = await endOn(targetHome);
    world.log.fact('migration taken over', { ended, epoch, phase, sessions, onTarget });
  }
  return held;
}

interface Homes {
  readonly sourceHome: Session<'source'> | null;
  readonly targetHome: Session<'target'> | null;
}

/** At most one of the two ledgers names the dead execution as who is under way. */
async function take({ sourceHome, targetHome }: Homes, ended: string, world: World): Promise<Holding> {
  const there =
    sourceHome === null ? null : await takeRow(sourceHome, world, (row, asked) => decideRemains(row, asked), ended);
  if (there !== null && there.remains !== 'nothing') return there;
  const old = sourceHome === null ? null : await readLedger(sourceHome, world.migrationId);
  if (targetHome !== null) {
    const back = await takeRow(targetHome, world, (row, asked) => decideWayBackRemains(row, old, asked), ended);
    if (back.remains !== 'nothing') return back;
  } else if (old !== null && isOnWayBack(old)) {
    throw new NotReady('the target, which is live, does not answer, and only it knows how far the way back went');
  }
  if (there === null) throw new NotReady('the source does not answer, and only it knows what is held');
  return there;
}

async function takeRow(
  home: Session,
  { migrationId, call: { execution: reaper } }: World,
  decide: (row: LedgerRow, asked: TakeOverRequest) => Decision,
  ended: string,
): Promise<Holding> {
  const noLedger = nothing(null, `the ${home.side} has no ledger of this migration`);
  if ((await readLedger(home, migrationId)) === null) return noLedger;
  return home.transaction(async () => {
    await home.query(lockMigration(migrationId));
    const row = await readLedger(home, migrationId);
    if (row === null) return noLedger;
    const { remains, taken, detail } = decide(row, { ended, reaper });
    if (remains === 'nothing') return nothing(row.phase, detail);
    const epoch = taken ? row.epoch : String(BigInt(row.epoch) + 1n);
    if (!taken) await home.execute(upsertMigration({ ...row, epoch, execution: reaper }));
    return { remains, epoch, phase: row.phase, databases: databasesOf(row), detail };
  });
}

function nothing(phase: Holding['phase'], detail: string): Holding {
  return { remains: 'nothing', epoch: null, phase, databases: [], detail };
}

/** As the claim, or the flip of a way back, wrote them down. */
function databasesOf(row: LedgerRow): readonly string[] {
  const written = databases.safeParse(readWayBack(row)?.databases ?? row.facts.databases);
  if (written.success) return written.data;
  throw new Blocked(
    `the ledger of migration ${JSON.stringify(row.migrationId)} does not name its databases, take it over by hand`,
  );
}
