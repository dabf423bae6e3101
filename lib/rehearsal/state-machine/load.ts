import type { Definition } from './definition';
import { StateMachineError } from './failure';
import { isJsonObject, type Json, type JsonObject, throughJson } from './json';
import { checkFields, checkQueryLanguage, checkWholeNumber, type Place, type Surroundings } from './load-fields';
import { checkState } from './load-state';
import { checkTransitions } from './load-transitions';
import { assignedNames, checkScope } from './load-variables';
import { LONGEST_SECONDS } from './simple-states';
import { SUPPORTED } from './supported';

/**
 * Checks a definition, an object or its JSON text, and returns it typed. Throws `InvalidDefinition` that lists every
 * problem with machine, state and field; nothing unknown is ignored.
 */
export function loadDefinition(
  machine: string,
  definition: unknown,
  { canPublish }: { readonly canPublish: boolean },
): Definition {
  const problems: string[] = [];
  const place: Place = { machine, state: null, problems };
  const parsed = parse(place, definition);
  if (parsed !== null) {
    checkFields(place, parsed, SUPPORTED.machine);
    checkTopLevel(place, parsed);
    const language = parsed.QueryLanguage;
    checkBlock(place, parsed, {
      canPublish,
      language: typeof language === 'string' ? language : 'JSONPath',
      outer: new Set(),
      names: new Set(),
    });
  }
  if (parsed === null || problems.length > 0) {
    throw new StateMachineError(
      'InvalidDefinition',
      `state machine '${machine}' cannot be run by the interpreter:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    );
  }
  return parsed as unknown as Definition;
}

function parse(place: Place, definition: unknown): JsonObject | null {
  try {
    const value = typeof definition === 'string' ? (JSON.parse(definition) as Json) : throughJson(definition);
    if (isJsonObject(value)) {
      return value;
    }
    place.problems.push(`state machine '${place.machine}': the definition must be an object`);
  } catch (error) {
    place.problems.push(`state machine '${place.machine}': the definition is no JSON: ${String(error)}`);
  }
  return null;
}

function checkTopLevel(place: Place, definition: JsonObject): void {
  if (definition.QueryLanguage !== undefined) {
    checkQueryLanguage(place, definition.QueryLanguage);
  }
  if (definition.Version !== undefined && definition.Version !== '1.0') {
    place.problems.push(`state machine '${place.machine}', field Version: must be "1.0"`);
  }
  checkWholeNumber(place, definition, 'TimeoutSeconds', 1, LONGEST_SECONDS);
}

/** Checks the states of a block; branches and item processors come back here through `checkState`. */
function checkBlock(place: Place, block: JsonObject, surroundings: Surroundings): void {
  const { States: states, StartAt: startAt } = block;
  if (!isJsonObject(states) || Object.keys(states).length === 0) {
    place.problems.push(`${where(place)}, field States: must be an object with at least one state`);
    return;
  }
  if (typeof startAt !== 'string' || states[startAt] === undefined) {
    place.problems.push(`${where(place)}, field StartAt: names no state of this block, got ${JSON.stringify(startAt)}`);
  }
  checkTransitions(place, states, startAt);
  const assigned = assignedNames(states);
  checkScope(place, assigned, surroundings.outer);
  const inner: Surroundings = { ...surroundings, outer: new Set([...surroundings.outer, ...assigned]) };
  for (const [name, state] of Object.entries(states)) {
    checkName(place, name, surroundings);
    const at = { ...place, state: name };
    if (isJsonObject(state)) {
      checkState(at, state, { ...inner, siblings: states }, (nestedBlock) => checkBlock(at, nestedBlock, inner));
    } else {
      place.problems.push(`${where(at)}: must be an object`);
    }
  }
}

/** State names are unique in the whole machine and have at most 80 characters. */
function checkName(place: Place, name: string, { names }: Surroundings): void {
  if (name.length > 80) {
    place.problems.push(`${where(place)}: the name of state '${name}' has more than 80 characters`);
  }
  if (names.has(name)) {
    place.problems.push(`${where(place)}: the name of state '${name}' is used twice`);
  }
  names.add(name);
}

function where(place: Place): string {
  return place.state === null
    ? `state machine '${place.machine}'`
    : `state machine '${place.machine}', state '${place.state}'`;
}
