/** The validation of a task: every row of a table once it is loaded, then the rows that change; told by the words of DMS. */
import type { Client } from 'pg';
import { type TableProgress, tableKey } from '../task';
import type { ChangeStatement } from './change-statement';
import { type Difference, differences, digests } from './compare-rows';
import { controlTables } from './control-tables';
import { describeError, isRecoverable } from './failure';
import { openSource, openTarget, progressOf, type RunWorld, withSession } from './run-world';
import type { SourceTable } from './source-tables';

/** Keys that one look asks for at once. */
const KEYS_AT_ONCE = 1_000;

/** A row that differed when it was last looked at. */
interface Suspect {
  readonly kind: Difference;
  /** How long it has been differing, on the clock. */
  readonly forMs: number;
}

interface TableValidation {
  compared: boolean;
  readonly touched: Set<string>;
  readonly suspects: Map<string, Suspect>;
  readonly failed: Set<string>;
  readonly suspended: Set<string>;
}

/** Validates the tables of one run. */
export class Validation {
  readonly #world: RunWorld;
  readonly #tables = new Map<string, TableValidation>();

  constructor(world: RunWorld) {
    this.#world = world;
  }

  /** Takes note of a row that the target was given, so that it is looked at again. */
  noteChange({ table, keys }: ChangeStatement): void {
    if (!this.#world.task.settings.validation.enabled) return;
    const progress = progressOf(this.#world, table);
    const validation = this.#of(table);
    for (const key of keys) validation.touched.add(JSON.stringify(key));
    if (progress.validation === 'Validated') progress.validation = 'Pending revalidation';
  }

  /** Begins tables anew that were loaded again. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.#tables.delete(key);
  }

  /** Looks again and again until the run stops, or until nothing is pending when it is to end by itself. */
  async run(until: 'stopped' | 'settled', signal: AbortSignal): Promise<void> {
    const { task, clock, timings } = this.#world;
    if (!task.settings.validation.enabled) return;
    await withSession(openSource(this.#world), (source) =>
      withSession(openTarget(this.#world), async (target) => {
        // Ends with the signal, or when every table has an end: differences count after a bounded time.
        while (!signal.aborted) {
          for (const table of this.#world.tables.values()) await this.#look(source, target, table, signal);
          if (until === 'settled' && ![...task.tables.values()].some(isPending)) return;
          if (this.#failures() >= task.settings.validation.failureMaxCount) return;
          await clock.sleep(timings.validationPassMs, signal).catch(() => undefined);
        }
      }),
    );
  }

  #of({ schema, table }: { readonly schema: string; readonly table: string }): TableValidation {
    const key = tableKey(schema, table);
    const known = this.#tables.get(key);
    if (known) return known;
    const fresh = {
      compared: false,
      touched: new Set<string>(),
      suspects: new Map(),
      failed: new Set<string>(),
      suspended: new Set<string>(),
    };
    this.#tables.set(key, fresh);
    return fresh;
  }

  async #look(source: Client, target: Client, table: SourceTable, signal: AbortSignal): Promise<void> {
    const progress = progressOf(this.#world, table);
    if (progress.state !== 'Table completed' || signal.aborted) return;
    if (progress.validation === 'Error' || progress.validation === 'No primary key') return;
    if (table.key.length === 0) {
      progress.validation = 'No primary key';
      return;
    }
    const validation = this.#of(table);
    if (validation.failed.size >= this.#world.task.settings.validation.tableFailureMaxCount) return;
    try {
      if (!validation.compared) await this.#compareAll(source, target, table, validation, progress);
      else await this.#compareAgain(source, target, table, validation);
      await this.#judge(target, table, validation, progress);
    } catch (error) {
      if (isRecoverable(error) || signal.aborted) throw error;
      progress.validation = 'Error';
      progress.validationDetails = describeError(error);
    }
  }

  async #compareAll(
    source: Client,
    target: Client,
    table: SourceTable,
    validation: TableValidation,
    progress: TableProgress,
  ): Promise<void> {
    progress.validation = 'Preparing table';
    const options = { keys: null, skipLobs: this.#world.task.settings.validation.skipLobColumns };
    const [left, right] = await Promise.all([
      digests(source, table, this.#world.mapping, 'source', options),
      digests(target, table, this.#world.mapping, 'target', options),
    ]);
    for (const [key, kind] of differences(left, right)) validation.suspects.set(key, { kind, forMs: 0 });
    validation.compared = true;
  }

  /** Rows that differed or have changed since; one that changed again begins its time anew. */
  async #compareAgain(source: Client, target: Client, table: SourceTable, validation: TableValidation): Promise<void> {
    const touched = new Set(validation.touched);
    validation.touched.clear();
    const keys = [...new Set([...touched, ...validation.suspects.keys(), ...validation.failed])];
    const skipLobs = this.#world.task.settings.validation.skipLobColumns;
    for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
      const some = keys.slice(start, start + KEYS_AT_ONCE);
      const [left, right] = await Promise.all([
        digests(source, table, this.#world.mapping, 'source', { keys: some, skipLobs }),
        digests(target, table, this.#world.mapping, 'target', { keys: some, skipLobs }),
      ]);
      const differing = differences(left, right);
      for (const key of some) this.#note(validation, key, differing.get(key));
    }
  }

  #note(validation: TableValidation, key: string, kind: Difference | undefined): void {
    if (kind === undefined) {
      validation.suspects.delete(key);
      validation.failed.delete(key);
      validation.suspended.delete(key);
    } else if (!validation.failed.has(key) && !validation.suspended.has(key)) {
      const before = validation.suspects.get(key);
      const forMs = before === undefined ? 0 : before.forMs + this.#world.timings.validationPassMs;
      validation.suspects.set(key, { kind, forMs });
    }
  }

  /** Differences that have lasted count; while the rows go on changing they are suspended instead. */
  async #judge(
    target: Client,
    table: SourceTable,
    validation: TableValidation,
    progress: TableProgress,
  ): Promise<void> {
    const { recordFailureDelayMinutes, recordSuspendDelayMinutes } = this.#world.task.settings.validation;
    for (const [key, { kind, forMs }] of validation.suspects) {
      const changing = validation.touched.has(key);
      if (forMs < (changing ? recordSuspendDelayMinutes : recordFailureDelayMinutes) * 60_000) continue;
      validation.suspects.delete(key);
      (changing ? validation.suspended : validation.failed).add(key);
      await this.#writeFailure(target, table, key, changing ? 'RECORD_SUSPENDED' : kind);
    }
    progress.pendingRecords = validation.suspects.size + validation.touched.size;
    progress.failedRecords = validation.failed.size;
    progress.suspendedRecords = validation.suspended.size;
    progress.validation = stateOf(progress);
  }

  async #writeFailure(target: Client, { schema, table }: SourceTable, key: string, type: string): Promise<void> {
    await target.query(
      `insert into ${controlTables(target, this.#world).validationFailures}
         values ($1, $2, $3, now() at time zone 'UTC', 'Row', $4, $5, '[]')`,
      [this.#world.task.identifier, schema, table, key, type],
    );
  }

  #failures(): number {
    return [...this.#tables.values()].reduce((sum, { failed, suspended }) => sum + failed.size + suspended.size, 0);
  }
}

function stateOf(progress: TableProgress): TableProgress['validation'] {
  if (progress.failedRecords > 0) return 'Mismatched records';
  if (progress.suspendedRecords > 0) return 'Suspended records';
  return progress.pendingRecords > 0 ? 'Pending records' : 'Validated';
}

function isPending({ state, validation }: TableProgress): boolean {
  return state === 'Table completed' && /^(?:Pending|Preparing)/.test(validation);
}
