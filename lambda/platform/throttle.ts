/**
 * How long a worker on a live server rests between two pieces of its work, so that replicas, the disk and the applications keep up.
 * Pure, but for `Throttle`.
 */
import type { Server, Session, Statement } from './postgres';
import { Pulse } from './pulse';

/** What is looked at after a piece. */
export interface Reading {
  /** WAL that the slowest active replica or slot has not taken yet. */
  readonly lagBytes: number;
  /** WAL written beyond `MAX_WAL_BYTES_PER_SECOND`, as `walOwed` counts it. */
  readonly walOwedBytes: number;
  /** Slowest hundredth of the beats since the last rest (`Pulse`), and of those before anything was done. */
  readonly pulseMs: number;
  readonly calmPulseMs: number;
  /** Sessions of others that did something this moment: where there are none, nobody feels anything. */
  readonly others: number;
}

/** Lag above which a worker rests. */
export const MAX_LAG_BYTES = 64 * 2 ** 20;

/** Rate of WAL that is kept to: half of what a gp3 volume of the least speed writes. */
export const MAX_WAL_BYTES_PER_SECOND = 60 * 2 ** 20;

/** WAL that may be owed: batches write in bursts, and a second's worth is none that a volume does not take. */
export const MAX_WAL_OWED_BYTES = MAX_WAL_BYTES_PER_SECOND;

/** A beat may take half as long again as when all was calm, and this much in any case: below lies the noise of a network. */
const PULSE_MAY_TAKE = 1.5;
const PULSE_FLOOR_MS = 5;

/** Longest rest: the work goes on, however busy the server is. */
export const LONGEST_REST_MS = 3_000;

/** A few beats are slow by chance: the rest for one look at them is short, and grows with patience. */
const LONGEST_REST_FOR_PULSE_MS = 250;

/** What is owed after `writtenBytes` in `seconds` more, when the rate allows a part of it: never less than nothing. */
export function walOwed(owedBytes: number, writtenBytes: number, seconds: number): number {
  return Math.max(0, owedBytes + writtenBytes - MAX_WAL_BYTES_PER_SECOND * seconds);
}

/** The rest before the next piece, 0 to `LONGEST_REST_MS`: the longest that one of the readings asks for. */
export function restMs({ lagBytes, walOwedBytes, pulseMs, calmPulseMs, others }: Reading): number {
  const lagging = restFor(lagBytes / MAX_LAG_BYTES);
  const felt = others > 0 ? restFor(pulseMs / Math.max(PULSE_FLOOR_MS, PULSE_MAY_TAKE * calmPulseMs)) : 0;
  const pressed = Math.max(lagging, Math.min(LONGEST_REST_FOR_PULSE_MS, felt));
  const flooded = (1_000 * (walOwedBytes - MAX_WAL_OWED_BYTES)) / MAX_WAL_BYTES_PER_SECOND;
  return Math.min(LONGEST_REST_MS, Math.ceil(Math.max(0, pressed, flooded)));
}

/** Rest for something that is `over` times what it may be. */
function restFor(over: number): number {
  return over > 1 ? 100 * (over - 1) + 50 : 0;
}

/**
 * How much longer a rest is than asked for, after `patience` for the one before: longer each time that it did not help, and shorter
 * faster than that, so that beats which are slow every other time, by chance, do not add up.
 */
export function nextPatience(patience: number, restedMs: number): number {
  return restedMs > 0 ? Math.min(MOST_PATIENCE, 1.5 * patience) : Math.max(1, patience / 2);
}

const MOST_PATIENCE = 16;

/**
 * Position in the WAL as a number; the bytes that the slowest active slot or standby has not taken yet (slots that nobody reads are
 * left out: no rest makes them catch up); and the sessions of applications that did something within a tenth of a second: one that looks
 * every few seconds is a monitor, and rdsadmin is RDS itself. What a session does may be hidden: then it counts.
 */
const pressure: Statement = {
  text: `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as wal,
      greatest(0,
        (select max(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(confirmed_flush_lsn, restart_lsn)))
          from pg_replication_slots where active),
        (select max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) from pg_stat_replication))::text as lag,
      (select count(*)::int from pg_stat_activity where datname is not null and application_name not like 'sealift/%'
        and usename is distinct from 'rdsadmin' and coalesce(backend_type = 'client backend', true)
        and (state is null or state = 'active' or state_change > clock_timestamp() - interval '100 ms')) as others`,
};

interface Pressure {
  readonly wal: string;
  readonly lag: string;
  readonly others: number;
}

/** Reads the server between the pieces of a worker. */
export class Throttle {
  private owed = 0;
  private patience = 1;
  private before: { readonly wal: number; readonly at: number } | null = null;

  private constructor(
    private readonly pulse: Pulse,
    private readonly calmPulseMs: number,
  ) {}

  /** Begins to feel the server's pulse; `calmPulseMs` is what it was before anything was done. */
  static async start(server: Server, calmPulseMs: number): Promise<Throttle> {
    return new Throttle(await Pulse.start(server), calmPulseMs);
  }

  /** Rests as long as the server asks for and returns for how long, in milliseconds. */
  async rest(session: Session): Promise<number> {
    const { wal, lag, others } = await session.one<Pressure>(pressure);
    const now = { wal: Number(wal), at: performance.now() };
    if (this.before !== null) {
      this.owed = walOwed(this.owed, now.wal - this.before.wal, (now.at - this.before.at) / 1_000);
    }
    this.before = now;
    const asked = restMs({
      lagBytes: Number(lag),
      walOwedBytes: this.owed,
      pulseMs: this.pulse.p99Ms(),
      calmPulseMs: this.calmPulseMs,
      others,
    });
    const rest = Math.min(LONGEST_REST_MS, Math.ceil(asked * this.patience));
    this.patience = nextPatience(this.patience, asked);
    if (rest === 0) return 0;
    await new Promise((resolve) => setTimeout(resolve, rest));
    // What was felt while nothing was done says nothing of the work.
    this.pulse.forget();
    return rest;
  }

  /** Ends; never throws. */
  async stop(): Promise<void> {
    await this.pulse.stop();
  }
}
