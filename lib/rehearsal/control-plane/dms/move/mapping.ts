/** What DMS makes of values on their way: told by endpoint and task settings, done by the source's SQL for a load and here for changes. */
import type { EndpointSettings } from '../endpoint-settings';
import type { LobSettings } from '../task-settings';
import type { SourceColumn } from './source-tables';

/** Latest and earliest moment that DMS writes for an infinite one [unverified]. */
const LAST = '9999-12-31 23:59:59';
const FIRST = '0001-01-01 00:00:00';

/** How values of one task are mapped. */
export interface Mapping {
  readonly booleans: 'boolean' | 'varchar';
  readonly trimChar: boolean;
  readonly lob: LobSettings;
  readonly failOnTruncation: boolean;
}

/** Reads the mapping from the settings; booleans stay booleans only when both endpoints say so. */
export function mappingOf(source: EndpointSettings, target: EndpointSettings, lob: LobSettings): Mapping {
  return {
    booleans: source.mapBooleanAsBoolean && target.mapBooleanAsBoolean ? 'boolean' : 'varchar',
    trimChar: source.trimSpaceInChar,
    lob,
    failOnTruncation: source.failOnLobTruncation || target.failOnLobTruncation,
  };
}

/**
 * The SQL expression that gives a column's value as a load carries it, as text.
 *
 * @param name the column, quoted
 */
export function loadExpression(column: SourceColumn, name: string, mapping: Mapping): string {
  switch (column.kind) {
    case 'boolean':
      return mapping.booleans === 'boolean' ? name : `case ${name} when true then 'true' when false then 'false' end`;
    case 'fixed-char':
      return mapping.trimChar ? `rtrim(${name}::text)` : name;
    case 'timestamp':
      return `case ${name} when 'infinity' then '${LAST}' when '-infinity' then '${FIRST}' else ${name} end`;
    case 'lob':
      return lobExpression(column, name, mapping.lob);
    default:
      return name;
  }
}

/** Bytes of a large value, as the limit counts them; a bytea counts its own bytes, not its text's. */
export function lobSize(column: SourceColumn, name: string): string {
  return column.type === 'bytea' ? `octet_length(${name})` : `octet_length(${name}::text)`;
}

function lobExpression(column: SourceColumn, name: string, lob: LobSettings): string {
  if (lob.mode === 'none') return 'null';
  if (lob.mode === 'full') return `case when ${lobSize(column, name)} <= ${lob.inlineKb * 1024} then ${name} end`;
  const limit = lob.limitKb * 1024;
  const text = `${name}::text`;
  // As many characters as the limit holds when all of them are as long as they are on the average.
  const cut =
    column.type === 'bytea'
      ? `substring(${name} from 1 for ${limit})::text`
      : `left(${text}, (${limit}::bigint * length(${text}) / octet_length(${text}))::int)`;
  return `case when ${lobSize(column, name)} > ${limit} then ${cut} else ${name}::text end`;
}

/** A value of a change after its mapping, and whether it was cut. */
export interface MappedValue {
  readonly value: string | null;
  readonly cut: boolean;
}

/** Maps a value of a change; large values are cut in limited mode as they are in a load. */
export function mapValue(column: SourceColumn, value: string | null, mapping: Mapping): MappedValue {
  if (value === null) return { value, cut: false };
  switch (column.kind) {
    case 'fixed-char':
      return { value: mapping.trimChar ? value.replace(/ +$/, '') : value, cut: false };
    case 'timestamp':
      return { value: value === 'infinity' ? LAST : value === '-infinity' ? FIRST : value, cut: false };
    case 'lob':
      return mapLob(column, value, mapping.lob);
    default:
      return { value, cut: false };
  }
}

function mapLob(column: SourceColumn, value: string, lob: LobSettings): MappedValue {
  if (lob.mode === 'none') return { value: null, cut: false };
  if (lob.mode === 'full') return { value, cut: false };
  const limit = lob.limitKb * 1024;
  if (column.type === 'bytea') {
    // `\x` and two digits a byte.
    const longest = 2 + 2 * limit;
    return { value: value.slice(0, longest), cut: value.length > longest };
  }
  const bytes = Buffer.byteLength(value);
  if (bytes <= limit) return { value, cut: false };
  const characters = [...value];
  const kept = Math.floor((limit * characters.length) / bytes);
  return { value: characters.slice(0, kept).join(''), cut: true };
}
