const NEWLINE = 0x0a;
const SINGLE_QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const DOLLAR = 0x24;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const SLASH = 0x2f;
const STAR = 0x2a;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;

/** What the lexer is inside of, with the line where that began. */
type Inside =
  | { readonly kind: 'string'; readonly backslashEscapes: boolean; readonly line: number }
  | { readonly kind: 'quoted name'; readonly line: number }
  | { readonly kind: 'dollar-quoted string'; readonly tag: Buffer; readonly line: number }
  | { readonly kind: 'line comment'; readonly line: number }
  | { readonly kind: 'block comment'; depth: number; readonly line: number };

/** How far a scan came: the index of the first byte that it did not take, and whether a statement or command ended there. */
export interface ScanResult {
  readonly end: number;
  readonly found: 'nothing' | 'statement' | 'meta-command';
}

/**
 * Finds where a statement ends, by the rules of psql: semicolons count outside of quotes of every kind, comments,
 * parentheses, and the bodies of `begin atomic` functions. It keeps its state from one piece of a file to the next, and
 * leaves the bytes unread that only the next piece can explain.
 */
export class StatementLexer {
  /** Line of the next byte, from 1. */
  line = 1;
  /** Line of the statement's first token; null before it. */
  startLine: number | null = null;
  /** Index of the statement's first token in the piece scanned last, or -1 when it was in an earlier one or did not come yet. */
  startIndex = -1;
  /** False after `set standard_conforming_strings = off`. */
  standardConformingStrings = true;

  private inside: Inside | null = null;
  private parentheses = 0;
  private begins = 0;
  private words: string[] = [];
  private wordCount = 0;
  /** Whether the bytes just before are the word `e` alone, which makes the next string one with escapes. */
  private afterE = false;
  private metaCommandEnded = false;

  /** What the lexer is inside of at the end of a file; null when a statement may begin. */
  get unfinished(): { readonly what: string; readonly line: number } | null {
    if (this.inside && this.inside.kind !== 'line comment')
      return { what: `a ${this.inside.kind}`, line: this.inside.line };
    return this.startLine === null ? null : { what: 'a statement', line: this.startLine };
  }

  /** Begins a new statement. */
  reset(): void {
    this.startLine = null;
    this.startIndex = -1;
    this.inside = null;
    this.parentheses = 0;
    this.begins = 0;
    this.words = [];
    this.wordCount = 0;
    this.afterE = false;
    this.metaCommandEnded = false;
  }

  /** Scans a piece from its beginning; `last` says that no further piece comes. */
  scan(piece: Buffer, last: boolean): ScanResult {
    this.startIndex = -1;
    let at = 0;
    while (at < piece.length) {
      const next = this.inside ? this.leave(piece, at, last, this.inside) : this.step(piece, at, last);
      if (next === null) return { end: at, found: 'nothing' };
      if (next < 0) return { end: -next, found: this.metaCommandEnded ? 'meta-command' : 'statement' };
      at = next;
    }
    return { end: at, found: 'nothing' };
  }

  /** Takes one token; answers the index behind it, the negative of it when the statement ends there, or null for more. */
  private step(piece: Buffer, at: number, last: boolean): number | null {
    const byte = piece[at] ?? 0;
    if (byte === NEWLINE || byte <= 0x20) {
      if (byte === NEWLINE) this.line += 1;
      this.afterE = false;
      return at + 1;
    }
    if ((byte === MINUS || byte === SLASH || byte === DOLLAR) && at + 1 >= piece.length && !last) return null;
    const next = piece[at + 1];
    if (byte === MINUS && next === MINUS) return this.enter({ kind: 'line comment', line: this.line }, at + 2);
    if (byte === SLASH && next === STAR)
      return this.enter({ kind: 'block comment', depth: 1, line: this.line }, at + 2);
    if (byte === BACKSLASH && this.startLine === null) return this.metaCommand(piece, at, last);
    return this.token(piece, at, last, byte);
  }

  private token(piece: Buffer, at: number, last: boolean, byte: number): number | null {
    if (isWordStart(byte)) return this.word(piece, at, last);
    if (byte === DOLLAR) {
      const tag = dollarTag(piece, at, last);
      if (tag === null) return null;
      if (tag) {
        this.begin(at);
        return this.enter({ kind: 'dollar-quoted string', tag, line: this.line }, at + tag.length);
      }
    }
    // A word that runs to the end of a piece is taken with the next piece; so is a number, lest its tail look like a word.
    this.begin(at);
    const escapes = this.afterE || !this.standardConformingStrings;
    this.afterE = false;
    if (byte === SINGLE_QUOTE)
      return this.enter({ kind: 'string', backslashEscapes: escapes, line: this.line }, at + 1);
    if (byte === DOUBLE_QUOTE) return this.enter({ kind: 'quoted name', line: this.line }, at + 1);
    if (isDigit(byte)) return endOfRun(piece, at, last, isNumberPart);
    if (byte === OPEN) this.parentheses += 1;
    if (byte === CLOSE) this.parentheses = Math.max(0, this.parentheses - 1);
    if (byte === SEMICOLON && this.parentheses === 0 && this.begins === 0) return -(at + 1);
    return at + 1;
  }

