/**
 * Looks after a way back while nobody is on it: measures the slots that the source reads from, and says when its window has ended,
 * so that nobody has to remember it. Only the target is asked: a source that is gone is what has to be noticed.
 */
import type { Input, Output } from '../contract/payloads';
import { readLedger } from '../platform/ledger';
import { lockMigration, mergeFacts } from '../platform/ledger-sql';
import type { Measured } from '../platform/metrics';
import { streamName } from '../platform/names';
import { call, instanceFacts } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import type { World } from '../platform/world';
import * as sql from './sql';
import { openWayBackOf, stateOfWindow, type WindowState } from './window';

/** Input of the step. */
export const watchWayBackInput = call.extend({ target: instanceFacts });

/** Opens the target and looks. */
export async function watchWayBack(input: Input<'watch-way-back'>, world: World): Promise<Output<'watch-way-back'>> {
  return watchWayBackOn(await world.openTarget(input.target), world);
}

/** Measures, and answers how the window stands; that it has ended is due once a day, until the way back is closed. */
export async function watchWayBackOn(target: Server<'target'>, world: World): Promise<Output<'watch-way-back'>> {
  const home = await target.home();
  if (openWayBackOf(await readLedger(home, world.migrationId)) === null) {
    return answer(await lookAtWindow(home, world), null);
  }
  const state = await home.transaction(async () => {
    // Whoever goes back or retires takes the same lock.
    await home.query(lockMigration(world.migrationId));
    const found = await lookAtWindow(home, world);
    if (found.state === 'over' && found.due) await keepTold(home, found, world);
    return found;
  });
  return answer(state, state.state === 'none' ? null : await measure(home, state.wayBack.databases, world));
}

async function lookAtWindow(
  home: Session<'target'>,
  { migrationId, call: { execution } }: World,
): Promise<WindowState> {
  const row = await readLedger(home, migrationId);
  const wayBack = openWayBackOf(row);
  const none = { over: false, quietForLong: false };
  const clock =
    wayBack === null ? none : await home.one<typeof none>(sql.windowClock(wayBack.until, wayBack.told?.at ?? null));
  return stateOfWindow(row, execution, clock);
}

async function keepTold(
  home: Session<'target'>,
  { wayBack }: WindowState & { state: 'over' },
  { migrationId, call: { execution } }: World,
): Promise<void> {
  const { now } = await home.one<{ now: string }>(sql.clockAgainst(null));
  await home.execute(mergeFacts(migrationId, { wayBack: { ...wayBack, told: { at: now, execution } } }));
}

/** A slot that is gone counts as one that nobody reads from, and keeps nothing. */
async function measure(home: Session<'target'>, databases: readonly string[], world: World): Promise<Measured> {
  const names = databases.map((database) => streamName(world.migrationId, database));
  const slots = await home.query<{ name: string; idle: boolean; lagBytes: string; retainedBytes: string }>(
    sql.wayBackSlots(names),
  );
  const inUse = slots.filter(({ idle }) => !idle);
  for (const { name } of slots.filter(({ idle }) => idle)) world.log.warning('slot not in use', { slot: name });
  const measured = {
    WayBackLagBytes: Math.max(0, ...slots.map(({ lagBytes }) => Number(lagBytes))),
    WayBackRetainedBytes: Math.max(0, ...slots.map(({ retainedBytes }) => Number(retainedBytes))),
    WayBackIdleSlots: names.length - inUse.length,
  };
  world.metrics.measured(measured);
  return measured;
}

function answer(found: WindowState, measured: Measured | null): Output<'watch-way-back'> {
  if (found.state === 'none') return { state: 'none', due: false, until: null, detail: found.detail };
  const { until, databases } = found.wayBack;
  const idle = measured?.WayBackIdleSlots ?? 0;
  const followed =
    idle === 0
      ? 'the source follows'
      : `the source follows in ${databases.length - idle} of ${databases.length} databases`;
  const kept = `${measured?.WayBackRetainedBytes ?? 0} bytes of WAL are kept for it`;
  return { state: found.state, due: found.state === 'over' && found.due, until, detail: `${followed}, ${kept}` };
}
