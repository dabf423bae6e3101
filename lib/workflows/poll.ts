/**
 * Loops that wait: their pace and their bound. The wait grows by `stepSeconds` a round up to `longestSeconds`, so that
 * small databases are quick and a week of copying stays below the 25,000 events of a history: a round costs about nine
 * (facts J6), and all bounds together are 1,920 rounds or about 17,300 events (a test adds them up).
 */

/** Pace and bound of a loop. */
export interface Poll {
  /** Variable that counts the rounds. */
  readonly counter: string;
  readonly stepSeconds: number;
  readonly longestSeconds: number;
  /** The loop gives up after this many rounds. */
  readonly rounds: number;
}

/** 60 rounds reach five minutes after 2.5 h, 90 more take 7.5 h: about ten hours for a snapshot. */
export const SNAPSHOT_POLL: Poll = { counter: 'snapshotRounds', stepSeconds: 5, longestSeconds: 300, rounds: 150 };

/** 120 rounds reach ten minutes after 10 h, 230 more take 38 h: two days for an encrypted copy of 64 TiB. */
export const ENCRYPT_POLL: Poll = { counter: 'encryptRounds', stepSeconds: 5, longestSeconds: 600, rounds: 350 };

/** 60 rounds reach five minutes after 2.5 h, 140 more take 12 h: blocks load lazily, so that a restore does not wait for size. */
export const TARGET_POLL: Poll = { counter: 'targetRounds', stepSeconds: 5, longestSeconds: 300, rounds: 200 };

/** 180 rounds reach a quarter of an hour after 22 h, 620 more take 6.5 days: a week of catching up. */
export const CATCH_UP_POLL: Poll = { counter: 'catchUpRounds', stepSeconds: 5, longestSeconds: 900, rounds: 800 };

/** Rounds of one verification worker; each works up to ten minutes, so that all of them are nine hours. */
export const VERIFY_ROUNDS = 52;

/** Rounds of one worker of the scan; each works up to ten minutes, so that all of them are nineteen hours. */
export const SCAN_ROUNDS = 114;

/** Rounds of one pruning worker; each works up to eight and a half minutes, so that all of them are seven hours. */
export const PRUNE_ROUNDS = 52;

/** Seconds of the present round's wait, as JSONata without its braces. */
export function secondsOf(poll: Poll): string {
  return `$min([$${poll.counter} * ${poll.stepSeconds}, ${poll.longestSeconds}])`;
}

/** The wait of the present round as a JSONata expression. */
export function waitExpression(poll: Poll): string {
  return `{% ${secondsOf(poll)} %}`;
}

/** Rounds of all workers of the copy together; each works up to 13 minutes, so that they are 86 worker hours. */
const COPY_WORKER_ROUNDS = 400;

/** Rounds of one of `workers` workers of the copy. */
export function copyRoundsOf(workers: number): number {
  return Math.floor(COPY_WORKER_ROUNDS / workers);
}

/** Calls that make tables, and calls that make indexes; each works up to ten minutes, so that either are 25 hours. */
export const MAKE_ROUNDS = 150;

/**
 * Calls that make indexes while rows come, each time the rows are begun; each works up to ten minutes, so that they are three hours.
 * What is not made by then is made when the rows are there.
 */
export const EARLY_ROUNDS = 18;

/** How often the rows are begun again because their snapshot ended. */
export const MOST_SNAPSHOTS = 3;
