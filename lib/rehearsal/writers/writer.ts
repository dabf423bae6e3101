import type { HandedOut, HandedOutValues } from './handed-out';
import {
  type Address,
  type Interruption,
  OUTCOME,
  type WriterDatabase,
  type WriterLedger,
  type WriterSettings,
} from './protocol';
import { discard, failureCode, failureOf, openSession, type Session } from './session';
import type { Timings } from './timings';
import { type ChooseWorkload, RolledBack, Transaction } from './transaction';

/** A commit that took longer counts as delayed; commits take a few milliseconds here, a stall of the disk up to about this. */
const DELAYED_MS = 250;
const SHORTEST_BACKOFF_MS = 10;
const LONGEST_BACKOFF_MS = 50;
const LONGEST_GOODBYE_MS = 300;

/** What all writers of the process share. */
export interface Workplace {
  readonly settings: WriterSettings;
  readonly resolve: () => Promise<Address>;
  readonly timings: Timings;
  readonly handedOut: HandedOutValues;
  readonly counts: {
    acknowledged: number;
    refused: number;
    unknown: number;
    rolledBack: number;
    stubbornRefused: number;
  };
  readonly refusals: Map<string, number>;
  readonly conflicts: Map<string, number>;
  /** Small numbers of servers, in the order of their first acknowledged commit. */
  readonly servers: Map<string, number>;
  /** When a writer was first accepted by a server other than the first. */
  movedAt: number | null;
  readonly interruptions: Interruption[];
  stopping: boolean;
}

/** Milliseconds since the epoch, with fractions, and never going back. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

interface Open {
  startedAt: number;
  failedAttempts: number;
}

/** One writer: a connection of the application that writes one transaction after another until it is told to stop. */
export class Writer {
  private outcomes = new Uint8Array(4096);
  private number = 0;
  private session: Session | null = null;
  private fixedAddress: Address | null = null;
  private lastServer: string | null = null;
  private interruption: Open | null = null;
  private backoffMs = SHORTEST_BACKOFF_MS;
  /** When a stubborn writer's acknowledged attempts began; judged at the end, when it is known when the others moved. */
  private readonly acknowledgedStarts: number[] = [];

  constructor(
    private readonly workplace: Workplace,
    readonly writer: number,
    readonly database: WriterDatabase,
    readonly stubborn: boolean,
    private readonly choose: ChooseWorkload,
  ) {}

  /** Connects; the first connection must succeed, or the writers are set up wrongly. */
  async connect(): Promise<void> {
    this.fixedAddress = this.stubborn ? await this.workplace.resolve() : null;
    this.session = await this.open();
    this.lastServer = this.session.server;
  }

  /** Writes until the workplace is stopping. */
  async run(): Promise<void> {
    while (!this.workplace.stopping) {
      const attemptedAt = nowMs();
      const accepted = await this.attempt(attemptedAt);
      await pause(accepted ? this.workplace.settings.thinkMs : this.nextBackoffMs());
    }
    // A goodbye lets the server end the session at once; one that does not listen is left.
    if (this.session) await Promise.race([this.session.client.end().catch(() => undefined), pause(LONGEST_GOODBYE_MS)]);
    this.dropSession();
    this.endInterruption(null, false);
  }

  /** The ledger, cut to the writes that were issued. */
  ledger(): WriterLedger {
    const { writer, stubborn } = this;
    return { writer, stubborn, database: this.database.database, outcomes: this.outcomes.slice(0, this.number + 1) };
  }

  /** Acknowledged attempts that began after `at`, milliseconds since the epoch. */
  acknowledgedAfter(at: number): number {
    return this.acknowledgedStarts.filter((startedAt) => startedAt > at).length;
  }

  /** One attempt: connect if necessary, write, commit. Says whether the database let it. */
  private async attempt(startedAt: number): Promise<boolean> {
    if (this.session?.broken()) this.dropSession();
    if (!this.session) {
      try {
        this.session = await this.open();
      } catch (error) {
        this.noteRefusal(startedAt, error);
        return false;
      }
    }
    this.number += 1;
    return this.write(this.session, startedAt);
  }

  private async write(session: Session, startedAt: number): Promise<boolean> {
    const transaction = new Transaction(session, this.writer, this.number);
    let committing = false;
    try {
      await session.client.query('begin');
      await recordWrite(transaction);
      await this.choose(this.number)?.(transaction);
      committing = true;
      const answer = await session.client.query('commit');
      // A transaction that failed unnoticed answers COMMIT with ROLLBACK.
      if (answer.command !== 'COMMIT') throw new RolledBack('the server rolled back');
    } catch (error) {
      return this.handleFailure(error, committing, session, startedAt, transaction.handedOut);
    }
    this.noteAcknowledged(session, startedAt, transaction.handedOut);
    return true;
  }

