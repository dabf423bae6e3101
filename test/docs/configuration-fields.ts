/** The fields of the configuration as its schema has them. */
import { z } from 'zod';
import { configuration } from '../../lib/config/schema';

/** A field: its path, and `required`, `optional` or its default as JSON. */
export interface Field {
  readonly path: string;
  readonly need: string;
}

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly default?: unknown;
}

/** Every field, each kind of a union included, none twice. */
export function configurationFields(): Field[] {
  const root = z.toJSONSchema(configuration, { io: 'input', unrepresentable: 'any' }) as Node;
  const byPath = new Map(fieldsBelow('', root, true).map((field) => [field.path, field]));
  return [...byPath.values()];
}

function fieldsBelow(path: string, node: Node, required: boolean): Field[] {
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, inner]) =>
      fieldsBelow(path === '' ? name : `${path}.${name}`, inner, node.required?.includes(name) === true),
    );
  }
  const kinds = (node.oneOf ?? node.anyOf ?? []).filter((kind) => kind.properties !== undefined);
  if (kinds.length > 0) return kinds.flatMap((kind) => fieldsBelow(path, kind, required));
  const need = required ? 'required' : node.default === undefined ? 'optional' : JSON.stringify(node.default);
  return [{ path, need }];
}
