/** Follows how far the target is behind, from outside: what the slots have confirmed against what the source has written. */
import type { Client } from 'pg';
import type { LagPoint } from '../report/report';
import type { Tell } from './events';
import type { SourceServer } from './source';

const EVERY_MS = 200;
const TELL_EVERY = 5;

const LAG = `
  select max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn))::float8 as bytes,
         max(extract(epoch from r.replay_lag) * 1000)::float8 as ms
    from pg_catalog.pg_replication_slots s
    left join pg_catalog.pg_stat_replication r on r.pid = s.active_pid
   where s.slot_type = 'logical' and not s.temporary and s.active`;

/** Looks at the source five times a second; returns the series and a function that ends it. */
export function watchLag(source: SourceServer, tell: Tell): { readonly points: LagPoint[]; stop(): Promise<void> } {
  const points: LagPoint[] = [];
  const ending = new AbortController();
  const loop = run(source, points, tell, ending.signal);
  return {
    points,
    async stop() {
      ending.abort();
      await loop;
    },
  };
}

async function run(source: SourceServer, points: LagPoint[], tell: Tell, signal: AbortSignal): Promise<void> {
  let session: Client | null = null;
  // Ends with the signal; a look that fails, because the server is going away, is one point less.
  for (let look = 1; !signal.aborted; look += 1) {
    try {
      session ??= await source.admin();
      const { rows } = await session.query<{ bytes: number | null; ms: number | null }>(LAG);
      const found = rows[0];
      if (found && found.bytes !== null) {
        points.push({ atMs: Date.now(), bytes: found.bytes, ms: found.ms });
        if (look % TELL_EVERY === 0) tell({ kind: 'lag', bytes: found.bytes, ms: found.ms });
      }
    } catch {
      await session?.end().catch(() => undefined);
      session = null;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  await session?.end().catch(() => undefined);
}
