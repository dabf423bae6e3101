/** One call, as the report shows it: never a body, a secret or a parameter beside the resource. */
export interface JournalEntry {
  /** ISO time on the rehearsal's clock. */
  readonly at: string;
  /** ARN of the caller, or the access key id when nobody is registered for it. */
  readonly caller: string;
  /** Signing name of the service. */
  readonly service: string;
  readonly operation: string;
  /** ARNs that the call touched, as far as IAM knows them. */
  readonly resources: readonly string[];
  /** `ok`, the code of the error, or `lost` for a response that was thrown away on purpose. */
  readonly outcome: string;
  /** Real milliseconds between request and response. */
  readonly durationMs: number;
}

/** Every call of a run, in the order of their ends. */
export class Journal {
  readonly #entries: JournalEntry[] = [];

  /** Adds a call. */
  record(entry: JournalEntry): void {
    this.#entries.push(entry);
  }

  /** The calls so far. */
  entries(): readonly JournalEntry[] {
    return [...this.#entries];
  }
}
