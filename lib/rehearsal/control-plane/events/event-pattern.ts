import { isObject, type Json, type JsonObject } from '../../cloudformation/json';

/** Whether an event matches. */
export type EventPattern = (event: JsonObject) => boolean;

/**
 * Reads an event pattern: nested objects whose leaves are lists of exact values, of which the event's value, or one of its
 * values, must be one (EventBridge user guide, "Creating event patterns"). Filters such as `prefix` and `exists` are not known
 * and refused.
 *
 * @throws Error naming the field
 */
export function readEventPattern(pattern: Json, at = 'the pattern'): EventPattern {
  if (!isObject(pattern) || Object.keys(pattern).length === 0) {
    throw new Error(`${at} must be an object that is not empty, got ${JSON.stringify(pattern)}`);
  }
  const fields = Object.entries(pattern).map(([name, wanted]) => {
    const path = `${at}.${name}`;
    return { name, matches: Array.isArray(wanted) ? oneOf(wanted, path) : below(readEventPattern(wanted, path)) };
  });
  return (event) => fields.every(({ name, matches }) => matches(event[name]));
}

type Field = (value: Json | undefined) => boolean;

function oneOf(wanted: readonly Json[], path: string): Field {
  const unknown = wanted.find((each) => each !== null && typeof each === 'object');
  if (wanted.length === 0 || unknown !== undefined) {
    throw new Error(
      `${path} holds ${JSON.stringify(unknown ?? wanted)}, the rehearsal knows lists of exact values and no filters`,
    );
  }
  return (value) =>
    (Array.isArray(value) ? value : [value]).some((each) => each !== undefined && wanted.includes(each));
}

function below(matches: EventPattern): Field {
  return (value) => isObject(value) && matches(value);
}
