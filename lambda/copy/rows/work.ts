/**
 * Copies queued items until the time budget ends. Rows, result and `done` mark of an item commit in the one transaction that
 * claimed it: a killed worker leaves its item open and none of its rows, a doubled one finds it done.
 */
import { Blocked, NotReady } from '../../errors';
import { assertCurrent } from '../../platform/ledger';
import type { Server, Session } from '../../platform/postgres';
import { sqlStateOf } from '../../platform/postgres-error';
import {
  type ClaimedItem,
  claimItem,
  countAttempt,
  countQueue,
  enqueue,
  finishItem,
  limitIdleTransaction,
} from '../../platform/queue';
import { relationOf } from '../../proof/tables';
import { copyItem } from './copy-item';
import type { CopyWorld } from './copy-world';
import { BLOCKS_SINCE } from './cut';
import { halve } from './divide';
import { planFactsOf, type RowsPlan } from './plan-facts';
import { attemptsOf, COPY_QUEUE, type CopyItem, type CopyResult } from './queue';
import { recut, TableMoved } from './recut';
import { assertSamePlan } from './same-plan';
import { SnapshotGone } from './snapshot-import';
import { limitBoth, openWorkplace, type Workplace } from './workplace';

/** A worker takes no item this long before the Lambda ends, so that its last one can finish. */
const RESERVE_MS = 120_000;

/** A statement ends this long before the Lambda does. */
const LAST_MS = 20_000;

/** Pause before looking again for an item that another worker holds. */
const OTHERS_MS = 200;

/** An item that took too long this often, and cannot be divided, fails. */
const MOST_ATTEMPTS = 3;

/** What a worker did. */
export interface CopiedRows {
  /** Items of all databases that are open. */
  readonly left: number;
  readonly done: number;
  readonly rows: number;
  /** On the wire. */
  readonly bytes: number;
  /** `gone`: the holder died, nothing more can be copied under its snapshot; hold a new one and plan again. */
  readonly snapshot: 'held' | 'gone';
}

/** An item that could not be copied; the others are copied before it is told. */
interface Failure {
  readonly item: ClaimedItem<CopyItem>;
  readonly error: Error;
}

/** One worker at one database. */
interface Work {
  readonly world: CopyWorld;
  readonly plan: RowsPlan;
  readonly failed: Failure[];
  readonly open: () => Promise<Workplace>;
}

type Outcome = { readonly rows: number; readonly bytes: number } | 'none' | 'divided' | 'failed';

/**
 * Copies items of the databases, one after the other, until none is open or the time is over. Throws `Blocked` naming a table
 * that cannot be copied, after all the others were.
 */
export async function copyRowsOn(
  source: Server<'source'>,
  target: Server<'target'>,
  databases: readonly string[],
  world: CopyWorld,
): Promise<CopiedRows> {
  const total = { left: 0, done: 0, rows: 0, bytes: 0 };
  for (const database of databases) {
    const copied = await copyDatabase(source, target, database, world);
    total.left += copied.left;
    total.done += copied.done;
    total.rows += copied.rows;
    total.bytes += copied.bytes;
    if (copied.snapshot === 'gone') return { ...total, snapshot: 'gone' };
  }
  return { ...total, snapshot: 'held' };
}

async function copyDatabase(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: CopyWorld,
): Promise<CopiedRows> {
  const ledger = await target.session(database);
  const plan = planFactsOf((await assertCurrent(ledger, world.expect('seeding'))).facts);
  if (plan === null) {
    throw new Blocked(`no rows of database ${JSON.stringify(database)} are planned, plan the copy first`);
  }
  const open = () => openWorkplace(source, target, database, budgetMs(world));
  const work: Work = { world, plan, failed: [], open };
  const copied = await copyUntilDone(ledger, work);
  const left = await openItems(ledger);
  world.log.fact('rows copied', { database, ...copied, left });
  const [first] = work.failed;
  if (first !== undefined) throw failureOf(database, first);
  return { ...copied, left };
}

