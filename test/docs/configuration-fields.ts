/** The tables of `docs/configuration.md`, rendered from the schema of the configuration. */
import { z } from 'zod';
import { configuration } from '../../lib/config/schema';

/** A field: its path, and `required`, `optional` or its default as JSON. */
export interface Field {
  readonly path: string;
  readonly need: string;
  /** What the schema says it is, in Markdown. */
  readonly description: string;
}

interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly default?: unknown;
}

/** Every field in the order of the schema, each kind of a union included; one that several kinds have stands once. */
export function configurationFields(): Field[] {
  const root = z.toJSONSchema(configuration, { io: 'input', unrepresentable: 'any' }) as Node;
  const byPath = new Map<string, Field>();
  for (const field of fieldsBelow('', root, true)) {
    const known = byPath.get(field.path);
    const said = [known?.description, field.description].filter((text) => text !== undefined);
    byPath.set(field.path, { ...field, description: [...new Set(said)].join('. ') });
  }
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
  const lists = [node, ...(node.anyOf ?? [])].flatMap(({ items }) => (items?.properties === undefined ? [] : [items]));
  const inner = lists.flatMap((items) => fieldsBelow(`${path}[]`, items, true));
  const need = required ? 'required' : node.default === undefined ? 'optional' : JSON.stringify(node.default);
  return [{ path, need, description: node.description ?? '' }, ...inner];
}

const SECTIONS = ['source', 'network', 'target', 'key', 'switch', 'approval', 'prune', 'policy'];

/** `document` with its tables rendered anew: each stands between `<!-- fields: section -->` and `<!-- end -->`. */
export function withTables(document: string): string {
  return document.replaceAll(
    /(<!-- fields: (\w+) -->\n).*?(\n<!-- end -->)/gs,
    (_, start: string, section: string, end: string) => `${start}\n${tableOf(section)}${end}`,
  );
}

/** The table of one section; `migration` is everything that stands in no other. */
function tableOf(section: string): string {
  const rows = configurationFields()
    .filter(({ path }) => {
      const [top = ''] = path.split('.');
      return section === 'migration' ? !SECTIONS.includes(top) : top === section;
    })
    .map(({ path, need, description }) => {
      const said = need === 'required' || need === 'optional' ? need : `\`${need}\``;
      return `| \`${path}\` | ${said} | ${description} |`;
    });
  return ['| field | need or default | what it is |', '|---|---|---|', ...rows, ''].join('\n');
}
