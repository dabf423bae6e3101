/**
 * The four errors that a state machine reacts to. Names are literal, because bundles are minified and Step Functions sees
 * `error.name` only (facts J4, J5).
 */
import { ERRORS } from './contract';

/** Nothing is wrong, ask again: a named retry policy repeats the step. */
export class NotReady extends Error {
  override readonly name = ERRORS.notReady;
}

/** A precondition fails and nothing was changed; the text names the object and the remedy. */
export class Blocked extends Error {
  override readonly name = ERRORS.blocked;
}

/** The cutover failed before the flip: the source is given back. */
export class CutoverAborted extends Error {
  override readonly name = ERRORS.cutoverAborted;
}

/** Something failed after the flip: the target is live; a human is paged and nothing is undone. */
export class PastTheFlip extends Error {
  override readonly name = ERRORS.pastTheFlip;
}
