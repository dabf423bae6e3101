import type { Interruption, LatencyPoint } from './protocol';

const SLICE_MS = 100;
/** Eight classes per doubling: a percentile is right to nine percent, and nothing grows with the number of writes. */
const CLASSES_PER_OCTAVE = 8;
const CLASSES = 32 * CLASSES_PER_OCTAVE;

interface Slice {
  acknowledged: number;
  refused: number;
  sumMs: number;
  maxMs: number;
}

/** Counts latencies in classes, and per slice of 100 ms. */
export class Timings {
  private readonly classes = new Uint32Array(CLASSES);
  private readonly slices: Slice[] = [];
  private count = 0;
  private max = 0;

  /** `startedAt`: milliseconds since the epoch. */
  constructor(private readonly startedAt: number) {}

  /** Notes a commit that was acknowledged at `at`, `latencyMs` after its attempt began. */
  acknowledged(at: number, latencyMs: number): void {
    this.count += 1;
    this.max = Math.max(this.max, latencyMs);
    const number = Math.floor(Math.log2(Math.max(1, latencyMs * 1000)) * CLASSES_PER_OCTAVE);
    const index = Math.min(CLASSES - 1, number);
    this.classes[index] = (this.classes[index] ?? 0) + 1;
    const slice = this.slice(at);
    slice.acknowledged += 1;
    slice.sumMs += latencyMs;
    slice.maxMs = Math.max(slice.maxMs, latencyMs);
  }

  /** Notes an attempt that was refused at `at`. */
  refused(at: number): void {
    this.slice(at).refused += 1;
  }

  /** The latency that the fraction `share` of the commits stayed below, in milliseconds; 0 without commits. */
  percentileMs(share: number): number {
    let left = Math.ceil(this.count * share);
    if (left === 0) return 0;
    for (let index = 0; index < CLASSES; index += 1) {
      left -= this.classes[index] ?? 0;
      if (left <= 0) return Math.min(this.max, 2 ** ((index + 1) / CLASSES_PER_OCTAVE) / 1000);
    }
    return this.max;
  }

  /** The longest latency, in milliseconds. */
  get maxMs(): number {
    return this.max;
  }

  /** Acknowledged commits in the last whole second before `now`. */
  perSecond(now: number): number {
    const last = Math.floor((now - this.startedAt) / SLICE_MS);
    return this.slices
      .slice(Math.max(0, last - 10), Math.max(0, last))
      .reduce((sum, slice) => sum + (slice?.acknowledged ?? 0), 0);
  }

  /** Every slice from the start to the last event. */
  series(): LatencyPoint[] {
    return Array.from(this.slices, (slice, index) => ({
      atMs: index * SLICE_MS,
      acknowledged: slice?.acknowledged ?? 0,
      refused: slice?.refused ?? 0,
      meanMs: slice && slice.acknowledged > 0 ? slice.sumMs / slice.acknowledged : null,
      maxMs: slice && slice.acknowledged > 0 ? slice.maxMs : null,
    }));
  }

  private slice(at: number): Slice {
    const index = Math.max(0, Math.floor((at - this.startedAt) / SLICE_MS));
    while (this.slices.length <= index) this.slices.push({ acknowledged: 0, refused: 0, sumMs: 0, maxMs: 0 });
    const slice = this.slices[index];
    if (!slice) throw new Error(`slice ${index} of the latency series is missing`);
    return slice;
  }
}

/** A time without writes in one database, over all of its writers. */
export interface Outage {
  readonly database: string;
  /** Start of the first attempt that was refused, cut or delayed; milliseconds since the epoch. */
  readonly startedAt: number;
  /** Acknowledgement of the first write accepted afterwards by any writer; null: never. */
  readonly firstAcceptedAt: number | null;
  /** Acknowledgement of the last writer's first write afterwards; null: some writer never came back. */
  readonly allBackAt: number | null;
  /** Whether the writers found themselves at another server afterwards. */
  readonly moved: boolean;
}

/** Joins the interruptions that overlap, per database, into outages in order of time. */
export function outagesOf(interruptions: readonly Interruption[]): Outage[] {
  const outages: Outage[] = [];
  const databases = [...new Set(interruptions.map((interruption) => interruption.database))];
  for (const database of databases) {
    const sorted = interruptions.filter((one) => one.database === database).sort((a, b) => a.startedAt - b.startedAt);
    let group: Interruption[] = [];
    let until = Number.NEGATIVE_INFINITY;
    for (const interruption of sorted) {
      if (group.length > 0 && interruption.startedAt > until) {
        outages.push(outageOf(database, group));
        group = [];
        until = Number.NEGATIVE_INFINITY;
      }
      group.push(interruption);
      until = Math.max(until, interruption.endedAt ?? Number.POSITIVE_INFINITY);
    }
    if (group.length > 0) outages.push(outageOf(database, group));
  }
  return outages.sort((a, b) => a.startedAt - b.startedAt);
}

function outageOf(database: string, group: readonly Interruption[]): Outage {
  const moved = group.some((interruption) => interruption.moved);
  // A delayed write that the old server still accepted ends an interruption, but not the outage.
  const ends = group.filter((one) => !moved || one.moved || one.endedAt === null).map((one) => one.endedAt);
  const accepted = ends.filter((end) => end !== null);
  return {
    database,
    startedAt: Math.min(...group.map((interruption) => interruption.startedAt)),
    firstAcceptedAt: accepted.length > 0 ? Math.min(...accepted) : null,
    allBackAt: accepted.length === ends.length ? Math.max(...accepted) : null,
    moved,
  };
}
