/** What the chaos hook sees of an invocation. */
export interface Invocation {
  readonly functionName: string;
  /** How many times the function has been invoked, this one included. */
  readonly count: number;
  readonly payload: unknown;
}

/**
 * How an invocation goes wrong; everything here happens in AWS.
 * - `{ kill: 'before' }`: it dies before the handler runs.
 * - `{ kill: 'after-ms', ms }`: its worker is killed after so many milliseconds, whatever it does then.
 * - `kill-after-effect`: the handler completes, then its worker is killed and the call fails as a crash.
 * - `twice`: it runs a second time after the first; the caller gets the second answer.
 * - `twice-at-once`: two run at the same time; the caller gets the first one's answer when both have ended.
 */
export type Chaos =
  | { readonly kill: 'before'; readonly ms?: undefined }
  | { readonly kill: 'after-ms'; readonly ms: number }
  | 'twice'
  | 'twice-at-once'
  | 'kill-after-effect';
