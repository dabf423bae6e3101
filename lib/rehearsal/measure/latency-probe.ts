/** What an application feels: one small transaction after the other, each timed, while the writers of the rehearsal write too. */
import type { PostgresServer } from '../servers/postgres-server';

/** Pause between two transactions, so that the probe is no load of its own. */
const PAUSE_MS = 3;

/** A time between two moments, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Probes a database until it is stopped. */
export class LatencyProbe {
  private readonly seen: { readonly at: number; readonly ms: number }[] = [];
  private stopping = false;
  private running: Promise<void> = Promise.resolve();

  /** Begins; `database` gets a table of its own, which belongs to `owner`. */
  async start(server: PostgresServer, database: string, owner: string): Promise<void> {
    await server.withAdmin(database, async (session) => {
      await session.query(`create table public.probed (id int primary key, number bigint not null);
        insert into public.probed select n, 0 from generate_series(1, 100) n;
        alter table public.probed owner to ${session.escapeIdentifier(owner)}`);
    });
    this.running = server.withAdmin(database, async (session) => {
      for (let turn = 0; !this.stopping; turn += 1) {
        const at = Date.now();
        const startedAt = performance.now();
        await session.query('update public.probed set number = number + 1 where id = $1', [1 + (turn % 100)]);
        this.seen.push({ at, ms: performance.now() - startedAt });
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    });
    this.running.catch(() => undefined);
  }

  /** Ends; throws what the probe failed with. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Milliseconds below which 99 of 100 transactions that began in the span stayed; NaN without any. */
  p99Ms({ from, to }: Span): number {
    const within = this.seen.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms);
    const sorted = within.sort((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
  }
}
