/**
 * Compares queued ranges until the time budget ends. The item's result and its `done` mark commit in the transaction that
 * claimed it, together with nothing else: a killed worker leaves its item open, a doubled one finds it done.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { Blocked, NotReady } from '../errors';
import { assertCurrent } from '../platform/ledger';
import { bothSides, claimedCall } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import {
  type ClaimedItem,
  claimItem,
  countAttempt,
  countQueue,
  finishItem,
  limitIdleTransaction,
} from '../platform/queue';
import type { World } from '../platform/world';
import { compareRange } from '../proof/compare';
import { keepPendingKeys } from '../proof/pending-keys';
import { relationOf } from '../proof/tables';
import { KEEPER, openTaps } from './keep-taps';
import { Pairs } from './pairs';
import { type ItemResult, VERIFY_QUEUE, type WorkItem } from './queue';

/** Input of `verify-chunks`. */
export const chunksInput = claimedCall.extend({ ...bothSides, worker: z.number().int().nonnegative() });

/** A worker takes no range this long before the Lambda ends, so that its last one can finish. */
const RESERVE_MS = 120_000;

/** A statement ends this long before the Lambda does. */
const LAST_MS = 20_000;

/** Pause before looking again for a range that another worker holds. */
const OTHERS_MS = 200;

/** A range that could not be compared here; the others are compared before it is told. */
interface Failure {
  readonly item: ClaimedItem<WorkItem>;
  readonly error: Error;
}

/** Opens both servers and compares. */
export async function compareChunks(input: Input<'verify-chunks'>, world: World): Promise<Output<'verify-chunks'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return compareChunksOn(source, target, input.worker, world);
}

/**
 * Compares ranges until none is open or the time is over, and says what is left. Throws `Blocked` naming a table that cannot be
 * compared, after all the others were (fault 25).
 */
export async function compareChunksOn(
  source: Server<'source'>,
  target: Server<'target'>,
  worker: number,
  world: World,
): Promise<Output<'verify-chunks'>> {
  const home = await target.home();
  await assertCurrent(home, world.expect('replicating', 'verified'));
  const taps = worker === KEEPER ? await openTaps(source, target, world) : null;
  const comparing = compareUntilDone(source, target, worker, world);
  await taps?.keepUntil(comparing);
  return comparing;
}

async function compareUntilDone(
  source: Server<'source'>,
  target: Server<'target'>,
  worker: number,
  world: World,
): Promise<Output<'verify-chunks'>> {
  const home = await target.home();
  const pairs = new Pairs(source, target, Math.max(LAST_MS, world.remainingMs() - LAST_MS));
  const failed: Failure[] = [];
  let done = 0;
  let rows = 0;
  // Every turn finishes an item, puts one aside, finds none left, or waits for another worker's item, which comes back when
  // that worker dies; the time budget bounds it.
  while (world.remainingMs() > RESERVE_MS) {
    const compared = await compareNext(home, pairs, failed, world);
    if (typeof compared === 'number') {
      done += 1;
      rows += compared;
    } else if (compared === 'none') {
      if ((await openItems(home)) <= failed.length) break;
      await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
    }
  }
  await pairs.close();
  const left = await openItems(home);
  world.log.fact('ranges compared', { worker, done, left, rows });
  world.metrics.measured({ RowsVerified: rows });
  const [first] = failed;
  if (first !== undefined) throw failureOf(first);
  return { left, done, rows };
}

async function openItems(home: Session<'target'>): Promise<number> {
  return (await home.one<{ open: number }>(countQueue(VERIFY_QUEUE))).open;
}

/** Compares the next open range; returns its rows, `none` when none is open that nobody else holds. */
async function compareNext(
  home: Session<'target'>,
  pairs: Pairs,
  failed: Failure[],
  world: World,
): Promise<number | 'none' | 'failed'> {
  const budgetMs = Math.max(1_000, world.remainingMs() - LAST_MS);
  let item = null as ClaimedItem<WorkItem> | null;
  try {
    return await home.transaction(async () => {
      // The claim lies idle while the rows are read elsewhere.
      await home.query(limitIdleTransaction(budgetMs + LAST_MS));
      item = await claimItem<WorkItem>(
        home,
        VERIFY_QUEUE,
        failed.map((failure) => failure.item.item),
      );
      return item === null ? 'none' : compareItem(home, await pairs.of(item.payload.database, budgetMs), item);
    });
  } catch (error) {
    if (item === null || error instanceof NotReady || !(error instanceof Error)) throw error;
    await home.execute(countAttempt(VERIFY_QUEUE, item.item));
    failed.push({ item, error });
    return 'failed';
  }
}

async function compareItem(
  home: Session<'target'>,
  pair: Awaited<ReturnType<Pairs['of']>>,
  { item, payload }: ClaimedItem<WorkItem>,
): Promise<number> {
  const startedAt = Date.now();
  const { rows, different } = await compareRange(pair, payload.table, payload.range);
  // Kept before the item is done: a crash between the two compares the range again, which forgets nothing.
  if (different.size > 0) await keepPendingKeys(pair.target, different);
  const result: ItemResult = { rows, different: different.size, ms: Date.now() - startedAt };
  await home.execute(finishItem(VERIFY_QUEUE, item, result));
  return rows;
}

function failureOf({ item: { payload }, error }: Failure): Blocked {
  return new Blocked(
    `table ${relationOf(payload.table)} of database ${JSON.stringify(payload.database)} cannot be compared: ${error.message}`,
    { cause: error },
  );
}
