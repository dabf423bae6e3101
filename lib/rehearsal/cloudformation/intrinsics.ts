/**
 * CloudFormation's intrinsic functions. One resolver serves twice: with a *symbolic* scope it evaluates everything but
 * references to resources (what a change set compares), with a *live* scope it evaluates those too.
 * What it does not know is an error with its path, never an empty string (design section 7).
 */
import { validationError } from './cloudformation-error';
import { isObject, type Json, type JsonObject } from './json';

/** What a template's expressions can see. */
export interface Scope {
  /** Value of a pseudo parameter or a parameter; undefined when there is none of that name. */
  parameter(name: string): Json | undefined;
  /** Truth of a named condition; throws for an unknown one. */
  condition(name: string): boolean;
  readonly mappings: JsonObject;
  /**
   * Value of `Ref` (attribute null) or `Fn::GetAtt` of a resource. A symbolic scope answers the function itself, unresolved.
   * Throws for unknown resources and attributes.
   */
  reference(logicalId: string, attribute: string | null, path: string): Json;
  /** Value of an export of another stack; undefined when there is none. */
  importValue(name: string): Json | undefined;
  /** Output of another stack of this account and region; undefined when there is none. */
  stackOutput(stackName: string, region: string, outputName: string): Json | undefined;
  availabilityZones(region: string): readonly string[];
}

type IntrinsicFunction = (args: Json, scope: Scope, path: string) => Json | undefined;

const NO_VALUE = 'AWS::NoValue';
const CONDITION_FUNCTIONS = ['Fn::And', 'Fn::Or', 'Fn::Not', 'Fn::Equals', 'Fn::Contains'];

/**
 * Resolves every function in a value.
 * @returns the plain value, or undefined when the whole value is `AWS::NoValue`; inside objects and lists it is left out.
 * @throws ValidationError that names the path for unknown functions, names, attributes and wrong arguments.
 */
export function resolve(value: Json, scope: Scope, path: string): Json | undefined {
  if (Array.isArray(value)) return resolveItems(value, scope, path);
  if (!isObject(value)) return value;
  const name = functionName(value, path);
  if (name !== null) return call(name, value[name] ?? null, scope, path);
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope, `${path}.${key}`)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** Resolves an object of properties; `AWS::NoValue` as a whole gives an empty object. */
export function resolveObject(value: JsonObject, scope: Scope, path: string): JsonObject {
  const resolved = resolve(value, scope, path) ?? {};
  if (!isObject(resolved)) throw validationError(`[${path}] must be an object`);
  return resolved;
}

/** Names that the `Ref`s and `Fn::GetAtt`s of a value refer to; after symbolic resolution these are logical ids only. */
export function referencesOf(value: Json): Set<string> {
  const found = new Set<string>();
  visit(value, (node) => {
    if (typeof node.Ref === 'string') found.add(node.Ref);
    const attribute = node['Fn::GetAtt'];
    const owner = Array.isArray(attribute)
      ? attribute[0]
      : typeof attribute === 'string'
        ? attribute.split('.')[0]
        : null;
    if (typeof owner === 'string') found.add(owner);
  });
  return found;
}

/** The function that an object calls, or null for plain data. */
function functionName(value: JsonObject, path: string): string | null {
  const keys = Object.keys(value);
  const name = keys.find((key) => key === 'Ref' || key.startsWith('Fn::'));
  if (name === undefined) return null;
  if (keys.length > 1)
    throw validationError(`[${path}] mixes the function ${name} with other keys: ${keys.join(', ')}`);
  return name;
}

function call(name: string, args: Json, scope: Scope, path: string): Json | undefined {
  if (CONDITION_FUNCTIONS.includes(name)) {
    throw validationError(`[${path}] uses ${name}, which is allowed in conditions only; name a condition in Fn::If`);
  }
  const implementation = FUNCTIONS[name];
  if (implementation === undefined) {
    throw validationError(`[${path}] uses ${name}; the rehearsal knows ${Object.keys(FUNCTIONS).join(', ')}`);
  }
  return implementation(args, scope, `${path}.${name}`);
}

