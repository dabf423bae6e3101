/**
 * What applications feel of our work: a session of its own commits, again and again, something tiny that must be flushed as their
 * commits must, and takes the time. It locks a row that nobody else wants: a commit of which no reader of the WAL hears.
 */
import type { Server, Session, Statement } from './postgres';
import { emptyQueue, enqueue } from './queue';

const QUEUE = 'pulse';

/** Pause between two beats: forty a second are no load. */
const PAUSE_MS = 25;

/** Beats that tell how calm a server is, and those that tell how it is now. */
const CALM_BEATS = 40;
const LAST_BEATS = 40;

/** A beat that a lock or a dead server holds up ends with an error. */
const TIMEOUTS = { statementMs: 10_000, lockMs: 5_000 };

const beat: Statement = {
  text: `select item from sealift.work where queue = $1 for key share`,
  values: [QUEUE],
};

/** The value below which 99 of 100 lie; 0 of none. */
export function p99(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? 0;
}

/**
 * Makes the row that is locked and returns the slowest hundredth of some beats, in milliseconds: the measure for
 * later ones, taken before anything is done. Doing so twice is no error.
 */
export async function calmPulseMs(session: Session): Promise<number> {
  await session.transaction(async () => {
    await session.execute(emptyQueue(QUEUE));
    await session.execute(enqueue(QUEUE, [{}]));
  });
  const beats: number[] = [];
  while (beats.length < CALM_BEATS) beats.push(await timed(session));
  return p99(beats.slice(1));
}

/** Beats beside the work of a step, until it is stopped. */
export class Pulse {
  private readonly felt: number[] = [];
  private stopping = false;
  private readonly beating: Promise<void>;

  private constructor(private readonly session: Session) {
    this.beating = this.beat();
  }

  /** Begins in the database of the server's ledger, which must hold what `calmPulseMs` made. */
  static async start(server: Server): Promise<Pulse> {
    const { database } = await server.home();
    return new Pulse(await server.another(database, TIMEOUTS));
  }

  /** Slowest hundredth of the last second's beats, in milliseconds; 0 without any. */
  p99Ms(): number {
    return p99(this.felt);
  }

  /** Leaves out what was felt until now. */
  forget(): void {
    this.felt.length = 0;
  }

  /** Ends the beating and its session; never throws. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.beating;
    await this.session.close();
  }

  private async beat(): Promise<void> {
    // A lost session is no reason to end the work: without beats nothing is felt, and the work's own session tells what is wrong.
    try {
      while (!this.stopping) {
        this.felt.push(await timed(this.session));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        if (this.felt.length > LAST_BEATS) this.felt.shift();
      }
    } catch {
      this.stopping = true;
    }
  }
}

async function timed(session: Session): Promise<number> {
  const startedAt = performance.now();
  await session.query(beat);
  return performance.now() - startedAt;
}
