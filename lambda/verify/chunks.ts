/**
 * Compares queued ranges until the time budget ends. The item's result and its `done` mark commit in the transaction that
 * claimed it, together with nothing else: a killed worker leaves its item open, a doubled one finds it done.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract';
import { assertCurrent } from '../platform/ledger';
import { bothSides, claimedCall } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import type { World } from '../platform/world';
import { compareRange, type Pair } from '../proof/compare';
import { keepPendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import { claimItem, countQueue, finishItem } from './queue';

/** Input of `verify-chunks`. */
export const chunksInput = claimedCall.extend({ ...bothSides, worker: z.number().int().nonnegative() });

/** A worker ends this long before the Lambda does, so that its last range can finish. */
const RESERVE_MS = 120_000;

/** Pause before looking again for a range that another worker holds. */
const OTHERS_MS = 200;

/** Compares ranges until none is open or the time is over, and says what is left. */
export async function compareChunks(input: Input<'verify-chunks'>, world: World): Promise<Output<'verify-chunks'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const home = await target.home();
  await assertCurrent(home, world.expect('replicating', 'verified'));
  const pairs = new Map<string, Promise<Pair>>();
  let done = 0;
  let rows = 0;
  // Every turn finishes an item, finds none left, or waits for another worker's item, which comes back when that worker dies;
  // the time budget bounds it.
  while (world.remainingMs() > RESERVE_MS) {
    const compared = await compareNext(home, (database) => pairOf(pairs, source, target, database));
    if (compared !== null) {
      done += 1;
      rows += compared;
    } else if ((await openItems(home)) === 0) break;
    else await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
  }
  const open = await openItems(home);
  world.log.fact('ranges compared', { worker: input.worker, done, left: open, rows });
  return { left: open, done, rows };
}

async function openItems(home: Session<'target'>): Promise<number> {
  return (await home.one<{ open: number }>(countQueue)).open;
}

/** Compares the next open range; returns its rows, or null when none is open that nobody else holds. */
async function compareNext(
  home: Session<'target'>,
  pairFor: (database: string) => Promise<Pair>,
): Promise<number | null> {
  return home.transaction(async () => {
    const item = await claimItem(home);
    if (item === null) return null;
    const startedAt = Date.now();
    const pair = await pairFor(item.database);
    const { rows, different } = await compareRange(pair, item.table, item.range);
    // Kept before the item is done: a crash between the two compares the range again, which forgets nothing.
    if (different.size > 0) await keepPendingKeys(pair.target, different);
    await finishItem(home, item.item, { rows, different: different.size, ms: Date.now() - startedAt });
    return rows;
  });
}

function pairOf(
  pairs: Map<string, Promise<Pair>>,
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
): Promise<Pair> {
  const known = pairs.get(database);
  if (known !== undefined) return known;
  const opened = openPair(source, target, database);
  pairs.set(database, opened);
  return opened;
}

async function openPair(source: Server<'source'>, target: Server<'target'>, database: string): Promise<Pair> {
  const [left, right] = await Promise.all([source.another(database), target.another(database)]);
  await Promise.all([pinSettings(left), pinSettings(right)]);
  return { source: left, target: right };
}
