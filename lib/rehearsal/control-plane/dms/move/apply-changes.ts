import type { Client } from 'pg';
import { tableKey, writeLog } from '../task';
import type { ErrorPolicy } from '../task-settings';
import { type ChangeStatement, changeStatement } from './change-statement';
import type { SourceTransaction } from './change-stream';
import { writeException, writeRecovery } from './control-tables';
import { codeOf, describeError, isRecoverable, TaskFailure } from './failure';
import { isCarried, progressOf, type RunWorld, suspend } from './run-world';
import { sees } from './snapshot';

/** Called for every change that the target took, with the key of the row; for the validation. */
export type OnApplied = (statement: ChangeStatement) => void;

/**
 * Applies transactions of the source, one transaction of the target for each, or one for all of them with batch apply. The session
 * is an ordinary one: triggers fire and foreign keys bite. A transaction goes in one piece; when a statement fails it is rolled
 * back and goes again change by change, each under the error policy of its kind.
 *
 * @throws TaskFailure where a policy stops the task
 */
export async function applyTransactions(
  world: RunWorld,
  target: Client,
  transactions: readonly SourceTransaction[],
  onApplied: OnApplied,
): Promise<void> {
  const statements = transactions.flatMap((transaction) => statementsOf(world, target, transaction));
  const endLsn = transactions.at(-1)?.endLsn;
  if (endLsn === undefined) return;
  if (statements.length > 0) {
    const whole = await applyWhole(world, target, statements, endLsn);
    if (!whole) await applyOneByOne(world, target, statements, endLsn);
    for (const statement of statements) onApplied(statement);
  }
  world.task.checkpoint = endLsn;
}

/** What of a transaction concerns the tables of the task, without what their loads have seen. */
function statementsOf(world: RunWorld, target: Client, transaction: SourceTransaction): ChangeStatement[] {
  const statements: ChangeStatement[] = [];
  for (const change of transaction.changes) {
    const key = tableKey(change.schema, change.table);
    const table = world.tables.get(key);
    const progress = world.task.tables.get(key);
    if (!table || !progress || !isCarried(progress)) continue;
    if (progress.snapshot !== null && sees(progress.snapshot, transaction.xid)) continue;
    progress.seen[COUNTED[change.kind]] += 1;
    const statement = changeStatement(target, change, table, world.mapping);
    if (statement === null) continue;
    if (statement.cut.length > 0) {
      const message = `LOB data of '${table.schema}'.'${table.table}' is larger than ${world.mapping.lob.limitKb} KB`;
      if (world.mapping.failOnTruncation) throw new TaskFailure(message);
      writeLog(world.task, `[TARGET_APPLY ]W: ${message} and was truncated`);
    }
    statements.push(statement);
  }
  return statements;
}

const COUNTED = { insert: 'inserts', update: 'updates', delete: 'deletes' } as const;

/** Statements that go to the target in one message. */
const AT_ONCE = 500;

/** True when each of the statements found its row. */
async function applySome(target: Client, statements: readonly ChangeStatement[]): Promise<boolean> {
  // Several statements in one message are answered by a list.
  const answer: unknown = await target.query(statements.map(({ text }) => text).join(';\n'));
  const results = (Array.isArray(answer) ? answer : [answer]) as readonly { readonly rowCount: number | null }[];
  return statements.every(({ quiet }, index) => quiet || results[index]?.rowCount !== 0);
}

/** True when every statement did what it says; else nothing has happened. */
async function applyWhole(
  world: RunWorld,
  target: Client,
  statements: readonly ChangeStatement[],
  endLsn: string,
): Promise<boolean> {
  try {
    await target.query('begin');
    for (let start = 0; start < statements.length; start += AT_ONCE) {
      if (await applySome(target, statements.slice(start, start + AT_ONCE))) continue;
      await target.query('rollback');
      return false;
    }
    await finish(world, target, endLsn);
  } catch (error) {
    if (isRecoverable(error)) throw error;
    await target.query('rollback');
    return false;
  }
  for (const statement of statements) count(world, statement);
  return true;
}

async function applyOneByOne(
  world: RunWorld,
  target: Client,
  statements: readonly ChangeStatement[],
  endLsn: string,
): Promise<void> {
  await target.query('begin');
  const taken: ChangeStatement[] = [];
  for (const statement of statements) {
    if (!isCarried(progressOf(world, statement.table))) continue;
    if (await applyOne(world, target, statement)) taken.push(statement);
  }
  await finish(world, target, endLsn);
  for (const statement of taken) count(world, statement);
}

/** True when the target took the change. */
async function applyOne(world: RunWorld, target: Client, statement: ChangeStatement): Promise<boolean> {
  const { settings } = world.task;
  await target.query('savepoint change');
  let refusal: { readonly policy: ErrorPolicy; readonly error: string };
  try {
    const { rowCount } = await target.query(statement.text);
    await target.query('release savepoint change');
    if (rowCount !== 0 || statement.quiet) return true;
    const policy = statement.kind === 'delete' ? settings.deleteErrors : settings.updateErrors;
    refusal = { policy, error: 'RetCode: SQL_NO_DATA 0 rows affected' };
  } catch (error) {
    if (isRecoverable(error)) throw error;
    await target.query('rollback to savepoint change; release savepoint change');
    const duplicate = codeOf(error) === '23505' && statement.kind === 'insert';
    refusal = { policy: duplicate ? settings.insertErrors : settings.dataErrors, error: describeError(error) };
  }
  await obey(world, target, statement, refusal.policy, refusal.error);
  return false;
}

async function obey(
  world: RunWorld,
  target: Client,
  statement: ChangeStatement,
  policy: ErrorPolicy,
  error: string,
): Promise<void> {
  if (policy === 'IGNORE_RECORD') return;
  const { schema, table } = statement.table;
  await writeException(target, world, { schema, table, statement: statement.text, error });
  if (policy === 'SUSPEND_TABLE') suspend(world, progressOf(world, statement.table), error);
  if (policy !== 'STOP_TASK') return;
  await target.query('commit');
  throw new TaskFailure(`${statement.kind} on ${schema}.${table} failed: ${error}`);
}

async function finish(world: RunWorld, target: Client, endLsn: string): Promise<void> {
  if (world.task.settings.recoveryTable) await writeRecovery(target, world, endLsn);
  await target.query('commit');
}

function count(world: RunWorld, statement: ChangeStatement): void {
  const progress = progressOf(world, statement.table);
  progress.applied[COUNTED[statement.kind]] += 1;
  progress.updatedAt = world.clock.now();
}
