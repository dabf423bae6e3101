/**
 * Does the items of a schema's queue, several side by side, each in a detached session: a build goes on when this worker ends, and
 * commits with its mark. The next worker finds it by the session's name and waits for it.
 */
import { Blocked, NotReady } from '../../errors';
import { assertCurrent, type Expectation } from '../../platform/ledger';
import { migrationPrefix } from '../../platform/names';
import type { Server, Session } from '../../platform/postgres';
import { PostgresError, sqlStateOf } from '../../platform/postgres-error';
import type { World } from '../../platform/world';
import type { SchemaItem, What } from './items';
import * as sql from './sql/items';

/** How a queue is emptied. */
export interface MakeOptions {
  readonly database: string;
  readonly queue: string;
  /** Sessions side by side, those that others left running included. */
  readonly parallel: number;
  readonly expected: Expectation;
}

/** How far a queue is. */
export interface MakeProgress {
  /** Items that are not done. */
  readonly left: number;
  readonly counts: Readonly<Partial<Record<What, { readonly done: number; readonly total: number }>>>;
  /** For people, such as `Created 2090/2091 indexes`. */
  readonly text: string;
}

/** A worker begins nothing this long before the Lambda ends. */
const RESERVE_MS = 15_000;
/** Longest wait of an item for a lock, such as autovacuum's; it is tried again. */
const LOCK_MS = 10_000;
/** How often the queue is looked at while something runs. */
const POLL_MS = 250;

interface OpenItem {
  readonly item: string;
  readonly locks: readonly string[];
}

/** Works until nothing is left or the time is over. Throws `Blocked` naming the object that the target refuses. */
export async function makeItems(target: Server<'target'>, options: MakeOptions, world: World): Promise<MakeProgress> {
  const ledger = await target.session(options.database);
  await assertCurrent(ledger, options.expected);
  const crew = new Crew(target, options, world);
  try {
    // A look at the queue reads all of it: what it found is worked off before the next one, or a queue would cost its square.
    let open: readonly OpenItem[] = [];
    // Every turn begins an item, waits for one that runs, or finds none left; the time budget bounds it.
    while (world.remainingMs() > RESERVE_MS) {
      const running = await ledger.query<OpenItem>(sql.runningItems(options.queue, migrationPrefix(world.migrationId)));
      open = await crew.begin(open, running);
      if (crew.hasRoom(running)) {
        const found = await ledger.query<OpenItem>(sql.openItems(options.queue));
        if (found.length === 0) break;
        open = await crew.begin(found, running);
      }
      await crew.next(POLL_MS);
    }
    const progress = await readProgress(ledger, options.queue);
    world.log.fact('schema made', { queue: options.queue, left: progress.left, progress: progress.text });
    return progress;
  } finally {
    await crew.leave();
  }
}

/** How far a queue is. */
export async function readProgress(ledger: Session, queue: string): Promise<MakeProgress> {
  const rows = await ledger.query<{ what: What; total: number; done: number }>(sql.progressOf(queue));
  const counts = Object.fromEntries(rows.map(({ what, total, done }) => [what, { done, total }]));
  const left = rows.reduce((sum, { total, done }) => sum + total - done, 0);
  const indexes = counts.index;
  const keys = counts['foreign key'];
  const blocks = await ledger.one<{ done: string; total: string }>(sql.buildProgress);
  const percent = Math.floor((Number(blocks.done) / Number(blocks.total)) * 100);
  const words = [
    ...(indexes === undefined ? [] : [`Created ${indexes.done}/${indexes.total} indexes`]),
    ...(keys === undefined ? [] : [`checked ${keys.done}/${keys.total} foreign keys`]),
    ...(Number(blocks.total) > 0 ? [`${percent}% of what is being built is read`] : []),
  ];
  return { left, counts, text: words.length > 0 ? words.join(', ') : `${left} steps left` };
}

/** An item that a session of this worker does. */
interface Job {
  readonly item: OpenItem;
  readonly ended: Promise<void>;
}

/** The detached sessions of one worker. */
class Crew {
  private readonly idle: Session[] = [];
  private readonly jobs = new Map<string, Job>();
  private readonly busy = new Set<Session>();
  private failure: unknown = null;

  constructor(
    private readonly target: Server<'target'>,
    private readonly options: MakeOptions,
    private readonly world: World,
  ) {}