function resolveItems(items: readonly Json[], scope: Scope, path: string): Json[] {
  return items
    .map((item, index) => resolve(item, scope, `${path}[${index}]`))
    .filter((item): item is Json => item !== undefined);
}

/** Wraps a function of evaluated arguments: it stays unresolved while an argument refers to a resource. */
function strict(
  arity: readonly number[],
  name: string,
  apply: (args: readonly Json[], scope: Scope, path: string) => Json,
) {
  return (args: Json, scope: Scope, path: string): Json => {
    if (!Array.isArray(args) || !arity.includes(args.length)) {
      throw validationError(`[${path}] needs ${arity.join(' or ')} arguments`);
    }
    const values = args.map((item, index) => resolve(item, scope, `${path}[${index}]`) ?? null);
    return isSymbolic(values) ? { [name]: values } : apply(values, scope, path);
  };
}

function unary(name: string, apply: (text: string, scope: Scope, path: string) => Json): IntrinsicFunction {
  return (args, scope, path) => {
    const value = resolve(args, scope, path) ?? null;
    return isSymbolic(value) ? { [name]: value } : apply(scalar(value, path), scope, path);
  };
}

const FUNCTIONS: Readonly<Record<string, IntrinsicFunction>> = {
  Ref: (args, scope, path) => {
    if (typeof args !== 'string') throw validationError(`[${path}] must be a name`);
    return refer(args, scope, path);
  },
  'Fn::GetAtt': (args, scope, path) => {
    const [logicalId, ...rest] = typeof args === 'string' ? args.split('.') : Array.isArray(args) ? args : [];
    const attribute = rest.map((part, index) => scalar(resolve(part, scope, path) ?? null, `${path}[${index + 1}]`));
    if (typeof logicalId !== 'string' || attribute.length === 0) {
      throw validationError(`[${path}] must be 'LogicalId.Attribute' or [LogicalId, Attribute]`);
    }
    return scope.reference(logicalId, attribute.join('.'), path);
  },
  'Fn::Join': (args, scope, path) => {
    const joined = strict([2], 'Fn::Join', ([separator, items]) => {
      return list(items, path)
        .map((item, index) => scalar(item, `${path}[1][${index}]`))
        .join(text(separator, path));
    });
    return joined(args, scope, path);
  },
  'Fn::Sub': (args, scope, path) => substitute(args, scope, path),
  'Fn::Select': strict([2], 'Fn::Select', ([index, items], _scope, path) => {
    const candidates = list(items, path);
    const selected = candidates[Number(scalar(index, path))];
    if (selected === undefined) {
      throw validationError(`[${path}] selects item ${scalar(index, path)} of a list of ${candidates.length}`);
    }
    return selected;
  }),
  'Fn::Split': strict([2], 'Fn::Split', ([separator, value], _scope, path) => {
    if (separator === '') throw validationError(`[${path}] needs a separator that is not empty`);
    return scalar(value, path).split(text(separator, path));
  }),
  'Fn::If': (args, scope, path) => {
    if (!Array.isArray(args) || args.length !== 3 || typeof args[0] !== 'string') {
      throw validationError(`[${path}] must be [condition, value if true, value if false]`);
    }
    const branch = scope.condition(args[0]) ? 1 : 2;
    return resolve(args[branch] ?? null, scope, `${path}[${branch}]`);
  },
  'Fn::ImportValue': unary('Fn::ImportValue', (name, scope, path) => {
    const value = scope.importValue(name);
    if (value === undefined) throw validationError(`No export named ${name} found; it is imported at [${path}]`);
    return value;
  }),
  'Fn::GetStackOutput': (args, scope, path) => stackOutput(args, scope, path),
  'Fn::FindInMap': strict([3], 'Fn::FindInMap', (keys, scope, path) => {
    const [map, top, second] = keys.map((key) => scalar(key, path));
    const level = isObject(scope.mappings[map ?? '']) ? (scope.mappings[map ?? ''] as JsonObject) : {};
    const value = isObject(level[top ?? '']) ? (level[top ?? ''] as JsonObject)[second ?? ''] : undefined;
    if (value === undefined) throw validationError(`[${path}] finds nothing under ${map}.${top}.${second} in Mappings`);
    return value;
  }),
  'Fn::GetAZs': unary('Fn::GetAZs', (region, scope, path) => {
    const own = region === '' ? scope.parameter('AWS::Region') : region;
    return [...scope.availabilityZones(scalar(own ?? null, path))];
  }),
  'Fn::Base64': unary('Fn::Base64', (value) => Buffer.from(value).toString('base64')),
};

