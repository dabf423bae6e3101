import type { Client } from 'pg';
import type { Clock } from '../../../clock';
import type { EndpointDoor } from '../endpoint-door';
import type { TableProgress, Task } from '../task';
import { tableKey, writeLog } from '../task';
import type { DmsTimings } from '../timings';
import type { Mapping } from './mapping';
import type { SourceTable } from './source-tables';

/** What every part of a run works with. */
export interface RunWorld {
  readonly task: Task;
  readonly door: EndpointDoor;
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly mapping: Mapping;
  /** Aborted when the run is to stop, by a call or because the control plane closes. */
  readonly signal: AbortSignal;
  /** The selected tables of the source, by `tableKey`, as the start of the run found them. */
  readonly tables: Map<string, SourceTable>;
}

/** A session on the source; the caller ends it. */
export function openSource({ door, task }: RunWorld): Promise<Client> {
  return door.open(task.source, `AWS DMS ${task.identifier}`);
}

/** A session on the target, an ordinary one unless the endpoint's script makes it another; the caller ends it. */
export function openTarget({ door, task }: RunWorld): Promise<Client> {
  return door.open(task.target, `AWS DMS ${task.identifier}`);
}

/** Runs `work` in a session and ends it. */
export async function withSession<T>(opening: Promise<Client>, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await opening;
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A table's name as SQL takes it. */
export function qualified(
  client: Client,
  { schema, table }: { readonly schema: string; readonly table: string },
): string {
  return `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
}

/** The progress of a table of the task. */
export function progressOf(
  world: RunWorld,
  { schema, table }: { readonly schema: string; readonly table: string },
): TableProgress {
  const progress = world.task.tables.get(tableKey(schema, table));
  if (!progress) throw new Error(`table ${schema}.${table} is none of task ${world.task.identifier}`);
  return progress;
}

/** Puts a table in error: nothing is loaded into it or applied to it any more, and the task goes on. */
export function suspend(
  world: RunWorld,
  progress: TableProgress,
  reason: string,
  state: 'Table error' | 'Table does not exist' = 'Table error',
): void {
  progress.state = state;
  progress.error = reason;
  progress.updatedAt = world.clock.now();
  if (world.task.settings.validation.enabled) progress.validation = 'Table error';
  writeLog(world.task, `Table '${progress.schema}'.'${progress.table}' was errored/suspended: ${reason}`);
}

/** Whether changes of a table still go to the target. */
export function isCarried(progress: TableProgress): boolean {
  return (
    progress.state !== 'Table error' &&
    progress.state !== 'Table does not exist' &&
    progress.state !== 'Table cancelled'
  );
}
