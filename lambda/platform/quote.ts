/** Identifiers and literals in SQL text: the only two doors by which a value may enter a statement's text (facts K5, K6). */
import { escapeIdentifier, escapeLiteral } from 'pg';
import { Blocked } from '../errors';

/** Longest name that PostgreSQL keeps, in bytes; it cuts longer ones silently (facts K5). */
export const MAX_NAME_BYTES = 63;

/** A quoted identifier; throws `Blocked` for a name that PostgreSQL would cut or cannot hold. */
export function ident(name: string): string {
  if (name === '' || name.includes('\0')) {
    throw new Blocked(`identifier ${JSON.stringify(name)} is empty or holds a NUL byte, rename the object`);
  }
  if (Buffer.byteLength(name, 'utf8') > MAX_NAME_BYTES) {
    throw new Blocked(`identifier ${JSON.stringify(name)} is over ${MAX_NAME_BYTES} bytes, rename the object`);
  }
  return escapeIdentifier(name);
}

/** A quoted `schema.name`. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`;
}

/** A quoted literal, for DDL that takes no parameters. */
export function literal(value: string): string {
  if (value.includes('\0')) throw new Blocked('a literal holds a NUL byte, remove it');
  return escapeLiteral(value);
}
