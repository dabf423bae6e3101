import type { Endpoint, ReplicationInstance } from './resources';
import type { TableMappings } from './table-mappings';
import type { TaskSettings } from './task-settings';

/** Statuses of a task that the stand-in knows; `moving` and `failed-move` never come. */
export type TaskStatus =
  | 'creating'
  | 'ready'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'modifying'
  | 'testing'
  | 'deleting';

/** What a task moves. */
export type MigrationType = 'full-load' | 'cdc' | 'full-load-and-cdc';

/** How far a table is. */
export type TableState =
  | 'Table does not exist'
  | 'Before load'
  | 'Full load'
  | 'Table completed'
  | 'Table cancelled'
  | 'Table error'
  | 'Table is being reloaded';

/** What the validation says of a table; only `Validated` means that every row was compared and found equal. */
export type ValidationState =
  | 'Not enabled'
  | 'Pending records'
  | 'Mismatched records'
  | 'Suspended records'
  | 'No primary key'
  | 'Table error'
  | 'Validated'
  | 'Error'
  | 'Pending validation'
  | 'Preparing table'
  | 'Pending revalidation';

/** Rows told by kind. */
export interface ChangeCounts {
  inserts: number;
  updates: number;
  deletes: number;
}

/** What a task knows of one table; lives as long as the task, over its stops. */
export interface TableProgress {
  readonly schema: string;
  readonly table: string;
  state: TableState;
  /** Why the table is in error, for the task's log. */
  error: string | null;
  /** Changes that came from the source, and those that the target took. */
  readonly seen: ChangeCounts;
  readonly applied: ChangeCounts;
  loadedRows: number;
  loadStartedAt: number | null;
  loadEndedAt: number | null;
  reloaded: boolean;
  updatedAt: number;
  /** `pg_snapshot` of the load: what it saw is not applied again. */
  snapshot: string | null;
  validation: ValidationState;
  validationDetails: string | null;
  pendingRecords: number;
  failedRecords: number;
  suspendedRecords: number;
}

/** The text of a stop position, parsed. */
export interface StopPosition {
  readonly kind: 'server_time' | 'commit_time';
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A task. */
export interface Task {
  readonly arn: string;
  readonly instance: ReplicationInstance;
  readonly source: Endpoint;
  readonly target: Endpoint;
  readonly createdAt: number;
  readonly tags: ReadonlyMap<string, string>;
  identifier: string;
  type: MigrationType;
  mappingsText: string;
  mappings: TableMappings;
  settingsText: string;
  settings: TaskSettings;
  /** An LSN, or a checkpoint of this stand-in. */
  cdcStartPosition: string | null;
  cdcStopPosition: string | null;
  status: TaskStatus;
  /** Ends with the transition or the run at hand. */
  settled: Promise<void>;
  stopReason: string | null;
  lastFailureMessage: string | null;
  startedAt: number | null;
  freshStartedAt: number | null;
  stoppedAt: number | null;
  loadStartedAt: number | null;
  loadEndedAt: number | null;
  /** End of the last transaction that the target has, as an LSN; null before the first run. */
  checkpoint: string | null;
  /** Name of the slot that the task made itself; null with a slot of the endpoint's, or none. */
  ownSlot: string | null;
  /** True from the first start on. */
  ran: boolean;
  readonly tables: Map<string, TableProgress>;
  /** What DMS would write into its log; no values of rows. */
  readonly log: string[];
}

/** Lines of a task's log that are kept. */
const KEPT_LINES = 1_000;

/** Adds a line to the task's log; the oldest goes when there are too many. */
export function writeLog(task: Task, line: string): void {
  task.log.push(line);
  if (task.log.length > KEPT_LINES) task.log.shift();
}

/** Key of a table among a task's. */
export function tableKey(schema: string, table: string): string {
  return JSON.stringify([schema, table]);
}

/** A table that nothing has happened to. */
export function newTableProgress(schema: string, table: string, now: number): TableProgress {
  return {
    schema,
    table,
    state: 'Before load',
    error: null,
    seen: { inserts: 0, updates: 0, deletes: 0 },
    applied: { inserts: 0, updates: 0, deletes: 0 },
    loadedRows: 0,
    loadStartedAt: null,
    loadEndedAt: null,
    reloaded: false,
    updatedAt: now,
    snapshot: null,
    validation: 'Not enabled',
    validationDetails: null,
    pendingRecords: 0,
    failedRecords: 0,
    suspendedRecords: 0,
  };
}
