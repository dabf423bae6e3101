import type { NormalizedSchema } from '@smithy/core/schema';

type Schema = ReturnType<typeof NormalizedSchema.of>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/**
 * Escapes text for an XML element.
 *
 * @param text any text; control characters, most of which XML 1.0 cannot carry, are left out
 */
export function escapeXml(text: string): string {
  return text.replace(/(?![\t\n\r])\p{Cc}/gu, '').replace(/[&<>"\r]/g, (found) => ESCAPES[found] ?? found);
}

/**
 * Writes one value as an XML element after its schema.
 *
 * @param schema schema of the value
 * @param value the value; members that are undefined or null are left out
 * @param name name of the element
 */
export function writeXml(schema: Schema, value: unknown, name: string): string {
  if (schema.isListSchema()) return writeList(schema, value, name);
  if (schema.isMapSchema()) return writeMap(schema, value, name);
  if (schema.isStructSchema()) return `<${name}>${writeMembers(schema, value)}</${name}>`;
  return `<${name}>${escapeXml(writeSimple(schema, value))}</${name}>`;
}

/**
 * Writes the members of a structure, without the element around them.
 *
 * @param schema schema of the structure
 * @param value the structure
 * @param only tells whether a member belongs to the body; all unless given
 */
export function writeMembers(schema: Schema, value: unknown, only: (member: Schema) => boolean = () => true): string {
  const record = (value ?? {}) as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const [memberName, member] of schema.structIterator()) {
    const item = record[memberName];
    if (item === undefined || item === null || !only(member)) continue;
    const { xmlName } = member.getMergedTraits();
    parts.push(writeXml(member, item, typeof xmlName === 'string' ? xmlName : memberName));
  }
  return parts.join('');
}

function writeList(schema: Schema, value: unknown, name: string): string {
  const member = schema.getValueSchema();
  const flattened = Boolean(schema.getMergedTraits().xmlFlattened);
  const itemName = flattened ? name : (member.getMergedTraits().xmlName ?? 'member');
  const items = (value as readonly unknown[]).map((item) => writeXml(member, item, itemName)).join('');
  return flattened ? items : `<${name}>${items}</${name}>`;
}

function writeMap(schema: Schema, value: unknown, name: string): string {
  const key = schema.getKeySchema();
  const member = schema.getValueSchema();
  const entries = Object.entries(value as Readonly<Record<string, unknown>>).map(
    ([itemKey, item]) =>
      writeXml(key, itemKey, key.getMergedTraits().xmlName ?? 'key') +
      writeXml(member, item, member.getMergedTraits().xmlName ?? 'value'),
  );
  if (schema.getMergedTraits().xmlFlattened) return entries.map((entry) => `<${name}>${entry}</${name}>`).join('');
  return `<${name}>${entries.map((entry) => `<entry>${entry}</entry>`).join('')}</${name}>`;
}

function writeSimple(schema: Schema, value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (schema.isBlobSchema() && value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
