/** Longest delay that a Node.js timer takes; longer sleeps are cut into pieces of it. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Time as the rehearsal sees it. */
export interface Clock {
  /** Milliseconds since the epoch; real time on every clock, so that events fit the servers' and writers' timestamps. */
  now(): number;
  /** Resolves after `ms` of this clock; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own time. */
export const realClock: Clock = { now: Date.now, sleep };

/**
 * A clock on which sleeping is `factor` times shorter, so that Wait states and retry intervals run faster; `now` stays
 * real. Throws a RangeError unless `factor` is a positive finite number.
 */
export function scaledClock(factor: number): Clock {
  if (!Number.isFinite(factor) || factor <= 0) {
    throw new RangeError(`a clock's factor must be a positive number, got ${factor}`);
  }
  return { now: Date.now, sleep: (ms, signal) => sleep(ms / factor, signal) };
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let leftMs = Math.max(0, ms);
  // Ends because every round takes away what it slept.
  do {
    const pieceMs = Math.min(leftMs, LONGEST_TIMER_MS);
    await sleepOnce(pieceMs, signal);
    leftMs -= pieceMs;
  } while (leftMs > 0);
}

function sleepOnce(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
