/** The sessions that do items, several side by side, each detached: what it does goes on when its worker ends. */
import { NotReady } from '../../errors';
import type { Server, Session } from '../../platform/postgres';
import { PostgresError, sqlStateOf } from '../../platform/postgres-error';
import type { World } from '../../platform/world';
import type { SchemaItem } from './items';
import { refusalOf } from './refusal';
import * as sql from './sql/items';

/** What a crew works at. */
export interface CrewOptions {
  readonly database: string;
  readonly queue: string;
  /** Sessions side by side, those that others left running included. */
  readonly parallel: number;
}

/** An item that nobody has done, and what it locks. */
export interface OpenItem {
  readonly item: string;
  readonly locks: readonly string[];
}

/** Longest wait of an item for a lock, such as autovacuum's; it is tried again. */
const LOCK_MS = 10_000;

/** An item that a session of this worker does. */
interface Job {
  readonly item: OpenItem;
  readonly ended: Promise<void>;
}

/** The detached sessions of one worker. */
export class Crew {
  private readonly idle: Session[] = [];
  private readonly jobs = new Map<string, Job>();
  private readonly busy = new Set<Session>();
  private failure: unknown = null;
  /** Items that were begun and have ended. */
  ended = 0;

  constructor(
    private readonly target: Server<'target'>,
    private readonly options: CrewOptions,
    private readonly world: World,
  ) {}

  /**
   * Begins as many of `open` as fit beside what runs, here or left by others; answers the rest. `room` is how many may run side by
   * side. @default what the crew was made with
   */
  async begin(
    open: readonly OpenItem[],
    running: readonly OpenItem[],
    room = this.options.parallel,
  ): Promise<readonly OpenItem[]> {
    const under = this.underWay(running);
    const rest: OpenItem[] = [];
    for (const item of open) {
      if (under.has(item.item)) continue;
      const free = [...under.values()].every((other) => !collide(item, other));
      if (under.size >= room || !free) {
        rest.push(item);
        continue;
      }
      under.set(item.item, item);
      await this.start(item);
    }
    return rest;
  }

  /** Whether nothing that was begun here still runs. */
  get idles(): boolean {
    return this.jobs.size === 0;
  }

  /** Whether more could run than does. */
  hasRoom(running: readonly OpenItem[]): boolean {
    return this.underWay(running).size < this.options.parallel;
  }

  /** What runs, begun here or left by others, by its item. */
  underWay(running: readonly OpenItem[]): Map<string, OpenItem> {
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
      .execute(sql.itemText({ queue, item: open.item }, payload.statements, this.options.parallel))
      .then(
        () => this.free(session),
        (error: unknown) => this.fail(session, open.item, payload, error),
      )
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.ended += 1;
        this.jobs.delete(open.item);
      });
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
    throw whole && error instanceof PostgresError
      ? await refusalOf(session, payload, error, this.world.remainingMs())
      : error;
  }
}

function collide(one: OpenItem, other: OpenItem): boolean {
  return one.locks.some((lock) => other.locks.includes(lock));
}
