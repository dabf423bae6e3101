import type { Client } from 'pg';
import { type Mapping, mapValue } from './mapping';
import { qualified } from './run-world';
import type { SourceColumn, SourceTable } from './source-tables';
import type { ChangedColumn, RowChange } from './test-decoding';

/** A change in the words of the target. */
export interface ChangeStatement {
  readonly kind: RowChange['kind'];
  readonly table: SourceTable;
  /** One statement, its values as literals. */
  readonly text: string;
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
 * written as `varchar(5)`, which a boolean column does not take [unverified].
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
  const common = { kind: change.kind, table, cut: words.cut };
  if (change.kind === 'insert') {
    const literals = row.map((part) => words.literal(part));
    const names = row.map(({ name }) => name);
    const text = `insert into ${qualified(client, table)} (${names.join(', ')}) values (${literals.join(', ')})`;
    return { ...common, text, keys: [keyOf(table, row)], quiet: false };
  }
  const where = words.locate(change.kind === 'update' ? row : old, old);
  const head =
    change.kind === 'update' ? words.update(qualified(client, table), row) : `delete from ${qualified(client, table)}`;
  if (where === null || head === null) return null;
  const [before, after] = [keyOf(table, old), keyOf(table, row)];
  return {
    ...common,
    text: `${head} where ${where}`,
    keys: [before, after].filter((key) => key.length > 0),
    quiet: change.kind === 'update' && before.length > 0 && JSON.stringify(before) !== JSON.stringify(after),
  };
}

class Words {
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

  /** Sets everything but the key; null when nothing else has come. */
  update(target: string, row: readonly Part[]): string | null {
    const set = row.filter(({ column }) => !this.table.key.includes(column.name));
    if (set.length === 0) return null;
    return `update ${target} set ${set.map((part) => `${part.name} = ${this.literal(part)}`).join(', ')}`;
  }

  /** By the primary key where there is one, else by the whole old row, which only `replica identity full` gives. */
  locate(keyed: readonly Part[], old: readonly Part[]): string | null {
    const key = keyed.filter(({ column }) => this.table.key.includes(column.name));
    if (key.length > 0 && key.length === this.table.key.length)
      return key.map((part) => `${part.name} = ${this.literal(part)}`).join(' and ');
    if (old.length === 0) return null;
    return old.map((part) => `${part.name} is not distinct from ${this.literal(part)}`).join(' and ');
  }

  literal({ column, value }: Part): string {
    const text = value === null ? 'null' : this.client.escapeLiteral(value);
    return column.kind === 'boolean' && this.mapping.booleans === 'varchar' ? `${text}::varchar(5)` : text;
  }
}

/** Texts of the key's values; empty when the row does not hold all of them, or the table has no key. */
function keyOf(table: SourceTable, parts: readonly Part[]): (string | null)[] {
  const values = table.key.map((name) => parts.find(({ column }) => column.name === name)?.value);
  return values.some((value) => value === undefined) ? [] : values.map((value) => value ?? null);
}
