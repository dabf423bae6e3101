/**
 * The barrier: a marker row committed on the source must be seen on the target. It is nudge and proof in one: rows arrive
 * in commit order, so everything committed before the marker is there too (facts F8, F9).
 */
import { randomUUID } from 'node:crypto';
import { Blocked, NotReady } from '../errors';
import { slotsFollowedByPglogical } from '../platform/engines/pglogical-slots';
import { insertMarker, markerPresent } from '../platform/ledger-sql';
import type { Session } from '../platform/postgres';
import { findSlot, slotsFollowed } from '../platform/slots';
import type { Pair } from './compare';

/** How often the target is asked for the marker. */
const ASK_MS = 5;

/** How often the source is asked for the slot, while the marker does not come. */
const LOOK_AT_SLOT_MS = 1_000;

/** Where the source stood when the marker was committed. */
export interface Barrier {
  readonly markerId: string;
  /** `pg_current_wal_flush_lsn()` after the marker's commit: at or behind it, and readable by a walsender at once. */
  readonly lsn: string;
}

/** Commits a marker on the source and says where. */
export async function raiseBarrier(
  source: Session<'source'>,
  marker: { readonly kind: string; readonly epoch: string; readonly execution: string },
): Promise<Barrier> {
  const markerId = `${marker.kind}-${randomUUID()}`;
  await source.execute(insertMarker({ id: markerId, ...marker }));
  const { lsn } = await source.one<{ lsn: string }>({ text: 'select pg_current_wal_flush_lsn()::text as lsn' });
  return { markerId, lsn };
}

/**
 * Waits until the marker is on the target. Throws `NotReady` after `timeoutMs`, and `Blocked` as soon as the slot that the marker
 * must come through is gone or lost: nothing will ever arrive (faults 28, 30).
 */
export async function passBarrier({ source, target }: Pair, barrier: Barrier, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let lookAt = Date.now() + LOOK_AT_SLOT_MS;
  // Ends by the marker's arrival, by the slot's loss or by the deadline.
  for (;;) {
    const { present } = await target.one<{ present: boolean }>(markerPresent(barrier.markerId));
    if (present) return;
    if (Date.now() > lookAt) {
      await assertSlot(source, target);
      lookAt = Date.now() + LOOK_AT_SLOT_MS;
    }
    if (Date.now() > deadline) {
      throw new NotReady(
        `marker of lsn ${barrier.lsn} did not reach target database ${JSON.stringify(target.database)} within ${Math.round(timeoutMs)} ms, ` +
          'look at the subscription and its lag',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** Throws `Blocked` when the target follows a slot of ours that the source does not have, or has lost. */
async function assertSlot(source: Session<'source'>, target: Session<'target'>): Promise<void> {
  const followed = (await target.query<{ name: string }>(slotsFollowed)).map(({ name }) => name);
  for (const name of [...followed, ...(await slotsFollowedByPglogical(target))]) {
    const slot = await findSlot(source, name);
    if (slot !== null && slot.walStatus !== 'lost') continue;
    throw new Blocked(
      `slot ${name} of source database ${JSON.stringify(source.database)} is ${slot === null ? 'gone' : 'lost'}, the target ` +
        'cannot catch up, replicate anew',
    );
  }
}
