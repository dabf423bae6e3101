import { DumpError } from './dump-error';
import { StatementLexer } from './statement-lexer';

/** One thing of a plain dump besides COPY data: an SQL statement with its semicolon, or a line for psql. */
export interface DumpItem {
  readonly kind: 'statement' | 'meta-command';
  /** Text from the first token on; comments before it are left out. */
  readonly text: string;
  /** Line of the first token in the file, from 1. */
  readonly line: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BACKSLASH = 0x5c;
const DOT = 0x2e;

/** Reads a plain dump piece by piece: memory holds one statement or one piece of COPY data, whatever the file's size. */
export class DumpReader {
  private readonly lexer = new StatementLexer();
  private readonly pieces: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);
  private ended = false;
  private taken = 0;

  /** `file` is the name for errors. */
  constructor(
    pieces: AsyncIterable<Buffer>,
    private readonly file: string,
  ) {
    this.pieces = pieces[Symbol.asyncIterator]();
  }

  /** Bytes of the file that were read so far. */
  get bytes(): number {
    return this.taken;
  }

  /** What the dump says with `set standard_conforming_strings`. */
  set standardConformingStrings(on: boolean) {
    this.lexer.standardConformingStrings = on;
  }

  /** The next statement or command; null at the end. Throws when the file ends within one. */
  async next(): Promise<DumpItem | null> {
    this.lexer.reset();
    const parts: Buffer[] = [];
    for (;;) {
      const { end, found } = this.lexer.scan(this.rest, this.ended);
      // The index is -1 when the statement began in an earlier piece.
      if (this.lexer.startLine !== null) parts.push(this.rest.subarray(Math.max(0, this.lexer.startIndex), end));
      this.rest = this.rest.subarray(end);
      if (found !== 'nothing') return this.item(found, Buffer.concat(parts).toString('utf8'));
      if (this.ended) break;
      await this.readMore();
    }
    const { unfinished } = this.lexer;
    if (!unfinished) return null;
    throw new DumpError(
      { file: this.file, line: unfinished.line },
      `the dump is truncated: the file ends inside ${unfinished.what} that begins here`,
      'make the dump again and check that pg_dump ended without an error',
    );
  }

  /** The rows after a COPY statement, up to the line `\.`, which is not passed on. Throws when the file ends before it. */
  async *copyData(copyLine: number): AsyncGenerator<Buffer> {
    await this.skipToNextLine();
    let atLineStart = true;
    for (;;) {
      const end = this.endOfCopy(atLineStart);
      if (end) {
        if (end.data.length > 0) yield this.countLines(end.data);
        this.lexer.line += 1;
        this.rest = this.rest.subarray(end.next);
        return;
      }
      if (this.ended) {
        throw new DumpError(
          { file: this.file, line: copyLine, statementKind: 'COPY' },
          'the dump is truncated: the file ends before the line \\. that closes this COPY',
          'make the dump again and check that pg_dump ended without an error',
        );
      }
      // The end mark may be cut by the end of the piece: whole lines are passed on, or long pieces of one line.
      const keep = this.rest.lastIndexOf(NEWLINE) + 1;
      const data = this.rest.subarray(0, keep);
      if (data.length > 0) {
        yield this.countLines(data);
        this.rest = this.rest.subarray(keep);
        atLineStart = true;
      } else if (this.rest.length > 8 || !atLineStart) {
        yield this.rest;
        this.rest = Buffer.alloc(0);
        atLineStart = false;
      }
      await this.readMore();
    }
  }

  /** Ends the reading of the file before its end. */
  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private endOfCopy(atLineStart: boolean): { readonly data: Buffer; readonly next: number } | null {
    for (let at = atLineStart ? 0 : this.rest.indexOf('\n\\.') + 1; ; ) {
      if (!atLineStart && at === 0) return null;
      if (this.rest[at] === BACKSLASH && this.rest[at + 1] === DOT) {
        const newline = this.rest[at + 2] === CARRIAGE_RETURN ? at + 3 : at + 2;
        const closed = this.rest[newline] === NEWLINE || (this.ended && newline >= this.rest.length);
        if (closed) return { data: this.rest.subarray(0, at), next: Math.min(newline + 1, this.rest.length) };
      }
      const next = this.rest.indexOf('\n\\.', at);
      if (next < 0) return null;
      at = next + 1;
    }
  }

  private async skipToNextLine(): Promise<void> {
    for (;;) {
      const newline = this.rest.indexOf(NEWLINE);
      if (newline >= 0) {
        this.lexer.line += 1;
        this.rest = this.rest.subarray(newline + 1);
        return;
      }
      if (this.ended) return;
      await this.readMore();
    }
  }

  private countLines(data: Buffer): Buffer {
    for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) this.lexer.line += 1;
    return data;
  }

  private item(found: 'statement' | 'meta-command', text: string): DumpItem {
    return { kind: found, text: text.trimEnd(), line: this.lexer.startLine ?? this.lexer.line };
  }

  private async readMore(): Promise<void> {
    const { value, done } = await this.pieces.next();
    if (done) {
      this.ended = true;
      return;
    }
    this.taken += value.length;
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, value]) : value;
  }
}
