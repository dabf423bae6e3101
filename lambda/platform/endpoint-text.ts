/**
 * The text by which an application finds the database, in a secret or a parameter of its own: a JSON object of which two fields
 * are known to us and all others are kept as they are.
 */
import { Blocked } from '../errors';

/** Whose text it is, for messages, and its two fields; the port's is null when none is looked for. */
interface Fields {
  /** Kind and name, such as `secret arn:…`. */
  readonly what: string;
  readonly hostField: string;
  readonly portField: string | null;
}

/** Host and port as the text names them; throws `Blocked` for a text of another make. The port is null when none is looked for. */
export function readEndpoint(text: string, where: Fields): { readonly host: string; readonly port: number | null } {
  const { what, hostField, portField } = where;
  const object = parse(text, what);
  const host = Object.hasOwn(object, hostField) ? object[hostField] : undefined;
  if (typeof host !== 'string' || host === '') {
    throw new Blocked(`${what} has no text in its field ${JSON.stringify(hostField)}, correct switch.hostField`);
  }
  if (portField === null) return { host, port: null };
  const port = Object.hasOwn(object, portField) ? object[portField] : undefined;
  if ((typeof port !== 'number' && typeof port !== 'string') || !/^\d{1,5}$/.test(String(port))) {
    throw new Blocked(`${what} has no port in its field ${JSON.stringify(portField)}, correct switch.portField`);
  }
  return { host, port: Number(port) };
}

/** The text with another host, and port when one is looked for, of the type that it had; the same text when nothing changes. */
export function changeEndpoint(
  text: string,
  where: Fields,
  to: { readonly host: string; readonly port: number },
): string {
  const { hostField, portField } = where;
  const now = readEndpoint(text, where);
  if (now.host === to.host && (portField === null || now.port === to.port)) return text;
  const object = parse(text, where.what);
  assertExact(text, where.what);
  const changed: Record<string, unknown> = { ...object, [hostField]: to.host };
  if (portField !== null) changed[portField] = typeof object[portField] === 'string' ? String(to.port) : to.port;
  return JSON.stringify(changed);
}

function parse(text: string, what: string): Record<string, unknown> {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Blocked(`${what} is no JSON object, the switch changes one field of an object`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser complains about would quote the text.
    return undefined;
  }
}

/** JavaScript's numbers are not JSON's: 12345678901234567890 or 1.50 would be written as others. */
function assertExact(text: string, what: string): void {
  const withoutStrings = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const numbers = withoutStrings.match(/-?\d[\d.eE+-]*/g) ?? [];
  if (numbers.every((number) => String(Number(number)) === number)) return;
  throw new Blocked(`${what} holds a number that would not be kept as it is, store it as text`);
}
