import type { Json, JsonObject } from './json';
import { JSONPATH_FIELDS, SUPPORTED } from './supported';

/** Where the loader is, and where its findings go. */
export interface Place {
  readonly machine: string;
  /** Null at the top level. */
  readonly state: string | null;
  readonly problems: string[];
}

/** What a block is checked against. */
export interface Surroundings {
  readonly canPublish: boolean;
  /** The machine's query language; AWS takes JSONPath when it is not said. */
  readonly language: string;
  /** Variables that this scope and the scopes around it assign. */
  readonly outer: ReadonlySet<string>;
  /** State names seen so far in the whole machine. */
  readonly names: Set<string>;
}

/** Adds a problem with machine, state and field. */
export function complain(place: Place, field: string | null, text: string): void {
  const state = place.state === null ? '' : `, state '${place.state}'`;
  const inField = field === null ? '' : `, field ${field}`;
  place.problems.push(`state machine '${place.machine}'${state}${inField}: ${text}`);
}

/** Refuses fields that are not listed and misses those that are required. */
export function checkFields(
  place: Place,
  object: JsonObject,
  known: Readonly<Record<string, 'required' | 'optional'>>,
  prefix = '',
): void {
  for (const field of Object.keys(object)) {
    if (known[field] === undefined) {
      const text = JSONPATH_FIELDS.includes(field) ? 'belongs to JSONPath' : 'is not known to the interpreter';
      complain(place, prefix + field, `${text}; known are ${Object.keys(known).join(', ')}`);
    }
  }
  for (const [field, need] of Object.entries(known)) {
    if (need === 'required' && object[field] === undefined) {
      complain(place, prefix + field, 'is required');
    }
  }
  if (object.Comment !== undefined && typeof object.Comment !== 'string') {
    complain(place, `${prefix}Comment`, 'must be a string');
  }
}

/** Refuses every query language but JSONata. */
export function checkQueryLanguage(place: Place, language: Json): void {
  if (!SUPPORTED.queryLanguages.some((known) => known === language)) {
    complain(place, 'QueryLanguage', `must be ${SUPPORTED.queryLanguages.join(', ')}, got ${JSON.stringify(language)}`);
  }
}

/** Refuses a present field that is no whole number in the range. */
export function checkWholeNumber(
  place: Place,
  object: JsonObject,
  field: string,
  least: number,
  most: number,
  prefix = '',
): void {
  const value = object[field];
  if (value === undefined) {
    return;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    complain(place, prefix + field, `must be a whole number from ${least} to ${most}, got ${JSON.stringify(value)}`);
  }
}

/** Refuses a Next or Default that names no state of the block. */
export function checkTarget(place: Place, target: Json | undefined, siblings: JsonObject, field: string): void {
  if (typeof target !== 'string' || siblings[target] === undefined) {
    complain(place, field, `names no state of this block, got ${JSON.stringify(target)}`);
  }
}
