/** The set of rows that may differ because they changed after they were compared. Pure: no server is asked here. */
import { LEDGER_SCHEMA } from '../platform/names';
import type { Change, StreamRelation, Tuple } from './pgoutput';
import { type ComparedTable, relationOf } from './tables';

/** A key as one text: the JSON array of its columns' texts. */
export type KeyText = string;

/** Keys by relation (`relationOf`), and relations that can only be compared as a whole. */
export class ChangedKeys {
  private readonly keys = new Map<string, Set<KeyText>>();
  private readonly whole = new Set<string>();

  /** Number of keys, a whole table counting as one. */
  get size(): number {
    let total = this.whole.size;
    for (const keys of this.keys.values()) total += keys.size;
    return total;
  }

  /** Adds one key. */
  add(relation: string, key: KeyText): void {
    const known = this.keys.get(relation);
    if (known === undefined) this.keys.set(relation, new Set([key]));
    else known.add(key);
  }

  /** Marks a table that must be compared as a whole. */
  addWhole(relation: string): void {
    this.whole.add(relation);
  }

  /** True when the row with this key, or its table as a whole, has changed. */
  has(relation: string, key: KeyText): boolean {
    return this.whole.has(relation) || this.keys.get(relation)?.has(key) === true;
  }

  /** True when the table must be compared as a whole. */
  hasWhole(relation: string): boolean {
    return this.whole.has(relation);
  }

  /** Relations with their changed keys, those marked whole left out. */
  entries(): readonly { readonly relation: string; readonly keys: readonly KeyText[] }[] {
    return [...this.keys]
      .filter(([relation]) => !this.whole.has(relation))
      .map(([relation, keys]) => ({ relation, keys: [...keys] }));
  }

  /** Relations marked whole. */
  wholeRelations(): readonly string[] {
    return [...this.whole];
  }

  /** Adds everything that `other` holds. */
  addAll(other: ChangedKeys): void {
    for (const [relation, keys] of other.keys) for (const key of keys) this.add(relation, key);
    for (const relation of other.whole) this.addWhole(relation);
  }
}

/** Adds to `changed` what a change of the stream touches; false for a change of the ledger, which is not compared. */
export function collect(changed: ChangedKeys, change: Change, tables: ReadonlyMap<string, ComparedTable>): boolean {
  if (change.kind === 'truncate') {
    const compared = change.relations.filter(({ schema }) => schema !== LEDGER_SCHEMA);
    for (const relation of compared) changed.addWhole(relationOf(relation));
    return compared.length > 0;
  }
  if (change.relation.schema === LEDGER_SCHEMA) return false;
  const relation = relationOf(change.relation);
  const table = tables.get(relation);
  // A table made after the list was taken: unknown to the comparison, so it must be looked at as a whole.
  if (table === undefined) changed.addWhole(relation);
  else collectKeys(changed, change, table);
  return true;
}

function collectKeys(changed: ChangedKeys, change: Change & { kind: 'row' }, table: ComparedTable): void {
  for (const tuple of [change.old, change.new]) {
    if (tuple === null) continue;
    const key = keyOf(change.relation, tuple, table);
    if (key === null) changed.addWhole(relationOf(table));
    else changed.add(relationOf(table), key);
  }
}

/** The key of a row version; null when the table has none or the stream did not send all of it. */
function keyOf(relation: StreamRelation, tuple: Tuple, table: ComparedTable): KeyText | null {
  if (table.key.length === 0) return null;
  const texts: string[] = [];
  for (const column of table.key) {
    const value = tuple[relation.columns.indexOf(column.name)];
    if (value === null || value === undefined) return null;
    texts.push(value);
  }
  return JSON.stringify(texts);
}
