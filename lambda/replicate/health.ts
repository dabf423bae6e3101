/** Decisions of `watch`, without a server. */
import type { ReplicationHealth } from '../contract';

/** What was seen of one database. */
export interface DatabaseHealth {
  readonly database: string;
  readonly active: boolean;
  readonly walStatus: string;
  readonly safeWalBytes: number | null;
  readonly lagBytes: number;
  readonly lagSeconds: number;
  /** A heartbeat of this call or of the one before has arrived. */
  readonly heartbeatArrived: boolean;
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
  const caughtUp = databases.every(({ active, heartbeatArrived, lagBytes }) => {
    return active && heartbeatArrived && lagBytes <= maxLagBytes;
  });
  return {
    caughtUp,
    lagBytes: Math.max(0, ...databases.map((database) => database.lagBytes)),
    lagSeconds: Math.max(0, ...databases.map((database) => database.lagSeconds)),
    slots: databases.map(({ database, active, walStatus, safeWalBytes, lagBytes }) => {
      return { database, active, walStatus, safeWalBytes, lagBytes };
    }),
  };
}
