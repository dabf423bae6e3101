/**
 * Values of condition keys of one request. Keys are compared without regard to case; a list marks a multivalued key such as
 * `aws:TagKeys`.
 */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

/** Looks a condition key up, whatever its case. */
export function contextValue(context: ConditionContext, key: string): string | readonly string[] | undefined {
  if (Object.hasOwn(context, key)) return context[key];
  const wanted = key.toLowerCase();
  const found = Object.keys(context).find((name) => name.toLowerCase() === wanted);
  return found === undefined ? undefined : context[found];
}

const LITERALS: Readonly<Record<string, string>> = { '*': '\u0001', '?': '\u0002', $: '$' };

/** Replaces wildcards that came out of a policy variable, so that they stand for themselves. */
export function literalWildcards(text: string): string {
  return text.replaceAll('*', '\u0001').replaceAll('?', '\u0002');
}

/**
 * Replaces policy variables: `${key}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}` for the characters themselves.
 * Wildcards in what comes from a variable are no wildcards: compare with `literalWildcards` of the text.
 * @returns null when a variable has no value: such an element matches nothing (IAM user guide, "policy variables").
 */
export function replaceVariables(pattern: string, context: ConditionContext): string | null {
  let missing = false;
  const replaced = pattern.replace(/\$\{([^}]*)\}/g, (_whole, body: string) => {
    const literal = LITERALS[body.trim()];
    if (literal !== undefined) return literal;
    const [, key = body, fallback] = /^([^,]+?)\s*(?:,\s*'([^']*)')?\s*$/.exec(body.trim()) ?? [];
    const value = contextValue(context, key) ?? fallback;
    if (typeof value !== 'string') missing = true;
    return typeof value === 'string' ? literalWildcards(value) : '';
  });
  return missing ? null : replaced;
}
