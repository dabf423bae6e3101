/**
 * Reads pgoutput messages (protocol version 1; PostgreSQL manual, "Logical Replication Message Formats") just far enough to
 * know which rows changed: never whole rows, only the columns asked for.
 */

/** A relation as the stream announces it. */
export interface StreamRelation {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** Text of a column, null, or absent because an unchanged TOAST value was not sent. */
export type ColumnValue = string | null | undefined;

/** A row version: columns in the order of the relation; a key tuple holds null for every column outside the key. */
export type Tuple = readonly ColumnValue[];

/** What the stream says of one change. */
export type Change =
  | { readonly kind: 'row'; readonly relation: StreamRelation; readonly old: Tuple | null; readonly new: Tuple | null }
  | { readonly kind: 'truncate'; readonly relations: readonly StreamRelation[] };

/** Turns the messages of one stream into changes; it remembers the relations that the stream has announced. */
export class PgoutputReader {
  private readonly relations = new Map<number, StreamRelation>();
  private commitLsn = 0n;

  /** Where the commit of the transaction being read begins; known from its first message on. */
  get transactionLsn(): bigint {
    return this.commitLsn;
  }

  /** Reads one message; null for messages that change no row (begin, commit, relation, type, origin, message). */
  read(message: Buffer): Change | null {
    const cursor = new Cursor(message);
    switch (String.fromCharCode(cursor.byte())) {
      case 'R':
        this.remember(cursor);
        return null;
      case 'I': {
        const relation = this.relation(cursor.int32());
        cursor.byte();
        return { kind: 'row', relation, old: null, new: cursor.tuple() };
      }
      case 'U':
        return this.readUpdate(cursor);
      case 'D': {
        const relation = this.relation(cursor.int32());
        cursor.byte();
        return { kind: 'row', relation, old: cursor.tuple(), new: null };
      }
      case 'T':
        return this.readTruncate(cursor);
      case 'B':
        this.commitLsn = cursor.int64();
        return null;
      case 'C':
      case 'O':
      case 'Y':
      case 'M':
        return null;
      default:
        throw new Error(
          `pgoutput message of unknown type 0x${message[0]?.toString(16)}, this server speaks another version`,
        );
    }
  }

  private readUpdate(cursor: Cursor): Change {
    const relation = this.relation(cursor.int32());
    const first = String.fromCharCode(cursor.byte());
    if (first === 'N') return { kind: 'row', relation, old: null, new: cursor.tuple() };
    const old = cursor.tuple();
    cursor.byte();
    return { kind: 'row', relation, old, new: cursor.tuple() };
  }

  private readTruncate(cursor: Cursor): Change {
    const count = cursor.int32();
    cursor.byte();
    return { kind: 'truncate', relations: Array.from({ length: count }, () => this.relation(cursor.int32())) };
  }

  private remember(cursor: Cursor): void {
    const id = cursor.int32();
    const schema = cursor.text();
    const name = cursor.text();
    cursor.byte();
    const columns = Array.from({ length: cursor.int16() }, () => {
      cursor.byte();
      const column = cursor.text();
      cursor.int32();
      cursor.int32();
      return column;
    });
    // The empty schema name stands for pg_catalog.
    this.relations.set(id, { schema: schema === '' ? 'pg_catalog' : schema, name, columns });
  }

  private relation(id: number): StreamRelation {
    const relation = this.relations.get(id);
    if (relation === undefined)
      throw new Error(`pgoutput names relation ${id} before announcing it, the stream is broken`);
    return relation;
  }
}

/** A position in a message. */
class Cursor {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  byte(): number {
    const value = this.bytes.readUInt8(this.at);
    this.at += 1;
    return value;
  }

  int16(): number {
    const value = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  int32(): number {
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.bytes.readBigUInt64BE(this.at);
    this.at += 8;
    return value;
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    const value = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return value;
  }

  tuple(): Tuple {
    return Array.from({ length: this.int16() }, () => this.column());
  }

  private column(): ColumnValue {
    const kind = String.fromCharCode(this.byte());
    if (kind === 'n') return null;
    if (kind === 'u') return undefined;
    const length = this.int32();
    const value = this.bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return value;
  }
}