async function copyUntilDone(ledger: Session<'target'>, work: Work): Promise<Omit<CopiedRows, 'left'>> {
  let [done, rows, bytes] = [0, 0, 0];
  let place: Workplace | null = null;
  try {
    // Every turn finishes an item, divides one, puts one aside, finds none left, or waits for another worker's item, which
    // comes back when that worker dies; the time budget bounds it.
    while (work.world.remainingMs() > RESERVE_MS) {
      place ??= await work.open();
      const copied = await copyNext(ledger, place, work);
      if (copied === 'failed') {
        // Neither session can go on after a copy that broke off.
        await place.close();
        place = null;
      } else if (copied === 'none') {
        if ((await openItems(ledger)) <= work.failed.length) break;
        await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
      } else if (copied !== 'divided') {
        done += 1;
        rows += copied.rows;
        bytes += copied.bytes;
      }
    }
    return { done, rows, bytes, snapshot: 'held' };
  } catch (error) {
    if (error instanceof SnapshotGone) return { done, rows, bytes, snapshot: 'gone' };
    throw error;
  } finally {
    await place?.close();
  }
}

/** Copies the next open item; `none` when none is open that nobody else holds. */
async function copyNext(ledger: Session<'target'>, place: Workplace, work: Work): Promise<Outcome> {
  const { world, failed } = work;
  let item = null as ClaimedItem<CopyItem> | null;
  try {
    await limitBoth(place, budgetMs(world));
    return await place.target.transaction(async () => {
      await place.target.query(limitIdleTransaction(budgetMs(world)));
      const without = failed.map((failure) => failure.item.item);
      item = await claimItem<CopyItem>(place.target, COPY_QUEUE, without);
      return item === null ? 'none' : copyClaimed(place, item, work);
    });
  } catch (error) {
    if (error instanceof TableMoved) {
      await recut(place, error, work);
      return 'divided';
    }
    if (item === null || error instanceof SnapshotGone || !(error instanceof Error)) throw error;
    const tookTooLong = sqlStateOf(error) === '57014';
    if (error instanceof NotReady && !tookTooLong) throw error;
    await ledger.execute(countAttempt(COPY_QUEUE, item.item));
    // The next turn divides it: what fails of several tables is found, and the others are copied.
    const divisible = item.payload.parts.length > 1 || (tookTooLong && (await worthAnotherTry(ledger, item, place)));
    if (!divisible) failed.push({ item, error });
    return 'failed';
  }
}

async function copyClaimed(
  place: Workplace,
  { item, payload }: ClaimedItem<CopyItem>,
  { plan, world }: Work,
): Promise<Outcome> {
  const startedAt = Date.now();
  const { attempts } = await place.target.one<{ attempts: number }>(attemptsOf(item));
  const smaller = attempts === 0 ? null : halve(payload, readsBlocks(place));
  if (smaller !== null) await place.target.execute(enqueue(COPY_QUEUE, smaller));
  const { rows, bytes } = smaller === null ? await copyItem(place, payload, plan.snapshot) : { rows: 0, bytes: 0 };
  const result: CopyResult = { rows, wireBytes: bytes, ms: Date.now() - startedAt, divided: smaller !== null };
  await place.target.execute(finishItem(COPY_QUEUE, item, result));
  await assertSamePlan(place.target, plan.snapshot, world);
  return smaller === null ? { rows, bytes } : 'divided';
}

async function worthAnotherTry(
  ledger: Session<'target'>,
  { item, payload }: ClaimedItem<CopyItem>,
  place: Workplace,
): Promise<boolean> {
  if (halve(payload, readsBlocks(place)) !== null) return true;
  return (await ledger.one<{ attempts: number }>(attemptsOf(item))).attempts < MOST_ATTEMPTS;
}

function readsBlocks({ source }: Workplace): boolean {
  return source.major >= BLOCKS_SINCE;
}

function budgetMs(world: CopyWorld): number {
  return Math.max(1_000, world.remainingMs() - LAST_MS);
}

async function openItems(ledger: Session<'target'>): Promise<number> {
  return (await ledger.one<{ open: number }>(countQueue(COPY_QUEUE))).open;
}

function failureOf(database: string, { item: { payload }, error }: Failure): Blocked {
  const tables = payload.parts.map(({ table }) => relationOf(table));
  const names =
    tables.length > 3 ? `${tables.slice(0, 3).join(', ')} and ${tables.length - 3} more` : tables.join(', ');
  return new Blocked(`${names} of database ${JSON.stringify(database)} cannot be copied: ${error.message}`, {
    cause: error,
  });
}
