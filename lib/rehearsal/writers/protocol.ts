/** What the rehearsal and the writers' process say to each other, over Node.js' channel between parent and child. */

/** Where a database is reached right now. */
export interface Address {
  /** Host name or address; a name that ends in `.localhost` is always 127.0.0.1. */
  readonly host: string;
  readonly port: number;
}

/** The application's credentials for one database. */
export interface WriterDatabase {
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** `sample`: business changes of the sample's databases; `generic`: no-op updates of whatever tables have a primary key. */
export type WriterMode = 'sample' | 'generic';

/** What the writers' process is told at its start. */
export interface WriterSettings {
  readonly writers: number;
  /** Writers beyond those that keep their first address for ever. */
  readonly stubborn: number;
  readonly databases: readonly WriterDatabase[];
  readonly mode: WriterMode;
  /** PEM of the authority that signed the servers' certificates. */
  readonly ca: string;
  /** Name that the certificates are checked for; null: the host name that was resolved. */
  readonly servername: string | null;
  readonly thinkMs: number;
  /** An attempt without an answer is given up after this time. */
  readonly attemptTimeoutMs: number;
}

/** To the writers' process. */
export type ToWriters =
  | { readonly kind: 'start'; readonly settings: WriterSettings }
  | { readonly kind: 'address'; readonly id: number; readonly address: Address | null }
  | { readonly kind: 'stop' };

/** From the writers' process. */
export type FromWriters =
  | { readonly kind: 'resolve'; readonly id: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'stats'; readonly stats: WriterStats }
  | { readonly kind: 'stopped'; readonly record: WriterRecord };

/** Live figures; rates and percentiles are those since the start unless named otherwise. */
export interface WriterStats {
  readonly acknowledged: number;
  /** Attempts that ended without a commit because the database did not let them: refused, cut or timed out. */
  readonly refused: number;
  /** Commits whose answer never came. */
  readonly unknown: number;
  /** Attempts that the application rolled back itself, or that lost to another transaction (SQLSTATE 40001, 40P01 and the like). */
  readonly rolledBack: number;
  /** Acknowledged commits in the last full second. */
  readonly perSecond: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  readonly latencyMaxMs: number;
}

/** One slice of time in the latency plot. */
export interface LatencyPoint {
  /** Milliseconds since the writers began. */
  readonly atMs: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Null when nothing was acknowledged in the slice. */
  readonly meanMs: number | null;
  readonly maxMs: number | null;
}

/** A time in which one writer could not write: from the start of its first attempt that failed or was delayed to its next acknowledged commit. */
export interface Interruption {
  readonly writer: number;
  readonly database: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Null when the writer was stopped before a commit was acknowledged again. */
  readonly endedAt: number | null;
  /** Whether the commit that ended it was acknowledged by another server than the last one before. */
  readonly moved: boolean;
  /** Attempts that failed in it; 0 when one was only delayed. */
  readonly failedAttempts: number;
}

/** What became of a write: the bytes of a ledger. */
export const OUTCOME = { notIssued: 0, acknowledged: 1, unknown: 2, notCommitted: 3 } as const;

/** The ledger of one writer: byte number `n` is the outcome of its write number `n`. */
export interface WriterLedger {
  readonly writer: number;
  readonly database: string;
  readonly stubborn: boolean;
  readonly outcomes: Uint8Array;
}

/** Everything that the writers know when they have stopped. */
export interface WriterRecord {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly stoppedAt: number;
  readonly stats: WriterStats;
  readonly ledgers: readonly WriterLedger[];
  readonly interruptions: readonly Interruption[];
  readonly latencySeries: readonly LatencyPoint[];
  /** Attempts that were refused, by SQLSTATE or Node.js error code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Attempts that were rolled back, by SQLSTATE; `application`: the application wanted it. */
  readonly conflicts: Readonly<Record<string, number>>;
  /** Values of non-cycling sequences that were handed out more than once. */
  readonly sequenceReuse: number;
  readonly sequenceValues: number;
  /** Commits of stubborn writers that began after another writer was accepted by a new server. */
  readonly stubbornAccepted: number;
  readonly stubbornRefused: number;
}
