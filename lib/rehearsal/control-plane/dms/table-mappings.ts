import { Refusal } from '../fault';
import { invalidValue } from './names';
import { parseObject, StrictObject } from './strict-json';

/** One selection rule; `%` stands for any text, and what is not a wildcard is taken literally. */
export interface SelectionRule {
  readonly schema: string;
  readonly table: string;
  readonly action: 'include' | 'exclude' | 'explicit';
}

/** A column that is not carried, named exactly; any table or schema that a wildcard names. */
export interface RemovedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** What a task carries. */
export interface TableMappings {
  readonly selections: readonly SelectionRule[];
  readonly removed: readonly RemovedColumn[];
}

/** Characters that the user guide excludes from names of columns to transform. */
const SPECIAL = /[#\\/-]/;

/**
 * Reads table mappings (user guide, "Using table mapping"). The stand-in knows selection rules without filters, and of transformations
 * the removal of a column; every other rule it refuses.
 *
 * @throws AwsFault `InvalidParameterValueException` for no JSON, no rule, or rules that share an id; Refusal for the rest
 */
export function readTableMappings(json: string): TableMappings {
  const mappings = new StrictObject('table mappings', parseObject('Table mappings', json));
  const rules = mappings.value('rules');
  mappings.refuseOthers();
  if (!Array.isArray(rules) || rules.length === 0)
    throw invalidValue('Table mappings must hold at least one selection rule');
  const ids = new Set<string>();
  const selections: SelectionRule[] = [];
  const removed: RemovedColumn[] = [];
  for (const each of rules) {
    const rule = new StrictObject('table mapping rule', each);
    const type = rule.text('rule-type', '');
    if (type !== 'selection' && type !== 'transformation') throw new Refusal(`rule-type ${type} of DMS table mappings`);
    const id = String(rule.value('rule-id') ?? '');
    const name = String(rule.value('rule-name') ?? '');
    if (id === '' || name === '' || ids.has(id))
      throw invalidValue(`Every rule must have a rule-name, and a rule-id of its own, got ${id}`);
    ids.add(id);
    if (type === 'selection') selections.push(readSelection(rule));
    else removed.push(readRemoval(rule));
  }
  if (selections.every(({ action }) => action === 'exclude'))
    throw invalidValue('Table mappings must hold at least one rule that includes');
  return { selections, removed };
}

function readRemoval(rule: StrictObject): RemovedColumn {
  const [action, target] = [rule.text('rule-action', ''), rule.text('rule-target', '')];
  if (action !== 'remove-column' || target !== 'column')
    throw new Refusal(`rule-action ${action} on a ${target} of DMS table mappings`);
  const locator = rule.object('object-locator');
  const column: RemovedColumn = {
    schema: locator.text('schema-name', ''),
    table: locator.text('table-name', ''),
    column: locator.text('column-name', ''),
  };
  locator.refuseOthers();
  rule.refuseOthers();
  if (column.column === '' || SPECIAL.test(column.column) || column.column.includes('%'))
    throw new Refusal(`the removal of the column ${JSON.stringify(column.column)} by DMS table mappings`);
  return column;
}

/** Whether a column is removed. */
export function removes(removed: readonly RemovedColumn[], schema: string, table: string, column: string): boolean {
  return removed.some((rule) => rule.column === column && matches(rule.schema, schema) && matches(rule.table, table));
}

function readSelection(rule: StrictObject): SelectionRule {
  const locator = rule.object('object-locator');
  const selection: SelectionRule = {
    schema: locator.text('schema-name', ''),
    table: locator.text('table-name', ''),
    action: rule.choice('rule-action', ['include', 'exclude', 'explicit'] as const, 'include'),
  };
  locator.only({ 'table-type': 'table' });
  locator.refuseOthers();
  const filters = rule.value('filters');
  if (filters !== undefined && (!Array.isArray(filters) || filters.length > 0))
    throw new Refusal('filters of DMS table mappings');
  rule.recordOnly('load-order');
  rule.refuseOthers();
  if (selection.schema === '' || selection.table === '')
    throw invalidValue('Every selection rule must name a schema and a table');
  return selection;
}

/** Whether the rules select a table: an exclusion wins, an explicit rule matches by its exact name only. */
export function selects(rules: readonly SelectionRule[], schema: string, table: string): boolean {
  const hit = rules.filter((rule) =>
    rule.action === 'explicit'
      ? rule.schema === schema && rule.table === table
      : matches(rule.schema, schema) && matches(rule.table, table),
  );
  return hit.length > 0 && hit.every(({ action }) => action !== 'exclude');
}

/** `%` and `_` are wildcards; a bracket makes a literal of the character in it. */
function matches(pattern: string, name: string): boolean {
  const source = [...pattern.matchAll(/\[(.)\]|(.)/gsu)]
    .map(([, literal, plain]) => {
      if (plain === '%') return '[^]*';
      if (plain === '_') return '[^]';
      return (literal ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`, 'u').test(name);
}
