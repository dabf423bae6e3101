import { newTableProgress, tableKey } from '../task';
import { describeError, TaskFailure } from './failure';
import { loadTable } from './load-table';
import { openSource, openTarget, progressOf, qualified, type RunWorld, suspend, withSession } from './run-world';
import { listSourceTables, type SourceTable } from './source-tables';

/**
 * Reads the selected tables of the source. A task that was started knows its tables: one that came later is none of them, because
 * no change of the schema is captured.
 *
 * @throws TaskFailure when there is none and the settings do not allow that
 */
export async function discoverTables(world: RunWorld): Promise<void> {
  const { task, clock } = world;
  const tables = await withSession(openSource(world), (client) => listSourceTables(client, task.mappings));
  if (tables.length === 0 && task.settings.failOnNoTables) {
    throw new TaskFailure(
      'No tables were found at task initialization. Either the selected table(s) or schema(s) no longer exist or no match was found for the table selection pattern(s).',
    );
  }
  const known = task.tables.size > 0;
  for (const table of tables) {
    const key = tableKey(table.schema, table.table);
    if (!known) task.tables.set(key, newTableProgress(table.schema, table.table, clock.now()));
    if (task.tables.has(key)) world.tables.set(key, table);
  }
}

/** Puts the tables in error that DMS would not carry: without a counterpart on the target, or of types that it does not know. */
export async function refuseTables(world: RunWorld): Promise<void> {
  await withSession(openTarget(world), async (client) => {
    for (const table of world.tables.values()) {
      const progress = progressOf(world, table);
      if (progress.state !== 'Before load') continue;
      const { rows } = await client.query<{ found: string | null }>('select to_regclass($1)::text as found', [
        qualified(client, table),
      ]);
      const foreign = table.columns.find(({ kind }) => kind === 'unsupported');
      if (!rows[0]?.found) suspend(world, progress, 'the table does not exist on the target', 'Table does not exist');
      else if (foreign) suspend(world, progress, `type ${foreign.declared} of column ${foreign.name} is not supported`);
    }
  });
}

/** Empties tables before their load; a foreign key from another table refuses that, whoever asks (manual, TRUNCATE). */
export async function truncateTables(world: RunWorld, tables: readonly SourceTable[]): Promise<void> {
  if (tables.length === 0) return;
  await withSession(openTarget(world), async (client) => {
    for (const table of tables) {
      try {
        await client.query(`truncate table ${qualified(client, table)}`);
      } catch (error) {
        suspend(world, progressOf(world, table), describeError(error));
        if (world.task.settings.tableErrors === 'STOP_TASK')
          throw new TaskFailure(`table ${table.schema}.${table.table} could not be truncated: ${describeError(error)}`);
      }
    }
  });
}

/** Loads what waits, several tables at once; a table that is in error waits for nothing. */
export async function loadTables(world: RunWorld): Promise<void> {
  const { task, clock, signal } = world;
  const waiting = [...world.tables.values()].filter((table) => isWaiting(world, table));
  if (waiting.length === 0) return;
  task.loadStartedAt ??= clock.now();
  const worker = async () => {
    // Ends because every round takes a table.
    for (let table = waiting.shift(); table !== undefined && !signal.aborted; table = waiting.shift())
      if (isWaiting(world, table)) await loadTable(world, table);
  };
  const workers = Array.from({ length: Math.min(task.settings.parallelTables, waiting.length) }, worker);
  const ended = await Promise.allSettled(workers);
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  if (!signal.aborted) task.loadEndedAt = clock.now();
}

function isWaiting(world: RunWorld, table: SourceTable): boolean {
  const { state } = progressOf(world, table);
  return state === 'Before load' || state === 'Table is being reloaded';
}
