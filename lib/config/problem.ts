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
const LONGEST_PATH = 160;
/** Problems that the message has in full; more are counted. */
const MOST_LINES = 50;

/** Writes `source.port` or `network.subnetIds[1]`; keys that are no plain words are quoted. */
export function writePath(path: ConfigPath): string {
  const text = path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[A-Za-z_][\w]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('');
  return text === '' ? '(the whole configuration)' : cut(text.replace(/^\./, ''), LONGEST_PATH);
}

/** Quotes a value for a message. */
export function quoteValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return cut(text, LONGEST_QUOTE);
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** All problems of a configuration at once; its message has one line for each of the first fifty. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly Problem[]) {
    const lines = problems
      .slice(0, MOST_LINES)
      .map(({ path, got, allowed }) => `  ${writePath(path)}: got ${got}; allowed: ${allowed}`);
    if (problems.length > MOST_LINES) lines.push(`  and ${problems.length - MOST_LINES} more`);
    super(`the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}\n${lines.join('\n')}`);
  }
}
