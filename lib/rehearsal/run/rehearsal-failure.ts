/** A rehearsal that could not be done, for a reason that its user can do something about. */
export class RehearsalFailure extends Error {
  override readonly name = 'RehearsalFailure';

  /** `message` is one line: what failed, and what to do. */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
  }
}
