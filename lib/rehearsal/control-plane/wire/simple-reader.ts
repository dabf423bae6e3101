import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsFault } from '../fault';

/**
 * Parses the text of a scalar after its schema.
 *
 * @param schema schema of the scalar
 * @param text its text on the wire
 * @returns boolean, number, Date, bytes or the text itself; throws `MalformedInput` for text of another kind
 */
export function readSimple(schema: ReturnType<typeof NormalizedSchema.of>, text: string): unknown {
  if (schema.isBooleanSchema()) return checked(text, text === 'true' || text === 'false', text === 'true');
  if (schema.isNumericSchema()) return checked(text, text !== '' && Number.isFinite(Number(text)), Number(text));
  if (schema.isTimestampSchema()) {
    const date = new Date(text);
    return checked(text, !Number.isNaN(date.getTime()), date);
  }
  if (schema.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
}

function checked<T>(text: string, valid: boolean, value: T): T {
  if (!valid)
    throw new AwsFault('MalformedInput', `a value is of the wrong kind, got ${JSON.stringify(text.slice(0, 40))}`);
  return value;
}
