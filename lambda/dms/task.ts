/**
 * The life of a database's task, one look at a time: each call looks, does the next thing and says how far it is, so that one that is
 * killed is called again.
 *
 *   endpoints ─▶ connections tested ─▶ task made ─▶ started ─▶ loading ─▶ loaded       later:  stopped ─▶ deleted ─▶ endpoints gone
 */
import { Blocked } from '../errors';
import * as dms from '../platform/dms';
import { dmsNames, dmsPrefix } from '../platform/names';
import type { TaskForm, Way } from '../platform/prepared-target/way';
import { type LoadProgress, progressOf, reactToEnd, reactToTask } from './reactions';
import {
  type EndpointAccess,
  type GeneratedColumn,
  sourceSettings,
  type TableName,
  type TaskChoices,
  tableMappings,
  targetSettings,
  taskSettings,
} from './task-settings';

/** A task that is wanted for a database. */
export interface WantedTask {
  readonly migrationId: string;
  readonly database: string;
  readonly instanceArn: string;
  readonly certificateArn: string | null;
  readonly source: EndpointAccess;
  readonly target: EndpointAccess;
  /** When its seeding began, ISO. */
  readonly since: string;
  /** Our slot on the source. */
  readonly slot: string;
  readonly form: TaskForm;
  /** Where a task that only follows begins. */
  readonly startLsn: string | null;
  readonly way: Pick<Way, 'way'>;
  /** Its tables, the ledger's markers among them. */
  readonly tables: readonly TableName[];
  /** Columns that the target computes. */
  readonly generated: readonly GeneratedColumn[];
  readonly choices: TaskChoices;
  readonly tags: Readonly<Record<string, string>>;
}

/** How far a task is: `loaded` when the rows of every table are there and changes follow. */
export interface TaskStand {
  readonly stand: 'pending' | 'loaded';
  /** For people. */
  readonly detail: string;
  readonly progress: LoadProgress | null;
}

/** Most objects that an error names. */
const NAMED = 10;

/**
 * Looks and does the next thing. Throws `Blocked` naming the connection that fails, the task that stands still, or the tables that
 * carry nothing more.
 */
export async function advanceTask(wanted: WantedTask): Promise<TaskStand> {
  const names = dmsNames(wanted.migrationId, wanted.database, wanted.since);
  const [sourceArn, targetArn] = [
    await dms.ensureEndpoint(endpointOf(wanted, 'source', names.source)),
    await dms.ensureEndpoint(endpointOf(wanted, 'target', names.target)),
  ];
  const untested = await testConnections(wanted, [sourceArn, targetArn]);
  if (untested > 0) return pending(`${untested} connections of ${JSON.stringify(wanted.database)} are being tested`);
  const mappings = tableMappings(wanted.tables, wanted.generated);
  const found = await dms.findTask(names.task);
  if (found === null) {
    await dms.createTask({
      name: names.task,
      instanceArn: wanted.instanceArn,
      sourceArn,
      targetArn,
      type: wanted.form,
      mappings,
      settings: taskSettings(wanted.choices),
      startLsn: wanted.startLsn,
      tags: wanted.tags,
    });
    return pending(`task ${names.task} is being made`);
  }
  assertSame(names.task, found, { sourceArn, targetArn, type: wanted.form, mappings });
  return advance(names.task, found, wanted.tables);
}

async function advance(name: string, found: dms.TaskFacts, tables: readonly TableName[]): Promise<TaskStand> {
  const reaction = reactToTask(found.status, found.wasStarted);
  switch (reaction) {
    case 'wait':
      return pending(`task ${name} is ${found.status}`);
    case 'start':
    case 'resume':
      await dms.startTask(found.arn, reaction === 'start' ? 'first' : 'resume');
      return pending(`task ${name} is being started`);
    case 'block':
      throw standsStill(name, found, await dms.readTables(found.arn));
    case 'follow':
      return look(name, found, tables);
  }
}

