/**
 * The fence: new logins refused for every application role, every other session ended, until it stays quiet. Read-only
 * settings or a security group alone are no fence (facts F1, F2, F14).
 */
import { CutoverAborted } from '../errors';
import { guarded, moveTo } from '../platform/ledger';
import { replicationRole } from '../platform/names';
import { closeLogins } from '../platform/role-logins';
import { assertNothingPrepared } from './guardrails';
import type { OutageClock } from './outage-clock';
import * as sql from './sql';
import type { Stage } from './stage';

/** This many looks in a row must find no other session: one that was logging in shows up late. */
const QUIET_LOOKS = 3;

/** Longest wait for logins that were in progress at the fence: they take milliseconds, one that lasts waits for its client. */
const ENTERING_MS = 5_000;

/** Pause between two looks. */
const LOOK_MS = 5;

/**
 * Begins the fence in one transaction: the ledger's epoch and phase, what is needed to give back, and NOLOGIN. A crash leaves
 * all of it or nothing. Returns the fenced roles.
 */
export async function closeSource(stage: Stage): Promise<string[]> {
  const { world, sourceHome } = stage;
  return guarded(sourceHome, world.expect('verified'), async () => {
    const roles = await closeLogins(sourceHome, world.migrationId);
    await sourceHome.execute(sql.setPhaseAndEpoch(world.migrationId, 'fencing', stage.fencedEpoch));
    return roles;
  });
}

/** Ends every other session until none comes back; throws `CutoverAborted` when the budget is over first. */
export async function quietSource(stage: Stage, clock: OutageClock): Promise<void> {
  const { world, sourceHome } = stage;
  const entering = await sourceHome.query<sql.EnteringSession>(sql.enteringSessions);
  let sessionsEnded = await endOthers(stage, clock, QUIET_LOOKS);
  if (entering.length > 0) {
    await waitForLogins(stage, entering);
    sessionsEnded += await endOthers(stage, clock, QUIET_LOOKS);
  }
  await assertNothingPrepared(stage);
  await moveTo(sourceHome, { ...world.expect('fencing'), epoch: stage.fencedEpoch }, 'fenced');
  world.log.fact('source fenced', { sessionsEnded });
}

/**
 * Waits until every login that was in progress at the fence has come to its end; those that began later find their role closed.
 * Throws `CutoverAborted` for one that does not end.
 */
async function waitForLogins({ sourceHome }: Stage, before: readonly sql.EnteringSession[]): Promise<void> {
  const deadline = performance.now() + ENTERING_MS;
  // Ends with the last of these logins, or by the deadline.
  for (;;) {
    const now = new Set((await sourceHome.query<sql.EnteringSession>(sql.enteringSessions)).map(({ login }) => login));
    const left = before.filter(({ login }) => now.has(login));
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new CutoverAborted(
        `${left.length} logins to the source that began before the fence did not end within ${ENTERING_MS} ms, and could write ` +
          'later on; look for clients that hang while they connect, and cut over again',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The role whose ordinary sessions read the stream; null where a walsender does. */
function readerOf({ databases, world }: Stage): string | null {
  return databases.some(({ engine }) => !engine.holdsSlot) ? replicationRole(world.migrationId) : null;
}

/**
 * Ends every other session until `looks` looks in a row find none; returns how many were ended. A session that nobody may end
 * and that writes (RDS's own) is waited for.
 */
export async function endOthers(stage: Stage, clock: OutageClock, looks: number): Promise<number> {
  let ended = 0;
  let quiet = 0;
  let last: readonly sql.OtherSession[] = [];
  const others = sql.endOtherSessions(stage.world.migrationId, readerOf(stage));
  // Every turn either finds quiet or ends sessions; the budget bounds it.
  for (;;) {
    // Behind the budget the source may be given back already: its sessions are none of ours any more.
    assertBudget(clock, last);
    const found = await stage.sourceHome.query<sql.OtherSession>(others);
    ended += found.length;
    quiet = found.length === 0 ? quiet + 1 : 0;
    if (quiet >= looks) return ended;
    last = found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function assertBudget(clock: OutageClock, found: readonly sql.OtherSession[]): void {
  try {
    clock.remainingMs('ending sessions on the source');
  } catch (error) {
    const named = [...new Set(found.map(({ username }) => username))].join(', ');
    throw new CutoverAborted(
      `sessions of ${named || 'nobody any more'} kept coming back to the source until the budget was over, stop what opens them`,
      { cause: error },
    );
  }
}
