/** One thing wrong with the configuration, and the error that carries all of them (style section 9). */

/** Where a value stands in the configuration: keys and array positions from the top. */
export type ConfigPath = readonly (string | number)[];

/** One thing wrong with the configuration. */
export interface Problem {
  readonly path: ConfigPath;
  /** The value found there as JSON, cut to 80 characters; `nothing` when the field is missing. */
  readonly got: string;
  /** What may stand there. */
  readonly allowed: string;
}

const LONGEST_QUOTE = 80;

/** Writes `source.port` or `network.subnetIds[1]`; keys that are no plain words are quoted. */
export function writePath(path: ConfigPath): string {
  const text = path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[A-Za-z_][\w]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('');
  return text === '' ? '(the whole configuration)' : text.replace(/^\./, '');
}

/** Quotes a value for a message. */
export function quoteValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

/** All problems of a configuration at once; its message has one line for each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map(({ path, got, allowed }) => `  ${writePath(path)}: got ${got}; allowed: ${allowed}`);
    super(`the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}\n${lines.join('\n')}`);
  }
}
