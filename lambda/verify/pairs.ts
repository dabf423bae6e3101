/** The sessions of a worker: one pair per database, opened when its first range comes, with the time that the worker has. */
import type { Server, Session } from '../platform/postgres';
import { limitStatement } from '../platform/queue';
import type { Pair } from '../proof/compare';
import { pinSettings } from '../proof/row-hash';

/** Longest wait for a lock: reading asks for none that a writer holds, only a change of the table's definition does. */
const LOCK_MS = 5_000;

/** Pairs of sessions by database. */
export class Pairs {
  private readonly known = new Map<string, Promise<Pair>>();

  constructor(
    private readonly source: Server<'source'>,
    private readonly target: Server<'target'>,
    /** Longest statement of any session. */
    private readonly statementMs: number,
  ) {}

  /** The pair of a database; its next statements may take `statementMs`: a table without key is one range (facts F11). */
  async of(database: string, statementMs: number): Promise<Pair> {
    const opened = this.known.get(database) ?? this.open(database);
    this.known.set(database, opened);
    const pair = await opened;
    const limit = limitStatement(Math.min(statementMs, this.statementMs));
    await Promise.all([pair.source.query(limit), pair.target.query(limit)]);
    return pair;
  }

  /** Closes every session; never throws. */
  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.known.values());
    const sessions: Session[] = settled.flatMap((one) =>
      one.status === 'fulfilled' ? [one.value.source, one.value.target] : [],
    );
    await Promise.all(sessions.map((session) => session.close()));
  }

  private async open(database: string): Promise<Pair> {
    const timeouts = { statementMs: this.statementMs, lockMs: LOCK_MS };
    const [source, target] = await Promise.all([
      this.source.another(database, timeouts),
      this.target.another(database, timeouts),
    ]);
    await Promise.all([pinSettings(source), pinSettings(target)]);
    return { source, target };
  }
}
