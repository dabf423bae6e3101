/** Where in a dump something failed. */
export interface DumpPlace {
  readonly file: string;
  /** Line of the statement, from 1; left out when the file as a whole is wrong. */
  readonly line?: number;
  /** The statement's kind, as `CREATE TABLE`. */
  readonly statementKind?: string;
  readonly sqlState?: string;
}

/** A dump that cannot be loaded; the text says where, what, and what to do. It never quotes rows. */
export class DumpError extends Error {
  override readonly name = 'DumpError';

  constructor(
    readonly place: DumpPlace,
    readonly what: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    const line = place.line === undefined ? '' : `:${place.line}`;
    const kind = place.statementKind ? `${place.statementKind}: ` : '';
    super(`${place.file}${line}: ${kind}${what}; ${remedy}`, options);
  }
}
