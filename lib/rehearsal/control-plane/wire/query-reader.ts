import type { NormalizedSchema } from '@smithy/core/schema';
import { Refusal } from '../fault';
import { readSimple } from './simple-reader';

type Schema = ReturnType<typeof NormalizedSchema.of>;

/** Form fields by the parts of their dotted names. */
interface Branch {
  value?: string;
  readonly children: Map<string, Branch>;
}

/**
 * Parses the form fields of a query call (`Tags.Tag.1.Key=…`) after the operation's input schema.
 *
 * @param schema schema of the input
 * @param form the fields, `Action` and `Version` included
 * @returns the input; throws `Refusal` for a field that the schema does not know
 */
export function readQueryInput(schema: Schema, form: URLSearchParams): Record<string, unknown> {
  const root: Branch = { children: new Map() };
  for (const [name, value] of form) {
    if (name === 'Action' || name === 'Version') continue;
    plant(root, name.split('.'), value);
  }
  if (schema.isUnitSchema()) return {};
  return readStructure(schema, root, '');
}

function plant(root: Branch, path: readonly string[], value: string): void {
  let branch = root;
  for (const part of path) {
    const next = branch.children.get(part) ?? { children: new Map() };
    branch.children.set(part, next);
    branch = next;
  }
  branch.value = value;
}

function read(schema: Schema, branch: Branch, path: string): unknown {
  if (schema.isListSchema()) return readList(schema, branch, path);
  if (schema.isStructSchema()) return readStructure(schema, branch, path);
  if (schema.isMapSchema()) return readMap(schema, branch, path);
  if (branch.children.size > 0 || branch.value === undefined) throw new Refusal(`the parts of parameter ${path}`);
  return readSimple(schema, branch.value);
}

function readStructure(schema: Schema, branch: Branch, path: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const left = new Set(branch.children.keys());
  for (const [memberName, member] of schema.structIterator()) {
    const wireName = String(member.getMergedTraits().xmlName ?? memberName);
    const child = branch.children.get(wireName);
    if (!child) continue;
    left.delete(wireName);
    result[memberName] = read(member, child, path ? `${path}.${memberName}` : memberName);
  }
  for (const name of left) throw new Refusal(`parameter ${path ? `${path}.` : ''}${name}`);
  return result;
}

function readList(schema: Schema, branch: Branch, path: string): unknown[] {
  if (branch.value === '' && branch.children.size === 0) return [];
  const member = schema.getValueSchema();
  const items = schema.getMergedTraits().xmlFlattened
    ? branch
    : branch.children.get(String(member.getMergedTraits().xmlName ?? 'member'));
  if (!items) throw new Refusal(`the list form of parameter ${path}`);
  return [...items.children.entries()]
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([index, child]) => read(member, child, `${path}.${index}`));
}

function readMap(schema: Schema, branch: Branch, path: string): Record<string, unknown> {
  const entries = schema.getMergedTraits().xmlFlattened ? branch : branch.children.get('entry');
  const keyName = String(schema.getKeySchema().getMergedTraits().xmlName ?? 'key');
  const valueName = String(schema.getValueSchema().getMergedTraits().xmlName ?? 'value');
  const result: Record<string, unknown> = {};
  for (const entry of entries?.children.values() ?? []) {
    const value = entry.children.get(valueName);
    const key = entry.children.get(keyName)?.value;
    if (key === undefined || !value) throw new Refusal(`the map form of parameter ${path}`);
    result[key] = read(schema.getValueSchema(), value, `${path}.${key}`);
  }
  return result;
}
