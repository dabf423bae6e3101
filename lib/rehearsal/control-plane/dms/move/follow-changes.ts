import type { Client } from 'pg';
import { lsnNumber, readStopPosition } from '../positions';
import type { StopPosition } from '../task';
import { applyTransactions, type OnApplied } from './apply-changes';
import { confirm, peekTransactions, type SourceTransaction } from './change-stream';
import type { RunWorld } from './run-world';

/** Between two looks at a slot that had nothing, in real milliseconds: how fast changes come does not depend on the clock. */
const LOOK_MS = 50;

/** Why changes are no longer followed; null: the run was told to stop. */
export type FollowEnd = 'STOPPED_AT_SERVER_TIME' | 'STOPPED_AT_COMMIT_TIME' | 'STOPPED_AFTER_CACHED_EVENTS' | null;

/** Where and how changes are followed. */
export interface Following {
  readonly source: Client;
  readonly target: Client;
  readonly slot: string;
  /** Transactions whose commits end here or before are on the target already. */
  readonly fromLsn: string;
  readonly onApplied: OnApplied;
  /** Called between two looks, when nothing is under way on the target. */
  readonly between: () => Promise<void>;
}

/** Applies the changes of the slot until the run is stopped or the task's stop position is reached. */
export async function followChanges(world: RunWorld, following: Following): Promise<FollowEnd> {
  const { task, signal } = world;
  const stop = task.cdcStopPosition === null ? null : readStopPosition(task.cdcStopPosition);
  let from = following.fromLsn;
  // Ends with the signal or a stop position; every round moves the position on or sleeps.
  while (!signal.aborted) {
    await following.between();
    const looked = await peekTransactions(following.source, following.slot);
    const fresh = looked.filter(({ endLsn }) => lsnNumber(endLsn) > lsnNumber(from));
    const within = fresh.slice(0, stopIndex(fresh, stop));
    const done = await applyAll(world, following, within);
    from = done ?? from;
    const last = looked.at(-1)?.endLsn;
    const confirmed = within.length === fresh.length && !signal.aborted ? last : done;
    if (confirmed !== undefined && confirmed !== null) {
      await confirm(following.source, following.slot, confirmed);
      task.checkpoint = laterOf(task.checkpoint, confirmed);
    }
    if (within.length < fresh.length)
      return stop?.kind === 'commit_time' ? 'STOPPED_AT_COMMIT_TIME' : 'STOPPED_AT_SERVER_TIME';
    if (looked.length > 0) continue;
    if (stop?.kind === 'server_time' && world.clock.now() > stop.at) return 'STOPPED_AT_SERVER_TIME';
    if (task.settings.stopAfterCachedChanges && task.type === 'full-load-and-cdc') return 'STOPPED_AFTER_CACHED_EVENTS';
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return null;
}

/** Applies one by one, or all in one with batch apply; returns the end of the last that the target has. */
async function applyAll(
  world: RunWorld,
  { target, onApplied }: Following,
  transactions: readonly SourceTransaction[],
): Promise<string | null> {
  if (world.task.settings.batchApply) {
    await applyTransactions(world, target, transactions, onApplied);
    return transactions.at(-1)?.endLsn ?? null;
  }
  let done: string | null = null;
  for (const transaction of transactions) {
    if (world.signal.aborted) break;
    await applyTransactions(world, target, [transaction], onApplied);
    done = transaction.endLsn;
  }
  return done;
}

/** Index of the first transaction behind the stop position: the first of a later commit, whichever clock is meant. */
function stopIndex(transactions: readonly SourceTransaction[], stop: StopPosition | null): number {
  if (stop === null) return transactions.length;
  const index = transactions.findIndex(({ committedAt }) => committedAt !== null && committedAt > stop.at);
  return index < 0 ? transactions.length : index;
}

function laterOf(left: string | null, right: string): string {
  return left !== null && lsnNumber(left) > lsnNumber(right) ? left : right;
}
