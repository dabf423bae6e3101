/** Where the statements of a dump end, by psql's rules: semicolons in quotes, comments, parentheses and bodies do not count. */
import { nextToken, type Token } from './tokens';

/** A piece of a dump. */
export interface Piece {
  readonly kind: 'statement' | 'psql command';
  /** Without what stood before its first token, and without the semicolon. */
  readonly text: string;
  /** The comments between the piece before and this one, as written. */
  readonly comments: readonly string[];
}

/**
 * The pieces of `dump` in their order. Throws when it ends within a statement: a dump that was cut is no schema.
 */
export function* piecesOf(dump: string): Generator<Piece> {
  let comments: string[] = [];
  for (let token = nextToken(dump, 0); token !== null; ) {
    if (token.kind === 'comment') {
      comments.push(token.value);
      token = nextToken(dump, token.end);
      continue;
    }
    const command = token.value === '\\';
    const end = command ? endOfLine(dump, token.start) : endOfStatement(dump, token);
    if (end > token.start) {
      yield { kind: command ? 'psql command' : 'statement', text: dump.slice(token.start, end).trimEnd(), comments };
      comments = [];
    }
    token = nextToken(dump, command ? end : end + 1);
  }
}

function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
}

/** Index of the semicolon that ends the statement which begins with `first`. */
function endOfStatement(text: string, first: Token): number {
  const body = new RoutineBody();
  let parentheses = 0;
  for (let token: Token | null = first; token !== null; token = nextToken(text, token.end)) {
    if (token.kind === 'word') body.take(token.value, parentheses);
    if (token.kind !== 'symbol') continue;
    if (token.value === '(') parentheses += 1;
    if (token.value === ')') parentheses -= 1;
    if (token.value === ';' && parentheses === 0 && !body.open) return token.start;
  }
  throw new Error('the dump ends within a statement, so it was cut; it is made again');
}

/** `create function … begin atomic …; …; end` is one statement; psql counts `begin`, `case` and `end` in the same way. */
class RoutineBody {
  private readonly head: string[] = [];
  private depth = 0;

  /** Whether a semicolon lies within the body. */
  get open(): boolean {
    return this.depth > 0;
  }

  /** Takes the next word. */
  take(word: string, parentheses: number): void {
    if (this.head.length < 4) this.head.push(word);
    const [first, second, third, fourth] = this.head;
    const what = second === 'or' && third === 'replace' ? fourth : second;
    if (first !== 'create' || (what !== 'function' && what !== 'procedure') || parentheses > 0) return;
    if (word === 'begin' || (word === 'case' && this.depth > 0)) this.depth += 1;
    if (word === 'end') this.depth = Math.max(0, this.depth - 1);
  }
}
