/**
 * The configuration: what a customer writes under the context key `sealift` of `cdk.json`. It is checked without any
 * look-up, and every problem is reported at once with its path, the value found and what is allowed.
 */
import type { z } from 'zod';
import { findDisagreements } from './config/agreement';
import { findHostileValues, isTooDeep } from './config/hostile';
import { type ConfigPath, ConfigurationError, type Problem, quoteValue } from './config/problem';
import { configuration } from './config/schema';

export { ConfigurationError, type Problem } from './config/problem';

/** The context key that holds the configuration. */
export const CONTEXT_KEY = 'sealift';

/** The configuration as a customer writes it: fields with a default may be left out. */
export type SealiftConfigInput = z.input<typeof configuration>;

/** The configuration with every default filled in. */
export type SealiftConfig = z.output<typeof configuration>;

/**
 * Checks a configuration and fills in its defaults.
 * @throws ConfigurationError with every problem
 */
export function parseConfig(input: unknown): SealiftConfig {
  const raw = typeof input === 'string' ? readJson(input) : input;
  if (raw === undefined) {
    throw new ConfigurationError([
      { path: [], got: 'nothing', allowed: `an object under the context key "${CONTEXT_KEY}" of cdk.json` },
    ]);
  }
  if (isTooDeep(raw)) {
    throw new ConfigurationError([{ path: [], got: 'objects in objects without end', allowed: 'at most 20 levels' }]);
  }
  const hostile = findHostileValues(raw);
  const parsed = configuration.safeParse(raw);
  const problems = [
    ...hostile,
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => toProblems(issue, raw))),
    ...findDisagreements(raw),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(withoutRepetition(problems));
  return parsed.data;
}

/** The command line (`-c sealift='{…}'`) gives text instead of an object. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigurationError([{ path: [], got: quoteValue(text), allowed: 'an object, or its JSON text' }]);
  }
}

function toProblems(issue: z.core.$ZodIssue, raw: unknown): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => toProblem([...path, name], issue.message, raw));
  }
  return [toProblem(path, issue.message, raw)];
}

function toProblem(path: ConfigPath, allowed: string, raw: unknown): Problem {
  return { path, got: quoteValue(valueAt(raw, path)), allowed };
}

function valueAt(raw: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    return (value as Record<string | number, unknown>)[part];
  }, raw);
}

/** A value can break a rule twice (too long and of the wrong shape); one line says it. */
function withoutRepetition(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify([problem.path, problem.allowed]), problem]));
  return [...byText.values()];
}
