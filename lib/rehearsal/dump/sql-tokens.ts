/** A token of an SQL statement, with its place in the text. */
export interface Token {
  /** `word`: folded to lower case; `name`: a quoted identifier without its quotes; `string`: a literal with its quotes. */
  readonly kind: 'word' | 'name' | 'string' | 'symbol';
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\s+|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|"(?<name>(?:[^"]|"")*)"|(?<string>'(?:[^']|'')*')|(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|(?<symbol>[\s\S])/gy;

/**
 * The tokens of a statement, at most `most` of them: who a statement names stands at its beginning, and a function's body
 * may be long. Good enough to read what pg_dump writes, which is all that it is for; the server parses every statement.
 */
export function tokensOf(text: string, most = Number.POSITIVE_INFINITY): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match && tokens.length < most; match = TOKEN.exec(text)) {
    const { word, name, string, dollar, symbol } = match.groups ?? {};
    const start = match.index;
    if (dollar !== undefined) {
      const close = text.indexOf(dollar, TOKEN.lastIndex);
      TOKEN.lastIndex = close < 0 ? text.length : close + dollar.length;
      tokens.push({ kind: 'string', value: text.slice(start, TOKEN.lastIndex), start, end: TOKEN.lastIndex });
      continue;
    }
    const end = TOKEN.lastIndex;
    if (word !== undefined) tokens.push({ kind: 'word', value: word.toLowerCase(), start, end });
    else if (name !== undefined) tokens.push({ kind: 'name', value: name.replaceAll('""', '"'), start, end });
    else if (string !== undefined) tokens.push({ kind: 'string', value: string, start, end });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', value: symbol, start, end });
  }
  return tokens;
}

/** Whether the words stand in the tokens from `at` on. */
export function wordsAt(tokens: readonly Token[], at: number, ...words: readonly string[]): boolean {
  return words.every((word, index) => {
    const token = tokens[at + index];
    return token?.kind === 'word' && token.value === word;
  });
}

const TWO_WORD_OBJECTS = new Set([
  'materialized',
  'event',
  'foreign',
  'text',
  'default',
  'access',
  'large',
  'user',
  'unlogged',
  'unique',
]);
const ONE_WORD_KINDS = new Set([
  'insert',
  'copy',
  'select',
  'set',
  'reset',
  'grant',
  'revoke',
  'begin',
  'commit',
  'update',
  'delete',
  'do',
  'lock',
]);

/** What a statement does to what, as `CREATE TABLE` or `INSERT`, for messages and decisions. */
export function statementKind(tokens: readonly Token[]): string {
  const words = tokens.slice(0, 6).map((token) => (token.kind === 'word' ? token.value : ''));
  const [first = ''] = words;
  if (first === 'comment' || first === 'security')
    return [first, ...words.slice(1, 3)].filter(Boolean).join(' ').toUpperCase();
  if (ONE_WORD_KINDS.has(first)) return first.toUpperCase();
  const rest = words
    .slice(1)
    .filter(
      (word) =>
        word !== 'or' && word !== 'replace' && word !== 'only' && word !== 'if' && word !== 'not' && word !== 'exists',
    );
  const [object = '', next = ''] = rest;
  return [first, object, TWO_WORD_OBJECTS.has(object) ? next : ''].filter(Boolean).join(' ').toUpperCase();
}
