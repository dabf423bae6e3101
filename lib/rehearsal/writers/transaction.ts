import type { QueryResultRow } from 'pg';
import type { HandedOut } from './handed-out';
import type { Session } from './session';

/** Thrown by a workload that rolls its own transaction back: no failure of the database. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

/** What a workload does its changes with: one open transaction. */
export class Transaction {
  /** Values that sequences gave so far. */
  readonly handedOut: HandedOut[] = [];
  private state: number;

  constructor(
    private readonly session: Session,
    readonly writer: number,
    readonly number: number,
  ) {
    this.state = Math.imul(writer, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b);
  }

  /** Runs a statement; it is prepared under `name` once per connection. */
  async query<R extends QueryResultRow>(name: string, text: string, values: readonly unknown[] = []): Promise<R[]> {
    const result = await this.session.client.query<R>({ name, text, values: [...values] });
    return result.rows;
  }

  /** Notes a value that a sequence gave. */
  gave(sequence: string, value: unknown): void {
    this.handedOut.push({ sequence, value: Number(value) });
  }

  /** A whole number from 1 to `limit`, the same for the same write in every run. */
  pick(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return 1 + (((mixed ^ (mixed >>> 14)) >>> 0) % limit);
  }
}

/** The application's changes in one transaction. */
export type Workload = (transaction: Transaction) => Promise<void>;

/** Chooses the changes for a write; `null` when there are none besides the ledger's rows. */
export type ChooseWorkload = (number: number) => Workload | null;
