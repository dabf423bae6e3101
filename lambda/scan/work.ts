/**
 * Does queued items until the time budget ends. The item's result and its `done` mark commit in the transaction that claimed it, in
 * the ledger of the database that is read: a killed worker leaves its item open, a doubled one finds it done.
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { Blocked, NotReady } from '../errors';
import { assertCurrent } from '../platform/ledger';
import { claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import {
  type ClaimedItem,
  claimItem,
  countAttempt,
  countQueue,
  finishItem,
  limitIdleTransaction,
  limitStatement,
} from '../platform/queue';
import { qualified } from '../platform/quote';
import { Throttle } from '../platform/throttle';
import type { World } from '../platform/world';
import { pinSettings } from '../proof/row-hash';
import { endedByCrash, MOST_CRASHES, noteCrash } from './crash';
import { expectedOn, openScanned, scanPlace } from './place';
import { readPlan } from './plan-facts';
import { CONTENT_QUEUE, type ScanItem, STRUCTURE_QUEUE } from './queue';
import { DIVIDED, leftAlone, partsOf, scanItem } from './scan-item';
import { NO_SEQUENTIAL_SCAN } from './sql/read';
import { attemptsOf, enqueueParts } from './sql/results';
import type { AvailableChecks } from './structure';

/** Input of `scan-ranges`. */
export const scanInput = claimedCall.extend({
  ...scanPlace,
  databases,
  worker: z.number().int().nonnegative(),
});

/** A worker takes no item this long before the Lambda ends, so that its last one can finish. */
const RESERVE_MS = 120_000;

/** A statement ends this long before the Lambda does. */
const LAST_MS = 20_000;

/** Longest wait for a lock: reading asks for none that a writer holds, only a change of the table's definition does. */
const LOCK_MS = 5_000;

/** Pause before looking again for an item that another worker holds. */
const OTHERS_MS = 200;

/** The two sessions of a worker in one database: one holds the claim, the other reads. */
interface Workplace {
  readonly ledger: Session;
  readonly reader: Session;
  readonly available: AvailableChecks;
  readonly throttle: Throttle;
  /** A further session of the database, for what is left to say when these are gone. */
  readonly another: () => Promise<Session>;
}

/** What a worker has done so far. */
interface Tally {
  done: number;
  rows: number;
  readonly failures: { readonly item: string; readonly error: Blocked }[];
}

/** Opens the source and scans. */
export async function scanRanges(input: Input<'scan-ranges'>, world: World): Promise<Output<'scan-ranges'>> {
  return scanRangesOn(await openScanned(input, world), input.databases, input.worker, world);
}

/**
 * Scans until no item is open or the time is over, and says what is left. Throws `Blocked` naming a relation that cannot be scanned
 * for another reason than damage, after all the others were.
 */
export async function scanRangesOn(
  server: Server,
  names: readonly string[],
  worker: number,
  world: World,
): Promise<Output<'scan-ranges'>> {
  await assertCurrent(await server.home(), expectedOn(server, world));
  const tally: Tally = { done: 0, rows: 0, failures: [] };
  let left = 0;
  let throttle: Throttle | null = null;
  for (const database of names) {
    const entered = await enter(server, database, world);
    throttle ??= await Throttle.start(server, entered.calmPulseMs);
    const place = { ...entered, throttle };
    for (const queue of [STRUCTURE_QUEUE, CONTENT_QUEUE]) {
      await emptyOut(place, queue, tally, world);
      left += await openItems(place.ledger, queue);
    }
    await Promise.all([place.ledger.close(), place.reader.close()]);
  }
  await throttle?.stop();
  const { done, rows, failures } = tally;
  world.log.fact('ranges scanned', { worker, done, left, rows });
  world.metrics.measured({ RowsScanned: rows });
  const [first] = failures;
  if (first !== undefined) throw first.error;
  return { left, done, rows };
}

