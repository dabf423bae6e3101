/**
 * Copies queued items of several databases until the time budget ends. Rows, result and `done` mark of an item commit in the one transaction that
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
import { type NextItem, nextDatabase } from './next-database';
import { planFactsOf, type RowsPlan } from './plan-facts';
import { attemptsOf, COPY_QUEUE, type CopyItem, type CopyResult, nextItem } from './queue';
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

/** One database of a worker. */
interface Work {
  readonly database: string;
  readonly ledger: Session<'target'>;
  readonly world: CopyWorld;
  readonly plan: RowsPlan;
  readonly failed: Failure[];
  readonly open: () => Promise<Workplace>;
}

/** Where a worker is. */
interface At {
  readonly work: Work;
  readonly place: Workplace;
}

type Outcome = { readonly rows: number; readonly bytes: number } | 'none' | 'divided' | 'failed';

/**
 * Copies items of the databases until none is open or the time is over: what takes longest of all of them comes first, so that no
 * worker is idle while one of them has rows. Throws `Blocked` naming a table that cannot be copied, after all the others were.
 */
export async function copyRowsOn(
  source: Server<'source'>,
  target: Server<'target'>,
  databases: readonly string[],
  world: CopyWorld,
): Promise<CopiedRows> {
  const works: Work[] = [];
  for (const database of databases) works.push(await workAt(source, target, database, world));
  const copied = await copyUntilDone(works, world);
  let left = 0;
  for (const { ledger } of works) left += await openItems(ledger);
  world.log.fact('rows copied', { databases: databases.length, ...copied, left });
  for (const { database, failed } of works) {
    const [first] = failed;
    if (first !== undefined) throw failureOf(database, first);
  }
  return { ...copied, left };
}

async function workAt(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: CopyWorld,
): Promise<Work> {
  const ledger = await target.session(database);
  const plan = planFactsOf((await assertCurrent(ledger, world.expect('seeding'))).facts);
  if (plan === null) {
    throw new Blocked(`no rows of database ${JSON.stringify(database)} are planned, plan the copy first`);
  }
  const open = () => openWorkplace(source, target, database, budgetMs(world));
  return { database, ledger, world, plan, failed: [], open };
}

async function copyUntilDone(works: readonly Work[], world: CopyWorld): Promise<Omit<CopiedRows, 'left'>> {
  let [done, rows, bytes] = [0, 0, 0];
  let at: At | null = null;
  try {
    // Every turn finishes an item, divides one, puts one aside, finds none left, or waits for another worker's item, which
    // comes back when that worker dies; the time budget bounds it.
    while (world.remainingMs() > RESERVE_MS) {
      const work: Work | null = await nextWork(works, at?.work ?? null);
      if (work === null) {
        if (await nothingOpen(works)) break;
        await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
        continue;
      }
      at = await goTo(work, at);
      const copied = await copyNext(at.place, work);
      if (copied === 'failed') {
        // Neither session can go on after a copy that broke off.
        await at.place.close();
        at = null;
      } else if (copied !== 'none' && copied !== 'divided') {
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
    await at?.place.close();
  }
}

async function nextWork(works: readonly Work[], present: Work | null): Promise<Work | null> {
  const items: NextItem<Work>[] = [];
  for (const work of works) {
    const without = work.failed.map((failure) => failure.item.item);
    const [item] = await work.ledger.query<{ bytes: string }>(nextItem(without));
    if (item !== undefined) items.push({ database: work, bytes: Number(item.bytes) });
  }
  return nextDatabase(items, present);
}

/** A worker has a pair of sessions in one database at a time. */
async function goTo(work: Work, at: At | null): Promise<At> {
  if (at?.work === work) return at;
  await at?.place.close();
  return { work, place: await work.open() };
}

async function nothingOpen(works: readonly Work[]): Promise<boolean> {
  for (const { ledger, failed } of works) if ((await openItems(ledger)) > failed.length) return false;
  return true;
}

/** Copies the next open item; `none` when none is open that nobody else holds. */
async function copyNext(place: Workplace, work: Work): Promise<Outcome> {
  const { ledger, world, failed } = work;
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
