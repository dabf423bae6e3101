/** What is done about every status that DMS knows of tasks and tables: a decision without AWS, so that each can be listed. */

/** Statuses of a task, as the API reference lists them. */
export const TASK_STATUSES = [
  'creating',
  'ready',
  'starting',
  'running',
  'stopping',
  'stopped',
  'failed',
  'modifying',
  'testing',
  'moving',
  'failed-move',
  'deleting',
] as const;

/** One of them. */
export type TaskStatus = (typeof TASK_STATUSES)[number];

/**
 * What a look at a task leads to: `wait` for DMS; `start` it for the first time; `follow`, it runs; `resume` it where it was; `block`,
 * which a person must look at. Nothing ever loads a task anew, because that would write over what is there.
 */
export type TaskReaction = 'wait' | 'start' | 'follow' | 'resume' | 'block';

const TASKS: Record<TaskStatus, TaskReaction> = {
  creating: 'wait',
  ready: 'start',
  starting: 'wait',
  running: 'follow',
  stopping: 'wait',
  stopped: 'resume',
  failed: 'block',
  modifying: 'wait',
  testing: 'wait',
  moving: 'wait',
  'failed-move': 'block',
  deleting: 'block',
};

/** The reaction to a task that is wanted; a status that nobody knows is a person's matter. */
export function reactToTask(status: string, wasStarted: boolean): TaskReaction {
  const known = TASK_STATUSES.find((each) => each === status);
  if (known === undefined) return 'block';
  // Who modified a task that ran finds it stopped; one that never ran has nothing to go on with.
  if (known === 'ready' && wasStarted) return 'resume';
  return known === 'stopped' && !wasStarted ? 'start' : TASKS[known];
}

/** What a look at a task that is to go leads to. */
export type EndReaction = 'stop' | 'wait' | 'delete';

const ENDS: Record<TaskStatus, EndReaction> = {
  creating: 'wait',
  ready: 'delete',
  starting: 'stop',
  running: 'stop',
  stopping: 'wait',
  stopped: 'delete',
  failed: 'delete',
  modifying: 'wait',
  testing: 'wait',
  moving: 'wait',
  'failed-move': 'delete',
  deleting: 'wait',
};

/** The reaction to a task that is to go; an unknown status is waited for, as far as the loop that asks allows. */
export function reactToEnd(status: string): EndReaction {
  const known = TASK_STATUSES.find((each) => each === status);
  return known === undefined ? 'wait' : ENDS[known];
}

/** States of a table, as the user guide lists them. */
export const TABLE_STATES = [
  'Table does not exist',
  'Before load',
  'Full load',
  'Table completed',
  'Table cancelled',
  'Table error',
  'Table is being reloaded',
] as const;

/** One of them. */
export type TableState = (typeof TABLE_STATES)[number];

/** `loaded`: its rows are there; `wait`; `broken`: it carries nothing more, whatever the progress of the task says (facts D19). */
export type TableReaction = 'loaded' | 'wait' | 'broken';

const TABLES: Record<TableState, TableReaction> = {
  'Table does not exist': 'broken',
  'Before load': 'wait',
  'Full load': 'wait',
  'Table completed': 'loaded',
  'Table cancelled': 'broken',
  'Table error': 'broken',
  // Nobody of ours asks for it: what was loaded is emptied, and there again when it ends.
  'Table is being reloaded': 'wait',
};

/** The reaction to a table; an unknown state is no success. */
export function reactToTable(state: string): TableReaction {
  const known = TABLE_STATES.find((each) => each === state);
  return known === undefined ? 'broken' : TABLES[known];
}

/** States of a table's validation; DMS writes more of them than it documents, and only one means that it found the rows equal. */
export function isValidated(state: string): boolean {
  return state === 'Validated';
}

/** What of the wanted tables of a task is loaded. */
export interface LoadProgress {
  readonly loaded: number;
  readonly waiting: number;
  /** `"schema"."table": state`, of those that carry nothing more. */
  readonly broken: readonly string[];
  /** Wanted tables that the task does not know. */
  readonly missing: readonly string[];
  /** Tables that DMS compared and found equal: evidence, never the proof. */
  readonly validated: number;
}

/** Sums up tables as a task tells them, against those that are `wanted`. */
export function progressOf(
  tables: readonly {
    readonly schema: string;
    readonly table: string;
    readonly state: string;
    readonly validation: string;
  }[],
  wanted: readonly { readonly schema: string; readonly name: string }[],
): LoadProgress {
  const found = new Map(tables.map((each) => [keyOf(each.schema, each.table), each]));
  const mine = wanted.flatMap(({ schema, name }) => found.get(keyOf(schema, name)) ?? []);
  const reactions = mine.map(({ state }) => reactToTable(state));
  return {
    loaded: reactions.filter((each) => each === 'loaded').length,
    waiting: reactions.filter((each) => each === 'wait').length,
    broken: mine
      .filter(({ state }) => reactToTable(state) === 'broken')
      .map(({ schema, table, state }) => `${keyOf(schema, table)}: ${state}`),
    missing: wanted
      .filter(({ schema, name }) => !found.has(keyOf(schema, name)))
      .map(({ schema, name }) => keyOf(schema, name)),
    validated: mine.filter(({ validation }) => isValidated(validation)).length,
  };
}

function keyOf(schema: string, table: string): string {
  return `${JSON.stringify(schema)}.${JSON.stringify(table)}`;
}
