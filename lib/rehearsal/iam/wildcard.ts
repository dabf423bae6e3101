const compiled = new Map<string, RegExp>();

/**
 * Tells whether a whole text matches a pattern in which `*` stands for any characters, none too, and `?` for exactly one.
 * Everything else stands for itself; case matters.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  return compile(pattern, (source) => source.replaceAll('*', '.*').replaceAll('?', '.')).test(text);
}

/**
 * Tells whether an ARN matches a `Resource` pattern: a `*` in the middle of one of the first five segments stays within its
 * segment; at a segment's end, and everywhere in the resource part, it may reach beyond colons (IAM user guide, Resource).
 */
export function matchesArnPattern(pattern: string, arn: string): boolean {
  return compile(`arn ${pattern}`, () => {
    const segments = escapeLiteral(pattern).split(':');
    return segments
      .map((segment, index) => (index < 5 ? segment.replace(/\*(?!$)/g, '[^:]*') : segment))
      .join(':')
      .replace(/(?<!\[\^:\])\*/g, '.*')
      .replaceAll('?', '.');
  }).test(arn);
}

function compile(pattern: string, toSource: (escaped: string) => string): RegExp {
  const before = compiled.get(pattern);
  if (before !== undefined) return before;
  const expression = new RegExp(`^${toSource(escapeLiteral(pattern))}$`, 's');
  compiled.set(pattern, expression);
  return expression;
}

/** Escapes what regular expressions give a meaning to, but for the two wildcards. */
function escapeLiteral(text: string): string {
  return text.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
}