function refer(name: string, scope: Scope, path: string): Json | undefined {
  if (name === NO_VALUE) return undefined;
  const value = scope.parameter(name);
  return value === undefined ? scope.reference(name, null, path) : value;
}

/** `Fn::Sub`, as text or as [text, variables]; becomes a `Fn::Join` while it refers to resources. */
function substitute(args: Json, scope: Scope, path: string): Json {
  const [pattern, variables] = typeof args === 'string' ? [args, {}] : Array.isArray(args) ? args : [];
  if (typeof pattern !== 'string' || !isObject(variables)) {
    throw validationError(`[${path}] must be a text or [text, {name: value}]`);
  }
  const parts = pattern.split(/(\$\{[^}]*\})/).map((part): Json => {
    if (!/^\$\{[^}]*\}$/.test(part)) return part;
    if (part.startsWith('${!')) return `\${${part.slice(3)}`;
    const name = part.slice(2, -1).trim();
    const own = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = own === undefined ? named(name, scope, path) : resolve(own, scope, `${path}.${name}`);
    return isSymbolic(value ?? null) ? (value ?? null) : scalar(value ?? null, `${path}.${name}`);
  });
  return isSymbolic(parts) ? { 'Fn::Join': ['', parts.filter((part) => part !== '')] } : parts.join('');
}

function named(name: string, scope: Scope, path: string): Json | undefined {
  const value = scope.parameter(name);
  if (value !== undefined) return value;
  const dot = name.indexOf('.');
  return dot < 0 ? refer(name, scope, path) : scope.reference(name.slice(0, dot), name.slice(dot + 1), path);
}

/** `Fn::GetStackOutput`: the weak cross-stack reference that aws-cdk-lib 2.276 writes with its recommended flags. */
function stackOutput(args: Json, scope: Scope, path: string): Json {
  const resolved = isObject(args) ? resolveObject(args, scope, path) : {};
  const unknown = Object.keys(resolved).filter((key) => !['StackName', 'Region', 'OutputName'].includes(key));
  if (unknown.length > 0) throw validationError(`[${path}] has unknown arguments ${unknown.join(', ')}`);
  const stackName = text(resolved.StackName, `${path}.StackName`);
  const region = text(resolved.Region ?? scope.parameter('AWS::Region'), `${path}.Region`);
  const outputName = text(resolved.OutputName, `${path}.OutputName`);
  const value = scope.stackOutput(stackName, region, outputName);
  if (value === undefined) {
    throw validationError(
      `[${path}] finds no output ${outputName} of a stack ${stackName} in ${region}; deploy it first`,
    );
  }
  return value;
}

/** Tells whether a value still holds an unresolved function. */
export function isSymbolic(value: Json): boolean {
  let symbolic = false;
  visit(value, (node) => {
    symbolic ||= Object.keys(node).some((key) => key === 'Ref' || key.startsWith('Fn::'));
  });
  return symbolic;
}

function visit(value: Json, look: (node: JsonObject) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, look);
  else if (isObject(value)) {
    look(value);
    for (const item of Object.values(value)) visit(item, look);
  }
}

function list(value: Json | undefined, path: string): readonly Json[] {
  if (!Array.isArray(value)) throw validationError(`[${path}] needs a list, got ${JSON.stringify(value ?? null)}`);
  return value;
}

function text(value: Json | undefined, path: string): string {
  if (typeof value !== 'string')
    throw validationError(`[${path}] needs a string, got ${JSON.stringify(value ?? null)}`);
  return value;
}

function scalar(value: Json | undefined, path: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw validationError(`[${path}] needs a string, got ${JSON.stringify(value ?? null)}`);
}
