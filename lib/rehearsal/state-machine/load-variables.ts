import { isJsonObject, type Json, type JsonObject } from './json';
import { complain, type Place } from './load-fields';

/** Longest name of a variable, in characters. */
const NAME_LIMIT = 80;

/** Unicode identifiers without `$`, as Step Functions takes them. */
const NAME = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/** Names that any state of a block assigns, in itself, its choice rules or its catchers; inner blocks are left out. */
export function assignedNames(states: JsonObject): readonly string[] {
  const names = new Set<string>();
  for (const state of Object.values(states)) {
    for (const holder of assigners(state)) {
      for (const name of isJsonObject(holder.Assign) ? Object.keys(holder.Assign) : []) {
        names.add(name);
      }
    }
  }
  return [...names];
}

/** Refuses names that are no variable names, the reserved one, and names that a scope outside assigns. */
export function checkScope(place: Place, assigned: readonly string[], outer: ReadonlySet<string>): void {
  for (const name of assigned) {
    if (!NAME.test(name) || name.length > NAME_LIMIT) {
      complain(
        place,
        'Assign',
        `'${name}' is no variable name: letters, digits and _, at most ${NAME_LIMIT} characters`,
      );
    }
    if (name === 'states') {
      complain(place, 'Assign', "'states' is reserved");
    }
    if (outer.has(name)) {
      complain(place, 'Assign', `'${name}' is assigned in an outer scope, which an inner one can only read`);
    }
  }
}

function assigners(state: Json): readonly JsonObject[] {
  if (!isJsonObject(state)) {
    return [];
  }
  const parts = [state.Choices, state.Catch].flatMap((part) => (Array.isArray(part) ? (part as readonly Json[]) : []));
  return [state, ...parts.filter(isJsonObject)];
}
