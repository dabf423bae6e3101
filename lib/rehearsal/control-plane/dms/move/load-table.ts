import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { writeLog } from '../task';
import { describeError, isRecoverable, TaskFailure } from './failure';
import { loadExpression, lobSize } from './mapping';
import { openSource, openTarget, progressOf, qualified, type RunWorld, suspend, withSession } from './run-world';
import type { SourceColumn, SourceTable } from './source-tables';

/**
 * Loads one table: a SELECT under a snapshot of its own, written by COPY in an ordinary session of the target, all in one
 * transaction. What the target does not take puts the table in error, and the task goes on, unless its settings say otherwise.
 *
 * @throws TaskFailure when a table's error is to stop the task, or a large value was cut that must not be
 */
export async function loadTable(world: RunWorld, table: SourceTable): Promise<void> {
  const { task, clock } = world;
  const progress = progressOf(world, table);
  progress.state = progress.reloaded ? 'Table is being reloaded' : 'Full load';
  progress.loadStartedAt = clock.now();
  try {
    await withSession(openSource(world), (source) =>
      withSession(openTarget(world), async (target) => {
        await source.query('begin isolation level repeatable read read only');
        const { rows } = await source.query<{ snapshot: string }>(
          'select pg_catalog.pg_current_snapshot()::text as snapshot',
        );
        await watchLargeValues(world, source, table);
        await target.query('begin');
        progress.loadedRows = await copy(world, source, target, table);
        await lookUpLargeValues(world, source, target, table);
        await target.query('commit');
        progress.snapshot = rows[0]?.snapshot ?? null;
      }),
    );
    progress.state = 'Table completed';
    progress.loadEndedAt = clock.now();
    progress.updatedAt = clock.now();
    if (task.settings.validation.enabled) progress.validation = 'Pending validation';
  } catch (error) {
    if (world.signal.aborted) {
      // A load that was interrupted left nothing behind and begins anew when the task is resumed.
      progress.state = 'Before load';
      return;
    }
    if (error instanceof TaskFailure || isRecoverable(error)) {
      progress.state = 'Before load';
      throw error;
    }
    suspend(world, progress, describeError(error));
    if (task.settings.tableErrors === 'STOP_TASK')
      throw new TaskFailure(`table ${table.schema}.${table.table} failed: ${progress.error}`, { cause: error });
  }
}

async function copy(world: RunWorld, source: Client, target: Client, table: SourceTable): Promise<number> {
  const columns = table.columns.filter((column) => carries(world, column));
  const names = columns.map(({ name }) => source.escapeIdentifier(name));
  const expressions = columns.map((column, index) => loadExpression(column, names[index] ?? '', world.mapping));
  const from = source.query(
    copyTo(`copy (select ${expressions.join(', ')} from ${qualified(source, table)}) to stdout`),
  );
  const into = target.query(copyFrom(`copy ${qualified(target, table)} (${names.join(', ')}) from stdin`));
  await pipeline(from, into, { signal: world.signal });
  return Number(into.rowCount ?? 0);
}

/** Without LOB support such columns are not carried at all. */
function carries({ mapping }: RunWorld, column: SourceColumn): boolean {
  return column.kind !== 'lob' || mapping.lob.mode !== 'none';
}

/** Limited mode cuts with a line in the log, and nothing else. */
async function watchLargeValues(world: RunWorld, source: Client, table: SourceTable): Promise<void> {
  const { lob, failOnTruncation } = world.mapping;
  const large = table.columns.filter(({ kind }) => kind === 'lob');
  if (lob.mode !== 'limited' || large.length === 0) return;
  const tooLong = large.map(
    (column) => `${lobSize(column, source.escapeIdentifier(column.name))} > ${lob.limitKb * 1024}`,
  );
  const { rows } = await source.query<{ count: string }>(
    `select count(*)::text as count from ${qualified(source, table)} where ${tooLong.join(' or ')}`,
  );
  if (rows[0]?.count === '0') return;
  const message = `LOB data of ${rows[0]?.count} rows of '${table.schema}'.'${table.table}' is larger than ${lob.limitKb} KB`;
  if (failOnTruncation) throw new TaskFailure(message);
  writeLog(world.task, `[TARGET_LOAD ]W: ${message} and was truncated`);
}

/** Full mode loads rows without what is not inline, and looks that up by key; a table without a key never gets it. */
async function lookUpLargeValues(world: RunWorld, source: Client, target: Client, table: SourceTable): Promise<void> {
  const { lob } = world.mapping;
  const large = table.columns.filter(({ kind }) => kind === 'lob');
  if (lob.mode !== 'full' || large.length === 0) return;
  if (table.key.length === 0) {
    writeLog(
      world.task,
      `[TARGET_LOAD ]W: LOB columns of '${table.schema}'.'${table.table}' stay empty without a primary key`,
    );
    return;
  }
  const keys = table.key.map((name) => source.escapeIdentifier(name));
  for (const column of large) {
    const name = source.escapeIdentifier(column.name);
    const { rows } = await source.query<Record<string, string>>(
      `select ${keys.map((key, index) => `${key} as k${index}`).join(', ')}, ${name} as value
         from ${qualified(source, table)} where ${lobSize(column, name)} > ${lob.inlineKb * 1024}`,
    );
    const where = keys.map((key, index) => `${key} = $${index + 2}`).join(' and ');
    for (const row of rows) {
      const values = [row.value, ...keys.map((_, index) => row[`k${index}`])];
      await target.query(`update ${qualified(target, table)} set ${name} = $1 where ${where}`, values);
    }
  }
}
