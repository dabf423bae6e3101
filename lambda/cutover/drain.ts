/** Barrier and sequences: everything committed before the fence is on the target, flushed, and numbers go on from there. */
import { NotReady } from '../errors';
import { guarded } from '../platform/ledger';
import { insertMarker, mergeFacts } from '../platform/ledger-sql';
import { streamName } from '../platform/names';
import { passBarrier, raiseBarrier } from '../proof/barrier';
import type { Pair } from '../proof/compare';
import type { OutageClock } from './outage-clock';
import * as sql from './sql';
import type { DatabaseStage, Stage } from './stage';

/** How often the slot is asked whether it has confirmed. */
const ASK_MS = 5;

/** A walreceiver reports when something arrives: so something is sent (facts F8). */
const NUDGE_MS = 40;

/** A database whose marker has arrived. */
export interface Drained {
  readonly database: DatabaseStage;
  readonly fenceLsn: string;
}

/** Waits until the marker of every database is on the target. */
export async function drain(stage: Stage, clock: OutageClock): Promise<Drained[]> {
  return Promise.all(
    stage.databases.map(async (database) => {
      const marker = { ...database.marker, kind: 'fence', epoch: stage.fencedEpoch };
      const barrier = await raiseBarrier(database.pair.source, marker);
      await passBarrier(database.pair.target, barrier, clock.remainingMs('waiting for the barrier'));
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
  await Promise.all(drained.map((one) => confirmOne(stage, one, clock)));
}

async function confirmOne(stage: Stage, { database, fenceLsn }: Drained, clock: OutageClock): Promise<void> {
  const slot = streamName(stage.world.migrationId, database.name);
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
  const counts = await Promise.all(stage.databases.map(({ aside }) => setSequencesOf(aside)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function setSequencesOf({ source, target }: Pair): Promise<number> {
  const names = await source.query<sql.SequenceName>(sql.sequences);
  if (names.length === 0) return 0;
  const states = await source.query<sql.SequenceState>(sql.sequenceStates(names));
  await target.query(sql.setSequences(names, states));
  const arrived = new Map(
    (await target.query<sql.SequenceState>(sql.sequenceStates(names))).map((state) => [state.position, state]),
  );
  for (const state of states) {
    const now = arrived.get(state.position);
    if (now?.value !== state.value || now.called !== state.called) {
      const { schema, name } = names[state.position] ?? { schema: '?', name: '?' };
      throw new NotReady(`sequence ${schema}.${name} was set to ${state.value} and reads ${now?.value ?? 'nothing'}`);
    }
  }
  return names.length;
}
