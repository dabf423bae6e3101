/** The clock of an outage: how long each part took, and whether the budget is over. */
import { CutoverAborted, NotReady } from '../errors';

/** What the function must have left beyond the budget: to give the source back, or to go on after the flip. */
const RESERVE_MS = 30_000;

/**
 * Throws `NotReady` when the function would end in mid-outage: it would leave the source fenced until the state machine notices,
 * so the outage is not begun at all.
 */
export function assertTimeLeft(leftMs: number, budgetMs: number): void {
  const neededMs = budgetMs + RESERVE_MS;
  if (leftMs >= neededMs) return;
  throw new NotReady(
    `${Math.round(leftMs)} ms of the function are left before the fence and ${neededMs} ms are needed: the target was too far ` +
      'behind, or too much changed since the verification; cut over again at a quieter time, or lower ' +
      'policy.cutoverBudgetSeconds',
  );
}

/** True when the function has time for an outage after `firstMs` of other work. */
export function hasTimeLeft(leftMs: number, budgetMs: number, firstMs: number): boolean {
  return leftMs >= budgetMs + RESERVE_MS + firstMs;
}

/** Work that waits in turns says for whom it waited; only what hangs in one statement is cut off, this much later. */
const GRACE_MS = 250;

/** Starts when it is made. */
export class OutageClock {
  private readonly startedAt = performance.now();
  private lastAt = this.startedAt;

  constructor(private readonly budgetMs: number) {}

  /** Milliseconds since the last lap. */
  lap(): number {
    const now = performance.now();
    const ms = Math.round(now - this.lastAt);
    this.lastAt = now;
    return ms;
  }

  /** Milliseconds since the fence was begun. */
  totalMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Milliseconds until the budget is over; throws `CutoverAborted` when it is. */
  remainingMs(doing: string): number {
    const remaining = this.budgetMs - (performance.now() - this.startedAt);
    if (remaining > 0) return remaining;
    throw new CutoverAborted(
      `the budget of ${this.budgetMs} ms was over while ${doing}, writes go on at the source; look at the lag and at ` +
        'long transactions, or raise policy.cutoverBudgetSeconds',
    );
  }

  /** Waits for `work`, but not beyond the budget and a short grace: then it is left to itself and `CutoverAborted` is thrown. */
  async within<T>(work: Promise<T>, doing: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      const ring = (): void => {
        try {
          timer = setTimeout(ring, this.remainingMs(doing) + GRACE_MS);
        } catch (error) {
          reject(error);
        }
      };
      ring();
    });
    work.catch(() => undefined);
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
    }
  }
}
