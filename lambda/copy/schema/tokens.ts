/**
 * The tokens of PostgreSQL's SQL, as far as it takes to find where a statement ends and what it names: the server parses
 * every statement itself. Manual, "Lexical Structure". `standard_conforming_strings` is on: the dump's session sees to it.
 */

/** A token with its place in the text. */
export interface Token {
  /** `word`: folded to lower case; `name`: a quoted identifier without quotes; `string`: a literal as written. */
  readonly kind: 'word' | 'name' | 'string' | 'symbol' | 'comment';
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const BLANK = /\s+/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const QUOTED = { "'": /'[^']*(?:''[^']*)*'/y, '"': /"[^"]*(?:""[^"]*)*"/y } as const;
const ESCAPED = /'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y;

/** Index behind the match of a sticky expression at `at`, or -1. */
function endOf(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex : -1;
}

/** Index behind a block comment, which may hold others; the text's end when it is not closed. */
function endOfBlockComment(text: string, at: number): number {
  let depth = 1;
  let end = at + 2;
  while (depth > 0) {
    const close = text.indexOf('*/', end);
    if (close < 0) return text.length;
    const open = text.indexOf('/*', end);
    const opens = open >= 0 && open < close;
    depth += opens ? 1 : -1;
    end = (opens ? open : close) + 2;
  }
  return end;
}

/** Index behind the comment at `at`, or -1 when none begins there. */
function endOfComment(text: string, at: number): number {
  if (text.startsWith('--', at)) {
    const newline = text.indexOf('\n', at);
    return newline < 0 ? text.length : newline;
  }
  return text.startsWith('/*', at) ? endOfBlockComment(text, at) : -1;
}

function endOfDollarString(text: string, at: number): number {
  const bodyAt = endOf(DOLLAR_TAG, text, at);
  if (bodyAt < 0) return -1;
  const tag = text.slice(at, bodyAt);
  const close = text.indexOf(tag, bodyAt);
  return close < 0 ? text.length : close + tag.length;
}

/** The next token at or behind `at`, comments included; null at the end. A quote that is not closed ends with the text. */
export function nextToken(text: string, at: number): Token | null {
  const blanks = endOf(BLANK, text, at);
  const start = blanks < 0 ? at : blanks;
  const char = text[start];
  if (char === undefined) return null;
  const token = (kind: Token['kind'], end: number, value = text.slice(start, end)): Token => ({
    kind,
    value,
    start,
    end,
  });
  const commentEnd = char === '-' || char === '/' ? endOfComment(text, start) : -1;
  if (commentEnd >= 0) return token('comment', commentEnd);
  if (char === "'" || char === '"') {
    const found = endOf(QUOTED[char], text, start);
    const end = found < 0 ? text.length : found;
    if (char === "'") return token('string', end);
    return token('name', end, text.slice(start + 1, end - 1).replaceAll('""', '"'));
  }
  const dollarEnd = char === '$' ? endOfDollarString(text, start) : -1;
  if (dollarEnd >= 0) return token('string', dollarEnd);
  const wordEnd = endOf(WORD, text, start);
  if (wordEnd < 0) return token('symbol', Math.max(endOf(NUMBER, text, start), start + 1));
  if ((char === 'e' || char === 'E') && wordEnd === start + 1 && text[wordEnd] === "'") {
    const found = endOf(ESCAPED, text, wordEnd);
    return token('string', found < 0 ? text.length : found);
  }
  return token('word', wordEnd, text.slice(start, wordEnd).toLowerCase());
}

/** The tokens of a statement without comments, at most `most`: who a statement names stands at its beginning. */
export function tokensOf(text: string, most = Number.POSITIVE_INFINITY): Token[] {
  const tokens: Token[] = [];
  for (let token = nextToken(text, 0); token !== null && tokens.length < most; token = nextToken(text, token.end)) {
    if (token.kind !== 'comment') tokens.push(token);
  }
  return tokens;
}

/** Whether these words, not quoted, stand in the tokens from `at` on. */
export function wordsAt(tokens: readonly Token[], at: number, ...words: readonly string[]): boolean {
  return words.every((word, index) => {
    const token = tokens[at + index];
    return token?.kind === 'word' && token.value === word;
  });
}

/** Index of these words outside of parentheses, from `from` on; -1 when they are not there. */
export function findWords(tokens: readonly Token[], words: readonly string[], from = 0): number {
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'symbol' && token.value === '(') depth += 1;
    if (token.kind === 'symbol' && token.value === ')') depth -= 1;
    if (depth === 0 && index >= from && wordsAt(tokens, index, ...words)) return index;
  }
  return -1;
}