  /** Begins as many of `open` as fit beside what runs, here or left by others; answers the rest. */
  async begin(open: readonly OpenItem[], running: readonly OpenItem[]): Promise<readonly OpenItem[]> {
    const under = this.underWay(running);
    const rest: OpenItem[] = [];
    for (const item of open) {
      if (under.has(item.item)) continue;
      const free = [...under.values()].every((other) => !collide(item, other));
      if (under.size >= this.options.parallel || !free) {
        rest.push(item);
        continue;
      }
      under.set(item.item, item);
      await this.start(item);
    }
    return rest;
  }

  /** Whether more could run than does. */
  hasRoom(running: readonly OpenItem[]): boolean {
    return this.underWay(running).size < this.options.parallel;
  }

  private underWay(running: readonly OpenItem[]): Map<string, OpenItem> {
    return new Map([...running, ...[...this.jobs.values()].map(({ item }) => item)].map((one) => [one.item, one]));
  }

  /** Waits until an item ends, at most `ms`; throws what it failed with. */
  async next(ms: number): Promise<void> {
    const clock = { timer: undefined as NodeJS.Timeout | undefined };
    const waiting = new Promise<void>((resolve) => {
      clock.timer = setTimeout(resolve, ms);
    });
    await Promise.race([waiting, ...[...this.jobs.values()].map(({ ended }) => ended)]);
    clearTimeout(clock.timer);
    if (this.failure !== null) throw this.failure;
  }

  /** Leaves every session: what runs goes on. */
  async leave(): Promise<void> {
    await Promise.all([...this.idle, ...this.busy].map((session) => session.close()));
  }

  private async start(open: OpenItem): Promise<void> {
    const { database, queue } = this.options;
    const session = this.idle.pop() ?? (await this.target.detached(database, LOCK_MS));
    this.busy.add(session);
    await session.query(sql.nameSession(`${this.world.applicationName()}#${open.item}`));
    const { payload } = await session.one<{ payload: SchemaItem }>(sql.payloadOf(queue, open.item));
    const ended = session
      .execute(sql.itemText(queue, open.item, payload.statements))
      .then(
        () => this.free(session),
        (error: unknown) => this.fail(session, open.item, payload, error),
      )
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.jobs.delete(open.item));
    this.jobs.set(open.item, { item: open, ended });
  }

  private free(session: Session): void {
    this.busy.delete(session);
    this.idle.push(session);
  }

  /** What is done or held by another is left to it; what may go better the next time stays open; the rest names its object. */
  private async fail(session: Session, item: string, payload: SchemaItem, error: unknown): Promise<void> {
    this.busy.delete(session);
    const whole = await session.query(sql.undo).then(
      () => true,
      () => false,
    );
    if (!whole) await session.close();
    const state = sqlStateOf(error);
    if (state === sql.DONE_ALREADY || error instanceof NotReady) {
      if (whole) this.free(session);
      const ledger = await this.target.session(this.options.database);
      if (state !== sql.DONE_ALREADY) await ledger.execute(sql.noteAttempt(this.options.queue, item));
      return;
    }
    throw whole && error instanceof PostgresError ? await refusalOf(session, payload, error) : error;
  }
}

function collide(one: OpenItem, other: OpenItem): boolean {
  return one.locks.some((lock) => other.locks.includes(lock));
}

/** Runs the statements of an item one by one, takes them back, and says which of them the target refuses. */
async function refusalOf(session: Session, payload: SchemaItem, error: PostgresError): Promise<Error> {
  let object = payload.objects.join(', ');
  let cause = error;
  try {
    await session.query(sql.beginTransaction);
    await session.query(sql.itemSettings);
    for (const [index, text] of payload.statements.entries()) {
      object = payload.objects[index] ?? object;
      await session.query(sql.dumped(text));
    }
    object = payload.objects.join(', ');
  } catch (again) {
    if (again instanceof PostgresError) cause = again;
  } finally {
    await session.query(sql.undo).catch(() => undefined);
    await session.close();
  }
  const said = cause.message.replace(/^postgresql refused .*? with SQLSTATE/, 'SQLSTATE');
  return new Blocked(
    `${object} cannot be made in target database ${JSON.stringify(session.database)} (${said}), ` +
      'change it on the source or leave it out, then start again',
    { cause },
  );
}