  private word(piece: Buffer, at: number, last: boolean): number | null {
    const end = endOfRun(piece, at, last, isWordPart);
    if (end === null) return null;
    this.begin(at);
    const word = piece.toString('latin1', at, Math.min(end, at + 12)).toLowerCase();
    this.afterE = word === 'e';
    this.countWord(word);
    return end;
  }

  /** `create [or replace] function|procedure … begin atomic …; …; end` is one statement; psql counts words in the same way. */
  private countWord(word: string): void {
    this.wordCount += 1;
    if (this.wordCount <= 4) this.words.push(word);
    const [first, second, third, fourth] = this.words;
    const what = second === 'or' && third === 'replace' ? fourth : second;
    if (first !== 'create' || (what !== 'function' && what !== 'procedure') || this.parentheses > 0) return;
    if (word === 'begin' || (word === 'case' && this.begins > 0)) this.begins += 1;
    if (word === 'end') this.begins = Math.max(0, this.begins - 1);
  }

  private begin(at: number): void {
    if (this.startLine !== null) return;
    this.startLine = this.line;
    this.startIndex = at;
  }

  private enter(inside: Inside, next: number): number {
    this.inside = inside;
    this.afterE = false;
    return next;
  }

  /** Goes on inside quotes or a comment. */
  private leave(piece: Buffer, at: number, last: boolean, inside: Inside): number | null {
    const byte = piece[at] ?? 0;
    const next = piece[at + 1];
    switch (inside.kind) {
      case 'line comment':
        if (byte === NEWLINE) this.inside = null;
        break;
      case 'block comment':
        if (byte !== STAR && byte !== SLASH) break;
        if (next === undefined) return last ? at + 1 : null;
        if (byte === SLASH && next === STAR) inside.depth += 1;
        else if (byte === STAR && next === SLASH) inside.depth -= 1;
        else break;
        if (inside.depth === 0) this.inside = null;
        return at + 2;
      case 'string':
      case 'quoted name': {
        const quote = inside.kind === 'string' ? SINGLE_QUOTE : DOUBLE_QUOTE;
        if (inside.kind === 'string' && inside.backslashEscapes && byte === BACKSLASH) {
          if (next === undefined) return last ? at + 1 : null;
          if (next === NEWLINE) this.line += 1;
          return at + 2;
        }
        if (byte !== quote) break;
        if (next === undefined && !last) return null;
        if (next === quote) return at + 2;
        this.inside = null;
        break;
      }
      case 'dollar-quoted string': {
        if (byte !== DOLLAR) break;
        const candidate = piece.subarray(at, at + inside.tag.length);
        if (candidate.length < inside.tag.length && !last) return null;
        if (!candidate.equals(inside.tag)) break;
        this.inside = null;
        return at + inside.tag.length;
      }
    }
    if (byte === NEWLINE) this.line += 1;
    return at + 1;
  }

  private metaCommand(piece: Buffer, at: number, last: boolean): number | null {
    const end = piece.indexOf(NEWLINE, at);
    if (end < 0 && !last) return null;
    this.begin(at);
    this.line += 1;
    this.metaCommandEnded = true;
    return -(end < 0 ? piece.length : end + 1);
  }
}

/** The opening tag at `at`, undefined when that dollar opens none, null when the piece ends too early to know. */
function dollarTag(piece: Buffer, at: number, last: boolean): Buffer | undefined | null {
  const first = piece[at + 1];
  if (first === DOLLAR) return piece.subarray(at, at + 2);
  if (first === undefined || !isWordStart(first)) return undefined;
  const end = endOfRun(piece, at + 1, last, (byte) => isWordPart(byte) && byte !== DOLLAR);
  if (end === null) return null;
  return piece[end] === DOLLAR ? Buffer.from(piece.subarray(at, end + 1)) : undefined;
}

function endOfRun(piece: Buffer, at: number, last: boolean, belongs: (byte: number) => boolean): number | null {
  let end = at + 1;
  while (end < piece.length && belongs(piece[end] ?? 0)) end += 1;
  return end === piece.length && !last ? null : end;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isWordStart(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80;
}

function isWordPart(byte: number): boolean {
  return isWordStart(byte) || isDigit(byte) || byte === DOLLAR;
}

function isNumberPart(byte: number): boolean {
  return isDigit(byte) || (isWordStart(byte) && byte < 0x80);
}