  private async handleFailure(
    error: unknown,
    committing: boolean,
    session: Session,
    startedAt: number,
    handedOut: readonly HandedOut[],
  ): Promise<boolean> {
    const failure = error instanceof RolledBack ? 'conflict' : failureOf(error);
    // Once COMMIT is on its way, a lost connection says nothing about its fate.
    const unknown = committing && failure === 'cut';
    this.setOutcome(unknown ? OUTCOME.unknown : OUTCOME.notCommitted);
    this.workplace.handedOut.add(handedOut, this.serverNumber(session.server), false);
    if (unknown) this.workplace.counts.unknown += 1;
    if (failure === 'cut') this.dropSession();
    else await this.rollBack(session);
    if (failure === 'conflict') {
      this.workplace.counts.rolledBack += 1;
      increment(this.workplace.conflicts, error instanceof RolledBack ? 'application' : failureCode(error));
      return true;
    }
    this.noteRefusal(startedAt, error);
    return false;
  }

  private async rollBack(session: Session): Promise<void> {
    try {
      await session.client.query('rollback');
    } catch {
      this.dropSession();
    }
  }

  private noteAcknowledged(session: Session, startedAt: number, handedOut: readonly HandedOut[]): void {
    const { workplace } = this;
    const at = nowMs();
    const moved = this.lastServer !== session.server;
    this.setOutcome(OUTCOME.acknowledged);
    this.lastServer = session.server;
    this.backoffMs = SHORTEST_BACKOFF_MS;
    workplace.counts.acknowledged += 1;
    workplace.handedOut.add(handedOut, this.serverNumber(session.server), true);
    if (this.stubborn) {
      this.acknowledgedStarts.push(startedAt);
      return;
    }
    workplace.timings.acknowledged(at, at - startedAt);
    if (moved) workplace.movedAt ??= at;
    if (!this.interruption && (moved || at - startedAt > DELAYED_MS))
      this.interruption = { startedAt, failedAttempts: 0 };
    if (this.interruption) this.endInterruption(at, moved);
  }

  private noteRefusal(startedAt: number, error: unknown): void {
    const { counts, refusals, timings } = this.workplace;
    if (this.stubborn) {
      counts.stubbornRefused += 1;
      return;
    }
    counts.refused += 1;
    increment(refusals, failureCode(error));
    timings.refused(nowMs());
    this.interruption ??= { startedAt, failedAttempts: 0 };
    this.interruption.failedAttempts += 1;
  }

  private endInterruption(endedAt: number | null, moved: boolean): void {
    if (!this.interruption) return;
    const { writer } = this;
    this.workplace.interruptions.push({
      ...this.interruption,
      writer,
      database: this.database.database,
      endedAt,
      moved,
    });
    this.interruption = null;
  }

  private async open(): Promise<Session> {
    const address = this.fixedAddress ?? (await this.workplace.resolve());
    return openSession(this.workplace.settings, this.database, address);
  }

  private dropSession(): void {
    if (this.session) discard(this.session.client);
    this.session = null;
  }

  private setOutcome(outcome: number): void {
    if (this.number >= this.outcomes.length) {
      const longer = new Uint8Array(this.outcomes.length * 2);
      longer.set(this.outcomes);
      this.outcomes = longer;
    }
    this.outcomes[this.number] = outcome;
  }

  private serverNumber(server: string): number {
    const known = this.workplace.servers.get(server);
    if (known !== undefined) return known;
    this.workplace.servers.set(server, this.workplace.servers.size);
    return this.workplace.servers.size - 1;
  }

  private nextBackoffMs(): number {
    const backoffMs = this.backoffMs;
    this.backoffMs = Math.min(LONGEST_BACKOFF_MS, backoffMs * 1.5);
    return backoffMs;
  }
}

async function recordWrite(transaction: Transaction): Promise<void> {
  await transaction.query(
    'record write',
    `with write as (insert into rehearsal.writes (writer, number) values ($1, $2))
     insert into rehearsal.appends (writer, number) values ($1, $2)`,
    [transaction.writer, transaction.number],
  );
}

function increment(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}

function pause(ms: number): Promise<void> {
  // setImmediate lets other writers and the channel to the parent have their turn.
  return new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
}
