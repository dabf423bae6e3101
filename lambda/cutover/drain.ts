/** Barrier and sequences: everything committed before the fence is on the target, flushed, and numbers go on from there. */
import { NotReady } from '../errors';
import { guarded } from '../platform/ledger';
import { insertMarker, mergeFacts } from '../platform/ledger-sql';
import { passBarrier, raiseBarrier } from '../proof/barrier';
import type { Pair } from '../proof/compare';
import type { OutageClock } from './outage-clock';
import * as sql from './sql';
import type { DatabaseStage, Stage } from './stage';

/** How often the slot is asked whether it has confirmed. */
const ASK_MS = 5;

/** A walreceiver reports when something arrives: so something is sent (facts F8). */
const NUDGE_MS = 40;

/** Sequences read in one statement: ten thousand exceed the server's stack (54001, measured on 17). */
const SEQUENCES_PER_STATEMENT = 500;

/** A database whose marker has arrived. */
export interface Drained {
  readonly database: DatabaseStage;
  readonly fenceLsn: string;
}

/** Waits until the marker of every database is on the target; `dry` before the fence, to see how long it takes. */
export async function drain(stage: Stage, clock: OutageClock, kind: 'fence' | 'dry' = 'fence'): Promise<Drained[]> {
  return Promise.all(
    stage.databases.map(async (database) => {
      const marker = { ...database.marker, kind, epoch: stage.fencedEpoch };
      const barrier = await raiseBarrier(database.pair.source, marker);
      await passBarrier(database.pair, barrier, clock.remainingMs('waiting for the barrier'));
      return { database, fenceLsn: barrier.lsn };
    }),
  );
}

/**
 * Waits until every slot has confirmed its fence LSN: what the target applied is flushed there too. The commit on the target
 * flushes its WAL at once instead of at the WAL writer's leisure.
 */
export async function confirm(stage: Stage, drained: readonly Drained[], clock: OutageClock): Promise<void> {
  const { world, targetHome } = stage;
  const fenceLsns = Object.fromEntries(drained.map(({ database, fenceLsn }) => [database.name, fenceLsn]));
  await guarded(targetHome, world.expect('verified'), () =>
    targetHome.execute(mergeFacts(world.migrationId, { fenceLsns })),
  );
  await confirmSlots(stage, drained, clock);
}

/** Waits until every slot has confirmed its LSN. */
export async function confirmSlots(stage: Stage, drained: readonly Drained[], clock: OutageClock): Promise<void> {
  await Promise.all(drained.map((one) => confirmOne(stage, one, clock)));
}

async function confirmOne(stage: Stage, { database, fenceLsn }: Drained, clock: OutageClock): Promise<void> {
  const { slot } = database;
  const session = database.aside.source;
  let nudgedAt = 0;
  // Ends by the slot's confirmation or by the budget.
  for (;;) {
    const [row] = await session.query<{ confirmed: boolean }>(sql.slotConfirmed(slot, fenceLsn));
    if (row === undefined) throw new NotReady(`slot ${slot} vanished while it was waited for`);
    if (row.confirmed) return;
    clock.remainingMs(`waiting for slot ${slot} to confirm ${fenceLsn}`);
    if (performance.now() - nudgedAt > NUDGE_MS) {
      nudgedAt = performance.now();
      const id = `nudge-${stage.fencedEpoch}-${Math.round(nudgedAt)}`;
      await session.execute(insertMarker({ ...database.marker, id, kind: 'nudge', epoch: stage.fencedEpoch }));
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** Sets every sequence of every database and reads them back; returns how many. */
export async function setSequences(stage: Stage): Promise<number> {
  const counts = await Promise.all(stage.databases.map(({ aside, sequences }) => setSequencesOf(aside, sequences)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function setSequencesOf(pair: Pair, names: readonly sql.SequenceName[]): Promise<number> {
  for (let at = 0; at < names.length; at += SEQUENCES_PER_STATEMENT) {
    await setThese(pair, names.slice(at, at + SEQUENCES_PER_STATEMENT), `sequences from ${at}`);
  }
  return names.length;
}

/** Only those that differ are set: before the fence all were set once, so that few have moved on since. */
async function setThese(
  { source, target }: Pair,
  names: readonly sql.SequenceName[],
  statementName: string,
): Promise<void> {
  const read = sql.sequenceStates(names, statementName);
  const [wanted, present] = await Promise.all([
    source.query<sql.SequenceState>(read),
    target.query<sql.SequenceState>(read),
  ]);
  const moved = different(wanted, present);
  if (moved.length === 0) return;
  await target.query(sql.setSequences(names, moved));
  const [wrong] = different(wanted, await target.query<sql.SequenceState>(read));
  if (wrong === undefined) return;
  const { schema, name } = names[wrong.position] ?? { schema: '?', name: '?' };
  throw new NotReady(`sequence ${schema}.${name} was set to ${wrong.value} and does not read so`);
}

/** The states of `wanted` that `present` does not show. */
function different(wanted: readonly sql.SequenceState[], present: readonly sql.SequenceState[]): sql.SequenceState[] {
  const there = new Map(present.map((state) => [state.position, state]));
  return wanted.filter(({ position, value, called }) => {
    const state = there.get(position);
    return state?.value !== value || state.called !== called;
  });
}
