import type { Client } from 'pg';
import { type Mapping, mapValue } from './mapping';
import { qualified } from './run-world';
import type { SourceColumn, SourceTable } from './source-tables';
import type { ChangedColumn, RowChange } from './test-decoding';

/** A change in the words of the target. */
export interface ChangeStatement {
  readonly kind: RowChange['kind'];
  readonly table: SourceTable;
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** Texts of the key's values, of the row before and after; empty without a primary key. */
  readonly keys: readonly (readonly (string | null)[])[];
  /** True for a changed primary key: DMS looks for the new one, finds nothing and says nothing (user guide, limitations). */
  readonly quiet: boolean;
  /** Columns whose values were cut. */
  readonly cut: readonly string[];
}

interface Part {
  readonly column: SourceColumn;
  readonly name: string;
  readonly value: string | null;
}

/**
 * Words a change for the target; null for one that DMS cannot carry: UPDATE and DELETE of a table without a primary key whose old
 * row is not in the stream. Columns that came after the start of the task are left out. Booleans that are not mapped as such are
 * bound as `varchar(5)`, which a boolean column does not take [unverified].
 */
export function changeStatement(
  client: Client,
  change: RowChange,
  table: SourceTable,
  mapping: Mapping,
): ChangeStatement | null {
  const words = new Words(client, table, mapping);
  const row = words.parts(change.row);
  const old = words.parts(change.old);
  const target = qualified(client, table);
  const common = { kind: change.kind, table };
  if (change.kind === 'insert') {
    const places = row.map((part) => words.place(part));
    const text = `insert into ${target} (${row.map(({ name }) => name).join(', ')}) values (${places.join(', ')})`;
    return { ...common, text, values: words.values, keys: [keyOf(table, row)], quiet: false, cut: words.cut };
  }
  const where = locate(table, change.kind === 'update' ? row : old, old);
  if (where === null) return null;
  const set = row.filter(({ column }) => !table.key.includes(column.name));
  if (change.kind === 'update' && set.length === 0) return null;
  const assignments = set.map((part) => `${part.name} = ${words.place(part)}`);
  const conditions = where.map((part) =>
    table.key.length > 0
      ? `${part.name} = ${words.place(part)}`
      : `${part.name} is not distinct from ${words.place(part)}`,
  );
  const head = change.kind === 'update' ? `update ${target} set ${assignments.join(', ')}` : `delete from ${target}`;
  const keys = [keyOf(table, old), keyOf(table, row)].filter((key) => key.length > 0);
  const [before, after] = [keyOf(table, old), keyOf(table, row)];
  const quiet = change.kind === 'update' && before.length > 0 && JSON.stringify(before) !== JSON.stringify(after);
  return {
    ...common,
    text: `${head} where ${conditions.join(' and ')}`,
    values: words.values,
    keys,
    quiet,
    cut: words.cut,
  };
}

class Words {
  readonly values: (string | null)[] = [];
  readonly cut: string[] = [];

  constructor(
    private readonly client: Client,
    private readonly table: SourceTable,
    private readonly mapping: Mapping,
  ) {}

  parts(columns: readonly ChangedColumn[]): Part[] {
    return columns.flatMap(({ name, value, unchanged }) => {
      const column = this.table.columns.find((each) => each.name === name);
      const left = column?.kind === 'lob' && this.mapping.lob.mode === 'none';
      if (!column || unchanged || left) return [];
      const mapped = mapValue(column, value, this.mapping);
      if (mapped.cut) this.cut.push(name);
      return [{ column, name: this.client.escapeIdentifier(name), value: mapped.value }];
    });
  }

  place({ column, value }: Part): string {
    this.values.push(value);
    const text = `$${this.values.length}`;
    return column.kind === 'boolean' && this.mapping.booleans === 'varchar' ? `${text}::varchar(5)` : text;
  }
}

function keyOf(table: SourceTable, parts: readonly Part[]): (string | null)[] {
  const values = table.key.map((name) => parts.find(({ column }) => column.name === name)?.value);
  return values.some((value) => value === undefined) ? [] : values.map((value) => value ?? null);
}

/** By the primary key where there is one, else by the whole old row, which only `replica identity full` gives. */
function locate(table: SourceTable, keyed: readonly Part[], old: readonly Part[]): readonly Part[] | null {
  if (table.key.length > 0) {
    const key = keyed.filter(({ column }) => table.key.includes(column.name));
    if (key.length === table.key.length) return key;
  }
  return old.length > 0 ? old : null;
}
