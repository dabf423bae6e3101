import { validationError } from './cloudformation-error';
import type { Json, JsonObject } from './json';
import type { Template } from './template';

/** A parameter as `CreateStack` and `UpdateStack` take it; exactly one of the two values. */
export interface ParameterInput {
  readonly ParameterKey: string;
  readonly ParameterValue?: string;
  readonly UsePreviousValue?: boolean;
}

/** A parameter's value: the text given, and what `Ref` answers. */
export interface ParameterValue {
  readonly text: string;
  readonly value: Json;
  readonly noEcho: boolean;
}

/** Values of the stack's parameters by name. */
export type ParameterValues = ReadonlyMap<string, ParameterValue>;

const TEXT_TYPES = /^(String|AWS::[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z]+)$/;
const SSM_TYPE = /^AWS::SSM::Parameter::Value<(.+)>$/;

/**
 * Chooses and checks the value of every parameter of a template.
 *
 * A parameter that the call leaves out takes the template's default, *also on an update*: only `UsePreviousValue` keeps the
 * old one (CloudFormation API reference, Parameter). A pipeline that forgets it changes the value back.
 * @param previous values of the stack before, null on a creation.
 * @param ssm value of an SSM parameter by name; undefined when there is none.
 * @throws ValidationError for unknown, missing and disallowed values, with AWS's words.
 */
export function chooseParameters(
  template: Template,
  given: readonly ParameterInput[],
  previous: ParameterValues | null,
  ssm: (name: string) => string | undefined,
): ParameterValues {
  const unknown = given.map((input) => input.ParameterKey).filter((key) => !Object.hasOwn(template.parameters, key));
  if (unknown.length > 0) {
    throw validationError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  }
  const chosen = new Map<string, ParameterValue>();
  const missing: string[] = [];
  for (const [name, definition] of Object.entries(template.parameters)) {
    const text = chooseText(name, definition, given, previous);
    if (text === null) missing.push(name);
    else chosen.set(name, read(name, definition, text, ssm));
  }
  if (missing.length > 0) throw validationError(`Parameters: [${missing.join(', ')}] must have values`);
  return chosen;
}

function chooseText(
  name: string,
  definition: JsonObject,
  given: readonly ParameterInput[],
  previous: ParameterValues | null,
): string | null {
  const inputs = given.filter((input) => input.ParameterKey === name);
  const input = inputs[0];
  if (inputs.length > 1) throw validationError(`Parameter ${name} is given ${inputs.length} times`);
  if (input === undefined) return definition.Default === undefined ? null : plain(definition.Default);
  if (input.UsePreviousValue !== true) return input.ParameterValue ?? null;
  if (input.ParameterValue !== undefined) {
    throw validationError(`Invalid input for parameter key ${name}. Cannot specify both a value and usePreviousValue`);
  }
  const before = previous?.get(name);
  if (before === undefined) {
    throw validationError(
      `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
    );
  }
  return before.text;
}

function read(
  name: string,
  definition: JsonObject,
  text: string,
  ssm: (name: string) => string | undefined,
): ParameterValue {
  checkConstraints(name, definition, text);
  const type = typeof definition.Type === 'string' ? definition.Type : '';
  const noEcho = definition.NoEcho === true || definition.NoEcho === 'true';
  const stored = SSM_TYPE.exec(type)?.[1];
  if (stored === undefined) return { text, value: typed(name, type, text), noEcho };
  const value = ssm(text);
  if (value === undefined) {
    throw validationError(`Unable to fetch parameters [${text}] from parameter store for this account.`);
  }
  return { text, value: typed(name, stored, value), noEcho };
}

function typed(name: string, type: string, text: string): Json {
  if (type === 'CommaDelimitedList' || /^List<.+>$/.test(type)) {
    return text === '' ? [] : text.split(',').map((item) => item.trim());
  }
  if (type === 'Number') {
    if (text.trim() === '' || Number.isNaN(Number(text))) {
      throw validationError(`Parameter '${name}' must be a number, got '${text}'`);
    }
    return text;
  }
  if (!TEXT_TYPES.test(type)) {
    throw validationError(`Template format error: parameter ${name} has the unknown type '${type}'`);
  }
  return text;
}

const CONSTRAINTS: Readonly<Record<string, (text: string, limit: Json) => boolean>> = {
  AllowedValues: (text, limit) => Array.isArray(limit) && limit.map(plain).includes(text),
  AllowedPattern: (text, limit) => new RegExp(`^(?:${plain(limit)})$`).test(text),
  MinLength: (text, limit) => text.length >= Number(limit),
  MaxLength: (text, limit) => text.length <= Number(limit),
  MinValue: (text, limit) => Number(text) >= Number(limit),
  MaxValue: (text, limit) => Number(text) <= Number(limit),
};
const NO_CONSTRAINTS = ['Type', 'Default', 'Description', 'ConstraintDescription', 'NoEcho'];

function checkConstraints(name: string, definition: JsonObject, text: string): void {
  for (const [key, limit] of Object.entries(definition)) {
    if (NO_CONSTRAINTS.includes(key)) continue;
    const holds = CONSTRAINTS[key];
    if (holds === undefined) throw validationError(`Invalid template parameter property '${key}' of ${name}`);
    if (!holds(text, limit)) {
      const because = definition.ConstraintDescription ?? `${key} ${JSON.stringify(limit)}`;
      throw validationError(`Parameter '${name}' failed to satisfy constraint: ${plain(because)}`);
    }
  }
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
