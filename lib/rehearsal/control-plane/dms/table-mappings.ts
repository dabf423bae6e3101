import { Refusal } from '../fault';
import { invalidValue } from './names';
import { parseObject, StrictObject } from './strict-json';

/** One selection rule; `%` stands for any text, and what is not a wildcard is taken literally. */
export interface SelectionRule {
  readonly schema: string;
  readonly table: string;
  readonly action: 'include' | 'exclude' | 'explicit';
}

/**
 * Reads table mappings (user guide, "Using table mapping"). The stand-in knows selection rules without filters; transformation
 * and table settings rules it refuses.
 *
 * @throws AwsFault `InvalidParameterValueException` for no JSON, no rule, or rules that share an id; Refusal for the rest
 */
export function readTableMappings(json: string): readonly SelectionRule[] {
  const mappings = new StrictObject('table mappings', parseObject('Table mappings', json));
  const rules = mappings.value('rules');
  mappings.refuseOthers();
  if (!Array.isArray(rules) || rules.length === 0)
    throw invalidValue('Table mappings must hold at least one selection rule');
  const ids = new Set<string>();
  const read = rules.map((each: unknown) => {
    const rule = new StrictObject('table mapping rule', each);
    if (rule.text('rule-type', '') !== 'selection')
      throw new Refusal(`rule-type ${rule.text('rule-type', '')} of DMS table mappings`);
    const id = String(rule.value('rule-id') ?? '');
    const name = String(rule.value('rule-name') ?? '');
    if (id === '' || name === '' || ids.has(id))
      throw invalidValue(`Every rule must have a rule-name, and a rule-id of its own, got ${id}`);
    ids.add(id);
    return readSelection(rule);
  });
  if (read.every(({ action }) => action === 'exclude'))
    throw invalidValue('Table mappings must hold at least one rule that includes');
  return read;
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
