/** What must not stand anywhere in the configuration, whatever the field: tokens, prototypes, numbers that are none. */
import type { ConfigPath, Problem } from './problem';
import { quoteValue } from './problem';

const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** CDK writes unresolved values as `${Token[…]}`, `#{Token[…]}` and as numbers around -1.8e308 (aws-cdk-lib core/lib/private/encoding). */
const TOKEN = /[$#]\{Token\[/;
const LOWEST_PLAIN_NUMBER = -1e300;

/** Levels of objects and lists that a configuration may have; the schema knows five. */
const DEEPEST = 20;

/** Whether a value is nested deeper than any configuration; a loop, because recursion would overflow on what it looks for. */
export function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= DEEPEST; depth += 1) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** Lists every hostile value of `value`, at any depth. */
export function findHostileValues(value: unknown, path: ConfigPath = []): Problem[] {
  if (typeof value === 'string' && TOKEN.test(value)) {
    return [{ path, got: quoteValue(value), allowed: 'a literal, because names and permissions are made from it' }];
  }
  if (typeof value === 'number' && (!Number.isFinite(value) || value < LOWEST_PLAIN_NUMBER)) {
    return [{ path, got: quoteValue(value), allowed: 'a plain number, no token' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(name) : name];
    if (PROTOTYPE_KEYS.has(name)) return [{ path: here, got: quoteValue(inner), allowed: 'no key of this name' }];
    return findHostileValues(inner, here);
  });
}
