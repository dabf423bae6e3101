/** Reads what `test_decoding` writes: one line for a change, transactions between BEGIN and COMMIT. */

/** A column of a change. */
export interface ChangedColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
  readonly value: string | null;
  /** True for a large value that the change left alone: it is not in the stream. */
  readonly unchanged: boolean;
}

/** One change of a row. */
export interface RowChange {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly schema: string;
  readonly table: string;
  /** The old key, or the whole old row under `replica identity full`; empty when the stream does not hold it. */
  readonly old: readonly ChangedColumn[];
  /** The new row; of a deletion it is empty. */
  readonly row: readonly ChangedColumn[];
}

/** What one line says. */
export type DecodedLine =
  | { readonly kind: 'begin'; readonly xid: string }
  | { readonly kind: 'commit'; readonly committedAt: number | null }
  | { readonly kind: 'change'; readonly change: RowChange }
  | { readonly kind: 'truncate' };

/**
 * Parses a line that was decoded with `include-xids` and `include-timestamp`.
 *
 * @throws Error for a line of another form
 */
export function parseDecodedLine(line: string): DecodedLine {
  const [, xid] = /^BEGIN (\d+)$/.exec(line) ?? [];
  if (xid !== undefined) return { kind: 'begin', xid };
  const [commit, time] = /^COMMIT(?: \d+)?(?: \(at (.+)\))?$/.exec(line) ?? [];
  if (commit !== undefined)
    return { kind: 'commit', committedAt: time === undefined ? null : Date.parse(isoTime(time)) };
  return new LineReader(line).read();
}

/** `2026-01-02 03:04:05.678+00` as ISO 8601 wants it. */
function isoTime(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

const OPERATIONS = { INSERT: 'insert', UPDATE: 'update', DELETE: 'delete' } as const;

class LineReader {
  #at = 0;

  constructor(private readonly line: string) {}

  read(): DecodedLine {
    this.#take('table ');
    const schema = this.#identifier();
    this.#take('.');
    const table = this.#identifier();
    // A truncation names several tables.
    if (this.line.startsWith(', ', this.#at) || this.line.startsWith(': TRUNCATE:', this.#at))
      return { kind: 'truncate' };
    this.#take(': ');
    const word = /[A-Z]+/y;
    word.lastIndex = this.#at;
    const operation = word.exec(this.line)?.[0] ?? '';
    if (!(operation in OPERATIONS)) throw this.#wrong('an operation');
    const kind = OPERATIONS[operation as keyof typeof OPERATIONS];
    this.#at += operation.length;
    this.#take(':');
    return { kind: 'change', change: { kind, schema, table, ...this.#tuples(kind) } };
  }

  #tuples(kind: RowChange['kind']): Pick<RowChange, 'old' | 'row'> {
    if (this.#skip(' (no-tuple-data)')) return { old: [], row: [] };
    if (kind === 'delete') return { old: this.#columns(), row: [] };
    const old = this.#skip(' old-key:') ? this.#columns(' new-tuple:') : [];
    if (old.length > 0) this.#take(' new-tuple:');
    return { old, row: this.#columns() };
  }

  #columns(until?: string): ChangedColumn[] {
    const columns: ChangedColumn[] = [];
    // Ends because every round takes a column, and the line is finite.
    while (this.#at < this.line.length && !(until !== undefined && this.line.startsWith(until, this.#at))) {
      this.#take(' ');
      const name = this.#identifier();
      this.#take('[');
      const type = this.#type();
      this.#take(']:');
      const unchanged = this.#skip('unchanged-toast-datum');
      columns.push({ name, type, unchanged, value: unchanged ? null : this.#value() });
    }
    return columns;
  }

  #identifier(): string {
    if (this.line[this.#at] === '"') return this.#quoted('"');
    const plain = /[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*/y;
    plain.lastIndex = this.#at;
    const name = plain.exec(this.line)?.[0];
    if (name === undefined) throw this.#wrong('an identifier');
    this.#at += name.length;
    return name;
  }

  /** Up to the bracket that closes the type: an array's own brackets stand in pairs, a quoted name may hold any. */
  #type(): string {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.line.length; this.#at++) {
      const character = this.line[this.#at];
      if (character === '"') {
        this.#quoted('"');
        this.#at--;
      } else if (character === '[') depth++;
      else if (character === ']' && depth-- === 0) return this.line.slice(start, this.#at);
    }
    throw this.#wrong('a type');
  }

  #value(): string | null {
    if (this.#skip('null')) return null;
    if (this.line.startsWith("B'", this.#at)) this.#at++;
    if (this.line[this.#at] === "'") return this.#quoted("'");
    const bare = /[^ ]+/y;
    bare.lastIndex = this.#at;
    const value = bare.exec(this.line)?.[0];
    if (value === undefined) throw this.#wrong('a value');
    this.#at += value.length;
    return value;
  }

  /** A text between quotes, where a doubled quote stands for one. */
  #quoted(quote: string): string {
    let text = '';
    let from = this.#at + 1;
    for (;;) {
      const end = this.line.indexOf(quote, from);
      if (end < 0) throw this.#wrong(`a closing ${quote}`);
      text += this.line.slice(from, end);
      this.#at = end + 1;
      if (this.line[this.#at] !== quote) return text;
      text += quote;
      from = end + 2;
    }
  }

  #skip(text: string): boolean {
    if (!this.line.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #take(text: string): void {
    if (!this.#skip(text)) throw this.#wrong(JSON.stringify(text));
  }

  /** The line holds values of rows: it stays out of the text. */
  #wrong(wanted: string): Error {
    return new Error(`a line of test_decoding cannot be read: no ${wanted} at character ${this.#at}`);
  }
}
