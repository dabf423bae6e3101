/** How long a worker rests between two batches, so that replicas, the disk and the applications keep up. Pure, but for `Throttle`. */
import type { Session } from '../platform/postgres';
import { pressure } from './sql/pressure';

/** What is looked at before a batch. */
export interface Reading {
  /** WAL that the slowest active replica or slot has not taken yet. */
  readonly lagBytes: number;
  /** WAL written beyond `MAX_WAL_BYTES_PER_SECOND`, as `walOwed` counts it. */
  readonly walOwedBytes: number;
  /** Slowest hundredth of the probes since the last rest, and of the first ones, before anything was removed. */
  readonly probeMs: number;
  readonly calmProbeMs: number;
}

/** Lag above which a worker rests. */
export const MAX_LAG_BYTES = 64 * 2 ** 20;

/** Rate of WAL that is kept to: half of what a gp3 volume of the least speed writes. */
export const MAX_WAL_BYTES_PER_SECOND = 60 * 2 ** 20;

/** WAL that may be owed: batches write in bursts, and a second's worth is none that a volume does not take. */
export const MAX_WAL_OWED_BYTES = MAX_WAL_BYTES_PER_SECOND;

/** A probe may take twice its calm time, and this much in any case: below lies the noise of a network. */
const PROBE_FLOOR_MS = 5;

/** Longest rest: the work goes on, however busy the server is. */
export const LONGEST_REST_MS = 3_000;

/** What is owed after `writtenBytes` in `seconds` more, when the rate allows a part of it: never less than nothing. */
export function walOwed(owedBytes: number, writtenBytes: number, seconds: number): number {
  return Math.max(0, owedBytes + writtenBytes - MAX_WAL_BYTES_PER_SECOND * seconds);
}

/** The rest before the next batch, 0 to `LONGEST_REST_MS`: the longest that one of the readings asks for. */
export function restMs({ lagBytes, walOwedBytes, probeMs, calmProbeMs }: Reading): number {
  const over = Math.max(lagBytes / MAX_LAG_BYTES, probeMs / Math.max(PROBE_FLOOR_MS, 2 * calmProbeMs));
  const pressed = over > 1 ? 100 * (over - 1) + 50 : 0;
  const flooded = (1_000 * (walOwedBytes - MAX_WAL_OWED_BYTES)) / MAX_WAL_BYTES_PER_SECOND;
  return Math.min(LONGEST_REST_MS, Math.ceil(Math.max(0, pressed, flooded)));
}

/** The value below which 99 of 100 lie; 0 of none. */
export function p99(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? 0;
}

/** Probes that tell how calm the server was, and those that tell how it is now. */
const CALM_PROBES = 20;
const LAST_PROBES = 20;

/** Reads the server between batches. */
export class Throttle {
  private readonly calm: number[] = [];
  private readonly last: number[] = [];
  private owed = 0;
  private before: { readonly wal: number; readonly at: number } | null = null;

  /** Looks before anything is removed, so that later probes have a measure. */
  async calmDown(session: Session): Promise<void> {
    while (this.calm.length < CALM_PROBES) this.calm.push((await this.probe(session)).ms);
  }

  /** Rests as long as the server asks for and returns for how long. */
  async rest(session: Session): Promise<number> {
    const { ms, wal, lag } = await this.probe(session);
    this.last.push(ms);
    if (this.last.length > LAST_PROBES) this.last.shift();
    const at = performance.now();
    if (this.before !== null) {
      this.owed = walOwed(this.owed, wal - this.before.wal, (at - this.before.at) / 1_000);
    }
    this.before = { wal, at };
    const rest = restMs({
      lagBytes: lag,
      walOwedBytes: this.owed,
      probeMs: p99(this.last),
      calmProbeMs: p99(this.calm),
    });
    if (rest === 0) return 0;
    // A slow probe is rested for once; the next ones tell whether it helped.
    this.last.length = 0;
    await new Promise((resolve) => setTimeout(resolve, rest));
    return rest;
  }

  private async probe(session: Session): Promise<{ ms: number; wal: number; lag: number }> {
    const startedAt = performance.now();
    const { wal, lag } = await session.one<{ wal: string; lag: string }>(pressure);
    return { ms: performance.now() - startedAt, wal: Number(wal), lag: Number(lag) };
  }
}