async function look(name: string, { arn }: dms.TaskFacts, wanted: readonly TableName[]): Promise<TaskStand> {
  const progress = progressOf(await dms.readTables(arn), wanted);
  if (progress.broken.length > 0) {
    throw new Blocked(
      `task ${name} has tables that carry nothing more: ${named(progress.broken)}; sealift.awsdms_apply_exceptions on the target ` +
        'and the log of the task say why, release the migration, repair it and start again',
    );
  }
  const done = progress.waiting === 0 && progress.missing.length === 0;
  const detail = `task ${name} has loaded ${progress.loaded} of ${wanted.length} tables`;
  return { stand: done ? 'loaded' : 'pending', detail, progress };
}

/**
 * Ends what is in DMS of a database: the tasks whose seeding began before `before`, and their endpoints; one look. Whatever was begun
 * since then is another's.
 */
export async function endTasks(
  migrationId: string,
  database: string,
  before: string,
): Promise<{ readonly gone: boolean }> {
  const first = dmsNames(migrationId, database, before).task;
  const { tasks, endpoints } = await dms.listByPrefix(`${dmsPrefix(migrationId, database)}-`);
  const old = [...tasks].filter(([name]) => name < first);
  for (const [, { arn, status }] of old) {
    const reaction = reactToEnd(status);
    if (reaction === 'stop') await dms.stopTask(arn);
    if (reaction === 'delete') await dms.deleteTask(arn);
  }
  if (old.length > 0) return { gone: false };
  for (const name of endpoints.filter((each) => each < first)) await dms.removeEndpoint(name);
  return { gone: true };
}

function endpointOf(wanted: WantedTask, type: 'source' | 'target', name: string): dms.DmsEndpoint {
  const { database, certificateArn, source, target, slot, way, tags } = wanted;
  const settings = type === 'source' ? sourceSettings(source, slot) : targetSettings(target, way);
  return { name, type, database, certificateArn, settings, tags };
}

/** Tests what was not tested yet; returns how many have not ended. */
async function testConnections({ instanceArn, database }: WantedTask, endpoints: readonly string[]): Promise<number> {
  let open = 0;
  for (const arn of endpoints) {
    const tested = await dms.connectionOf(instanceArn, arn);
    if (tested?.status === 'successful') continue;
    // The next call tests again: what was put right meanwhile needs no new run.
    if (tested === null || tested.status === 'failed') await dms.testConnection(instanceArn, arn);
    if (tested?.status === 'failed') {
      throw new Blocked(
        `the replication instance does not reach the endpoint ${arn} of database ${JSON.stringify(database)}: ` +
          `${tested.failure ?? 'DMS gives no reason'}; look at its security groups, its login and its certificate`,
      );
    }
    open += 1;
  }
  return open;
}

/** A task of our name that does otherwise is left from another run, or not ours. */
function assertSame(
  name: string,
  found: dms.TaskFacts,
  wanted: Pick<dms.TaskFacts, 'sourceArn' | 'targetArn' | 'type' | 'mappings'>,
): void {
  const same =
    found.sourceArn === wanted.sourceArn &&
    found.targetArn === wanted.targetArn &&
    found.type === wanted.type &&
    found.mappings === wanted.mappings;
  if (same) return;
  throw new Blocked(
    `task ${name} moves other tables or between other endpoints than are wanted now, release the migration and start again`,
  );
}

function standsStill(
  name: string,
  { status, failure, stopReason }: dms.TaskFacts,
  tables: readonly dms.TableFacts[],
): Blocked {
  const { broken } = progressOf(
    tables,
    tables.map(({ schema, table }) => ({ schema, name: table })),
  );
  const more = broken.length > 0 ? `; tables that carry nothing more: ${named(broken)}` : '';
  return new Blocked(
    `task ${name} is ${status}: ${whyInShort(failure ?? stopReason)}${more}; look at its log, release the migration ` +
      'and start again',
  );
}

/** What DMS says may quote rows: only the words that it has for reasons, and SQLSTATEs, are told on. */
function whyInShort(text: string | null): string {
  const known = text?.match(/Stop Reason [A-Z_]+|Error Level [A-Z]+|SqlState: [0-9A-Z]{5}/g) ?? [];
  return known.length > 0 ? [...new Set(known)].join(', ') : 'DMS gives no reason';
}

function named(all: readonly string[]): string {
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.slice(0, NAMED).join(', ')}${more}`;
}

function pending(detail: string): TaskStand {
  return { stand: 'pending', detail, progress: null };
}
