/**
 * Brings back what was removed for DMS, exactly. Indexes come while the task still follows; keys, triggers and rules when it has
 * stopped, before the flip; the rows of keys are checked by the server after it, and were counted before.
 *
 *   indexes (queue) ─▶ rows without a counterpart counted ─▶ task stopped ─▶ keys, triggers, rules ─▶ flip ─▶ keys validated (queue)
 */
import { Blocked } from '../../errors';
import { type Expectation, guarded, lockExpected } from '../ledger';
import type { Server, Session } from '../postgres';
import { PostgresError } from '../postgres-error';
import type { World } from '../world';
import { type ObstacleKind, UNCHECKED, undoKind } from './obstacle';
import { describeOrphans, type Orphans } from './orphans';
import { beginRestoring, type Preparation, preparationOf, writePreparation } from './preparation';
import * as obstacles from './sql/obstacles';
import * as sql from './sql/undo';
import { mayActAsReplica } from './way';

/** Queue of index builds. */
export const INDEX_QUEUE = 'dms-indexes';
/** Queue of checks of foreign keys. */
export const VALIDATION_QUEUE = 'dms-validations';

/** Which database comes back. */
export interface RestoreOptions {
  readonly database: string;
  readonly expected: Expectation;
}

/**
 * Who does the items of a queue, side by side and detached: they are those of a schema's queue. Returns how many are left when the
 * time is over; throws `Blocked` naming the object that the server refuses.
 */
export type DoItems = (queue: string) => Promise<{ readonly left: number }>;

/** Objects of a batch. */
const PAGE = 200;
/** No batch begins this long before the Lambda ends. */
const RESERVE_MS = 5_000;

/** Builds the secondary indexes again; can run again. Returns the builds that are left. */
export async function restoreIndexes(
  target: Server<'target'>,
  { database, expected }: RestoreOptions,
  doItems: DoItems,
): Promise<number> {
  const session = await target.session(database);
  if ((await beginRestoring(session, expected)) === null) return 0;
  await guarded(session, expected, () => session.execute(sql.queueLong(INDEX_QUEUE, undoKind('index'), 'index')));
  return (await doItems(INDEX_QUEUE)).left;
}

/** What one call of `restoreKeysAndTriggers` did. */
export interface Restored {
  readonly restored: Readonly<Record<Exclude<ObstacleKind, 'index'>, number>>;
  readonly done: boolean;
}

/**
 * Brings foreign keys, unchecked, then triggers and rules back, in their states; can run again. Nobody else may write
 * meanwhile: the task is stopped. Throws `Blocked` naming the object that cannot come back; the flip must not happen then.
 */
export async function restoreKeysAndTriggers(
  target: Server<'target'>,
  { database, expected }: RestoreOptions,
  world: Pick<World, 'remainingMs' | 'log'>,
): Promise<Restored> {
  const session = await target.session(database);
  const restored = { rule: 0, trigger: 0, 'foreign key': 0, identity: 0 };
  if ((await beginRestoring(session, expected)) === null) return { restored, done: true };
  const silent = await mayActAsReplica(session);
  for (const kind of ['identity', 'foreign key', 'trigger', 'rule'] as const) {
    // Every batch brings back at least one object and forgets it.
    for (let batch = -1; batch !== 0; restored[kind] += batch) {
      if (world.remainingMs() <= RESERVE_MS) return { restored, done: false };
      batch = await restoreBatch(session, { kind, expected, silent });
    }
  }
  world.log.fact('target restored', { database, ...restored });
  return { restored, done: true };
}

interface Batch {
  readonly kind: Exclude<ObstacleKind, 'index'>;
  readonly expected: Expectation;
  readonly silent: boolean;
}

interface Kept {
  readonly object: string;
  readonly restore: readonly string[];
  /** What takes long is still to come. */
  readonly unfinished: boolean;
}

async function restoreBatch(session: Session, batch: Batch): Promise<number> {
  const { kind, expected, silent } = batch;
  const undo = undoKind(kind);
  let texts: readonly Kept[] = [];
  try {
    return await session.transaction(async () => {
      await lockExpected(session, expected);
      texts = await session.query<Kept>(sql.nextPrior(undo, PAGE));
      if (texts.length === 0) return 0;
      await session.execute(obstacles.emptySearchPath);
      if (silent) await session.execute(obstacles.silenceEvents);
      // One text: the applications wait, and every statement of its own would be a round trip.
      await session.execute(obstacles.asRead(texts.flatMap(({ restore }) => restore).join(';\n')));
      const objects = (unfinished: boolean): string[] =>
        texts.filter((one) => one.unfinished === unfinished).map(({ object }) => object);
      await session.execute(sql.turnPrior(undo, UNCHECKED, objects(true)));
      await session.execute(sql.forgetPrior(undo, objects(false)));
      return texts.length;
    });
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    throw await refusalOf(session, batch, texts, error);
  }
}

/** Tries the objects one by one, takes them back, and says which of them the server refuses. */
async function refusalOf(
  session: Session,
  { kind, expected }: Batch,
  texts: readonly Kept[],
  error: PostgresError,
): Promise<Error> {
  const found = { object: '', cause: error };
  const attempt = session.transaction(async () => {
    await lockExpected(session, expected);
    await session.execute(obstacles.emptySearchPath);
    for (const { object, restore } of texts) {
      found.object = object;
      for (const text of restore) await session.execute(obstacles.asRead(text));
    }
    found.object = texts.map(({ object }) => object).join(', ');
    throw error;
  });
  await attempt.catch((again: unknown) => {
    if (again instanceof PostgresError) found.cause = again;
  });
  return new Blocked(
    `${kind} ${found.object} cannot be brought back in target database ${JSON.stringify(session.database)} ` +
      `(SQLSTATE ${found.cause.sqlState}), make what it needs as it was, then start again`,
    { cause: found.cause },
  );
}

/** Lets the server check the rows of foreign keys that came back unchecked; can run again. Throws `Blocked` naming the rows. */
export async function validateKeys(
  target: Server<'target'>,
  options: RestoreOptions,
  doItems: DoItems,
  countOrphans: () => Promise<readonly Orphans[]>,
): Promise<number> {
  const { database, expected } = options;
  const session = await target.session(database);
  await guarded(session, expected, () => session.execute(sql.queueLong(VALIDATION_QUEUE, UNCHECKED, 'foreign key')));
  try {
    const { left } = await doItems(VALIDATION_QUEUE);
    if (left === 0) await concludeRestoring(session, expected);
    return left;
  } catch (error) {
    const orphans = error instanceof Blocked ? await countOrphans() : [];
    if (orphans.length === 0) throw error;
    throw new Blocked(describeOrphans(database, orphans), { cause: error });
  }
}

/** How many objects are not back, by kind of undo row. */
export async function leftToRestore(session: Session): Promise<Readonly<Record<string, number>>> {
  const rows = await session.query<{ kind: string; objects: number }>(sql.countPrior);
  return Object.fromEntries(rows.map(({ kind, objects }) => [kind, objects]));
}

async function concludeRestoring(session: Session, expected: Expectation): Promise<void> {
  await guarded(session, expected, async (row) => {
    const found: Preparation | null = preparationOf(row);
    const left = Object.keys(await leftToRestore(session));
    if (found?.stand === 'restoring' && left.length === 0) {
      await writePreparation(session, expected, { ...found, stand: 'restored' });
    }
  });
}
