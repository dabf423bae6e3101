/** Decisions of `watch`, without a server. */
import type { ReplicationHealth } from '../contract/replication';
import type { Measured } from '../platform/metrics';

/** What was seen of one database. */
export interface DatabaseHealth {
  readonly database: string;
  readonly active: boolean;
  readonly walStatus: string;
  readonly safeWalBytes: number | null;
  /** WAL that the slot keeps on the source. */
  readonly retainedWalBytes: number;
  readonly lagBytes: number;
  readonly lagSeconds: number;
  /** A heartbeat of this call or of the one before has arrived. */
  readonly heartbeatArrived: boolean;
  /** Why apply stands still; null while it goes on. */
  readonly stuck: string | null;
  /** Why the stream does not advance; see `diagnose`. */
  readonly reasons: readonly string[];
  /** Definitions that differ between the sides, in words; null while they agree. */
  readonly drift: string | null;
}

/** Seconds by the source's clock only: the age of what has arrived, or 0 when the present heartbeat has (faults 22, 69). */
export function lagSeconds(times: {
  readonly beatAt: number;
  readonly now: number;
  readonly arrivedAt: number | null;
  /** When nothing ever arrived: since when there is something to wait for. */
  readonly sinceAt: number;
}): number {
  const { beatAt, now, arrivedAt, sinceAt } = times;
  if (arrivedAt !== null && arrivedAt >= beatAt) return 0;
  return Math.max(0, Math.round((now - (arrivedAt ?? sinceAt)) * 10) / 10);
}

/** The whole instance is behind as far as its worst database; caught up when every database is. */
export function summarize(databases: readonly DatabaseHealth[], maxLagBytes: number): ReplicationHealth {
  const caughtUp = databases.every(({ active, heartbeatArrived, lagBytes, stuck, drift }) => {
    return stuck === null && drift === null && active && heartbeatArrived && lagBytes <= maxLagBytes;
  });
  return {
    caughtUp,
    stuck: databases.flatMap(({ stuck, drift }) => [stuck ?? [], drift ?? []].flat()),
    reasons: databases.flatMap(({ reasons }) => reasons),
    lagBytes: Math.max(0, ...databases.map((database) => database.lagBytes)),
    lagSeconds: Math.max(0, ...databases.map((database) => database.lagSeconds)),
    slots: databases.map(({ database, active, walStatus, safeWalBytes, lagBytes }) => {
      return { database, active, walStatus, safeWalBytes, lagBytes };
    }),
  };
}

/** The numbers of a look at the dashboard; the bytes until a slot's loss are left out when nothing limits them. */
export function measurementsOf(databases: readonly DatabaseHealth[], health: ReplicationHealth): Measured {
  const safe = databases.flatMap(({ safeWalBytes }) => (safeWalBytes === null ? [] : [safeWalBytes]));
  return {
    LagBytes: health.lagBytes,
    LagSeconds: health.lagSeconds,
    SlotRetainedBytes: Math.max(0, ...databases.map(({ retainedWalBytes }) => retainedWalBytes)),
    ...(safe.length > 0 && { SlotSafeBytes: Math.max(0, Math.min(...safe)) }),
  };
}

/** Where apply stood when it last moved on: its errors so far, and the newest heartbeat by the source's clock. */
export interface ApplyProgress {
  readonly errors: number;
  readonly beatAt: number | null;
}

/** Errors in a row, about 5 s apart, after which apply is stuck: a cut connection is one, a row in the way is all of them. */
const STUCK_ERRORS = 3;

/**
 * `moved`: keep what was seen for the next call. `stuck`: the worker fails again and again at the same place. `waiting`: no
 * news, for example because the source does not answer, which counts no errors.
 */
export function judgeApply(before: ApplyProgress | null, now: ApplyProgress): 'moved' | 'waiting' | 'stuck' {
  if (before === null) return 'moved';
  const arrived = now.beatAt !== null && (before.beatAt === null || now.beatAt > before.beatAt);
  if (arrived || now.errors < before.errors) return 'moved';
  return now.errors - before.errors >= STUCK_ERRORS ? 'stuck' : 'waiting';
}
