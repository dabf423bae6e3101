/** A value that survives the wire. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Largest state input, task argument, task result, state output or set of assigned variables, in bytes of UTF-8 (facts J6). */
export const PAYLOAD_LIMIT_BYTES = 262_144;

/**
 * Sends a value through JSON and back, as every boundary in AWS does (facts M4): dates become strings, undefined members
 * vanish, a bare undefined becomes null. Throws a TypeError on functions, symbols, bigints and cycles.
 */
export function throughJson(value: unknown): Json {
  const text = JSON.stringify(value, refuseWhatIsNoJson);
  return text === undefined ? null : (JSON.parse(text) as Json);
}

/** Whether a JSON value is an object, neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Size of a JSON value on the wire, in bytes of UTF-8. */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The kind of a JSON value in the words of the Step Functions error texts. */
export function jsonKind(value: Json): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : typeof value;
}

function refuseWhatIsNoJson(key: string, value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw new TypeError(`a ${typeof value} cannot cross a JSON boundary (member '${key}')`);
  }
  return value;
}
