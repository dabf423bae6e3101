/** A history or an evidence folder that cannot be rendered, for a reason that its user can do something about. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError';

  /** `message` is one line: which file, what is wrong with it, and what to do. */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
  }
}

/** How a history is fetched, as every refusal says it. */
export const FETCH =
  'fetch it with: aws stepfunctions get-execution-history --execution-arn <arn> --output json > history.json';
