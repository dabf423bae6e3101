import { validationError } from './cloudformation-error';
import { isObject, type Json, type JsonObject } from './json';

/** What happens to a resource when it is deleted or replaced (CloudFormation user guide, DeletionPolicy attribute). */
export type RemovalPolicy = 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot';

/** One entry of `Resources`, intrinsic functions unresolved. */
export interface ResourceDefinition {
  readonly type: string;
  readonly properties: JsonObject;
  readonly dependsOn: readonly string[];
  readonly condition: string | null;
  readonly metadata: JsonObject;
  /** Null when the template says nothing: the provider's default applies. */
  readonly deletionPolicy: RemovalPolicy | null;
  readonly updateReplacePolicy: RemovalPolicy | null;
}

/** One entry of `Outputs`, intrinsic functions unresolved. */
export interface OutputDefinition {
  readonly value: Json;
  readonly description: string | null;
  readonly exportName: Json | null;
  readonly condition: string | null;
}

/** A parsed template; sections that are absent are empty. */
export interface Template {
  readonly description: string | null;
  readonly parameters: Readonly<Record<string, JsonObject>>;
  readonly conditions: JsonObject;
  readonly mappings: JsonObject;
  readonly rules: JsonObject;
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
  readonly outputs: Readonly<Record<string, OutputDefinition>>;
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Rules',
  'Resources',
  'Outputs',
];
const RESOURCE_KEYS = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
];
const OUTPUT_KEYS = ['Value', 'Description', 'Export', 'Condition'];
const REMOVAL_POLICIES: readonly string[] = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'];

/**
 * Parses the text of a JSON template.
 * @throws ValidationError for text that is no JSON object, and for every section or attribute that the rehearsal does not
 * know (`Transform`, `CreationPolicy`, …): they would otherwise be silently ignored.
 */
export function parseTemplate(body: string): Template {
  const root = parseBody(body);
  refuseUnknownKeys(root, SECTIONS, 'the template');
  const resources = section(root, 'Resources');
  if (Object.keys(resources).length === 0) {
    throw validationError('Template format error: At least one Resources member must be defined.');
  }
  return {
    description: optionalText(root, 'Description', 'the template'),
    parameters: mapObjects(section(root, 'Parameters'), 'Parameters', (value) => value),
    conditions: section(root, 'Conditions'),
    mappings: section(root, 'Mappings'),
    rules: section(root, 'Rules'),
    resources: mapObjects(resources, 'Resources', resourceDefinition),
    outputs: mapObjects(section(root, 'Outputs'), 'Outputs', outputDefinition),
  };
}

function parseBody(body: string): JsonObject {
  let parsed: Json;
  try {
    parsed = JSON.parse(body) as Json;
  } catch (cause) {
    throw validationError(
      'Template format error: JSON not well-formed; the rehearsal reads JSON templates only',
      cause,
    );
  }
  if (!isObject(parsed)) throw validationError('Template format error: unsupported structure.');
  return parsed;
}

function resourceDefinition(value: JsonObject, path: string): ResourceDefinition {
  refuseUnknownKeys(value, RESOURCE_KEYS, path);
  const type = value.Type;
  if (typeof type !== 'string') throw validationError(`Template format error: [${path}] needs a Type`);
  return {
    type,
    properties: section(value, 'Properties', path),
    dependsOn: names(value.DependsOn ?? [], `${path}.DependsOn`),
    condition: optionalText(value, 'Condition', path),
    metadata: section(value, 'Metadata', path),
    deletionPolicy: removalPolicy(value, 'DeletionPolicy', path),
    updateReplacePolicy: removalPolicy(value, 'UpdateReplacePolicy', path),
  };
}

function outputDefinition(value: JsonObject, path: string): OutputDefinition {
  refuseUnknownKeys(value, OUTPUT_KEYS, path);
  if (value.Value === undefined) throw validationError(`Template format error: [${path}] needs a Value`);
  const exported = section(value, 'Export', path);
  refuseUnknownKeys(exported, ['Name'], `${path}.Export`);
  return {
    value: value.Value,
    description: optionalText(value, 'Description', path),
    exportName: exported.Name ?? null,
    condition: optionalText(value, 'Condition', path),
  };
}

function removalPolicy(value: JsonObject, key: string, path: string): RemovalPolicy | null {
  const policy = optionalText(value, key, path);
  if (policy !== null && !REMOVAL_POLICIES.includes(policy)) {
    throw validationError(
      `Template format error: [${path}.${key}] is '${policy}'; use one of ${REMOVAL_POLICIES.join(', ')}`,
    );
  }
  return policy as RemovalPolicy | null;
}

function section(parent: JsonObject, key: string, path = 'the template'): JsonObject {
  const value = parent[key] ?? {};
  if (!isObject(value)) throw validationError(`Template format error: ${key} of ${path} must be an object`);
  return value;
}

function optionalText(parent: JsonObject, key: string, path: string): string | null {
  const value = parent[key] ?? null;
  if (value !== null && typeof value !== 'string') {
    throw validationError(`Template format error: ${key} of ${path} must be a string`);
  }
  return value;
}

function names(value: Json, path: string): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
    throw validationError(`Template format error: [${path}] must be a string or a list of strings`);
  }
  return list as string[];
}

function mapObjects<T>(source: JsonObject, name: string, read: (value: JsonObject, path: string) => T) {
  return Object.fromEntries(
    Object.entries(source).map(([key, value]) => {
      if (!isObject(value)) throw validationError(`Template format error: [${name}.${key}] must be an object`);
      return [key, read(value, `${name}.${key}`)];
    }),
  );
}

function refuseUnknownKeys(value: JsonObject, known: readonly string[], path: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw validationError(`Invalid template property or properties [${unknown.join(', ')}] in ${path}`);
  }
}