async function enter(
  server: Server,
  database: string,
  world: World,
): Promise<Omit<Workplace, 'throttle'> & { readonly calmPulseMs: number }> {
  const statementMs = Math.max(LAST_MS, world.remainingMs() - LAST_MS);
  const timeouts = { statementMs, lockMs: LOCK_MS };
  const [ledger, reader] = await Promise.all([server.another(database, timeouts), server.another(database, timeouts)]);
  const plan = readPlan(await assertCurrent(ledger, expectedOn(server, world)), world.epoch);
  if (plan === null) throw new Blocked(`no scan was planned at epoch ${world.epoch}, run plan-scan first`);
  await pinSettings(reader);
  await reader.query(NO_SEQUENTIAL_SCAN);
  const { available, calmPulseMs } = plan;
  return { ledger, reader, available, calmPulseMs, another: () => server.another(database) };
}

/** Structure is checked to the last item before anything is read, by whichever worker: what is unsafe to read must be known. */
async function emptyOut(place: Workplace, queue: string, tally: Tally, world: World): Promise<void> {
  // Every turn finishes an item, puts one aside, finds none left, or waits for another worker's item, which comes back when
  // that worker dies; the time budget bounds it.
  while (world.remainingMs() > RESERVE_MS) {
    if (await doNext(place, queue, tally, world)) {
      await place.throttle.rest(place.ledger);
      continue;
    }
    const aside = tally.failures.length;
    if ((await openItems(place.ledger, queue)) <= aside) return;
    await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
  }
}

async function openItems(ledger: Session, queue: string): Promise<number> {
  return (await ledger.one<{ open: number }>(countQueue(queue))).open;
}

/** Does the next open item; false when none is open that nobody else holds. */
async function doNext(place: Workplace, queue: string, tally: Tally, world: World): Promise<boolean> {
  const { ledger, reader, available } = place;
  const budgetMs = Math.max(1_000, world.remainingMs() - LAST_MS);
  const aside = tally.failures.map(({ item }) => item);
  let item = null as ClaimedItem<ScanItem> | null;
  try {
    return await ledger.transaction(async () => {
      // The claim lies idle while the rows are read.
      await ledger.query(limitIdleTransaction(budgetMs + LAST_MS));
      item = await claimItem<ScanItem>(ledger, queue, aside);
      if (item === null) return false;
      await reader.query(limitStatement(budgetMs));
      const { attempts } = await ledger.one<{ attempts: number }>(attemptsOf(queue, item.item));
      const parts = attempts > 0 ? partsOf(item.payload) : [];
      if (parts.length > 0) {
        await ledger.execute(enqueueParts(queue, parts, attempts));
        await ledger.execute(finishItem(queue, item.item, DIVIDED));
        return true;
      }
      const { rows, result } =
        attempts >= MOST_CRASHES
          ? leftAlone(item.payload)
          : await scanItem({ ledger, reader, available }, item.payload);
      await ledger.execute(finishItem(queue, item.item, result));
      tally.done += 1;
      tally.rows += rows;
      return true;
    });
  } catch (error) {
    if (item !== null && endedByCrash(error)) await noteCrash(place.another, queue, item.item);
    if (item === null || error instanceof NotReady || !(error instanceof Error)) throw error;
    await ledger.execute(countAttempt(queue, item.item));
    if (partsOf(item.payload).length > 0) return true;
    tally.failures.push({ item: item.item, error: failureOf(ledger.database, item.payload, error) });
    return true;
  }
}

function failureOf(database: string, item: ScanItem, error: Error): Blocked {
  const relations = item.kind === 'tables' ? item.tables.map(({ relation }) => relation) : [item.relation];
  const names = relations.map(({ schema, name }) => qualified(schema, name)).join(', ');
  const state = sqlStateOf(error);
  return new Blocked(
    `table ${names} of database ${JSON.stringify(database)} cannot be scanned` +
      `${state === undefined ? '' : ` (SQLSTATE ${state})`}: ${error.message}`,
    { cause: error },
  );
}
