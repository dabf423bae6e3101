import { parseObject, StrictObject } from './strict-json';

/** What happens to a change that the target does not take. */
export type ErrorPolicy = 'IGNORE_RECORD' | 'LOG_ERROR' | 'SUSPEND_TABLE' | 'STOP_TASK';

/** How large values travel. */
export interface LobSettings {
  /** `none`: such columns are left out; `limited`: cut at the limit; `full`: looked up one by one after the load. */
  readonly mode: 'none' | 'limited' | 'full';
  /** Where limited mode cuts, in KB. */
  readonly limitKb: number;
  /** In full mode, what is not larger travels inline, in KB. */
  readonly inlineKb: number;
}

/** Settings of the validation. */
export interface ValidationSettings {
  readonly enabled: boolean;
  readonly failureMaxCount: number;
  readonly tableFailureMaxCount: number;
  /** How long a difference may last before it counts. */
  readonly recordFailureDelayMinutes: number;
  /** How long a record may go on changing before it counts as suspended. */
  readonly recordSuspendDelayMinutes: number;
  readonly skipLobColumns: boolean;
}

/** The settings of a task, as far as the stand-in honours them. */
export interface TaskSettings {
  readonly lob: LobSettings;
  readonly batchApply: boolean;
  readonly recoveryTable: boolean;
  readonly preparation: 'DO_NOTHING' | 'TRUNCATE_BEFORE_LOAD';
  readonly stopBeforeCachedChanges: boolean;
  readonly stopAfterCachedChanges: boolean;
  readonly parallelTables: number;
  readonly controlSchema: string;
  readonly validation: ValidationSettings;
  readonly deleteErrors: ErrorPolicy;
  readonly insertErrors: ErrorPolicy;
  readonly updateErrors: ErrorPolicy;
  readonly dataErrors: ErrorPolicy;
  readonly tableErrors: 'SUSPEND_TABLE' | 'STOP_TASK';
  readonly failOnNoTables: boolean;
  /** How often a broken connection is tried again; -1 without end. */
  readonly recoverableCount: number;
  readonly recoverableIntervalSeconds: number;
}

const POLICIES = ['IGNORE_RECORD', 'LOG_ERROR', 'SUSPEND_TABLE', 'STOP_TASK'] as const;

/**
 * Reads the settings of a task (user guide, "Specifying task settings"). What the stand-in would not honour it refuses by
 * name: a setting that is silently passed over here would take effect on AWS.
 *
 * @param json `ReplicationTaskSettings`; undefined takes every default of DMS
 * @throws AwsFault `InvalidParameterValueException` for no JSON or a wrong kind of value; Refusal for what is not known
 */
export function readTaskSettings(json: string | undefined): TaskSettings {
  const settings = new StrictObject('task settings', json === undefined ? {} : parseObject('Task settings', json));
  const read: TaskSettings = {
    ...readTarget(settings.object('TargetMetadata')),
    ...readFullLoad(settings.object('FullLoadSettings')),
    ...readErrors(settings.object('ErrorBehavior')),
    controlSchema: readControlTables(settings.object('ControlTablesSettings')),
    validation: readValidation(settings.object('ValidationSettings')),
  };
  // Where logs go and how changes are buffered and grouped does not show in the rows.
  settings.recordOnly(
    'Logging',
    'StreamBufferSettings',
    'ChangeProcessingTuning',
    'FailTaskWhenCleanTaskResourceFailed',
  );
  readDdl(settings.object('ChangeProcessingDdlHandlingPolicy'));
  settings.only({
    BeforeImageSettings: undefined,
    CharacterSetSettings: undefined,
    LoopbackPreventionSettings: undefined,
  });
  readNothing(settings, 'PostProcessingRules', 'TTSettings', 'ResyncSettings');
  settings.refuseOthers();
  return read;
}

function readTarget(target: StrictObject): Pick<TaskSettings, 'lob' | 'batchApply' | 'recoveryTable'> {
  const supported = target.boolean('SupportLobs', true);
  const full = target.boolean('FullLobMode', false);
  const limited = target.boolean('LimitedSizeLobMode', !full);
  const lob: LobSettings = {
    mode: !supported ? 'none' : full ? 'full' : limited ? 'limited' : 'none',
    limitKb: target.integer('LobMaxSize', 32),
    inlineKb: target.integer('InlineLobMaxSize', 0),
  };
  const batchApply = target.boolean('BatchApplyEnabled', false);
  const recoveryTable = target.boolean('TaskRecoveryTableEnabled', false);
  target.recordOnly('LobChunkSize', 'LoadMaxFileSize');
  target.only({
    TargetSchema: '',
    ParallelLoadThreads: 0,
    ParallelLoadBufferSize: 0,
    ParallelLoadQueuesPerThread: 0,
    ParallelApplyThreads: 0,
    ParallelApplyBufferSize: 0,
    ParallelApplyQueuesPerThread: 0,
  });
  target.refuseOthers();
  return { lob, batchApply, recoveryTable };
}

function readFullLoad(
  load: StrictObject,
): Pick<TaskSettings, 'preparation' | 'stopBeforeCachedChanges' | 'stopAfterCachedChanges' | 'parallelTables'> {
  const read = {
    preparation: load.choice('TargetTablePrepMode', ['DO_NOTHING', 'TRUNCATE_BEFORE_LOAD'] as const, 'DO_NOTHING'),
    stopBeforeCachedChanges: load.boolean('StopTaskCachedChangesNotApplied', false),
    stopAfterCachedChanges: load.boolean('StopTaskCachedChangesApplied', false),
    parallelTables: Math.max(1, load.integer('MaxFullLoadSubTasks', 8)),
  };
  load.recordOnly('TransactionConsistencyTimeout', 'CommitRate');
  load.only({ CreatePkAfterFullLoad: false });
  load.refuseOthers();
  return read;
}

function readErrors(
  errors: StrictObject,
): Omit<
  TaskSettings,
  keyof ReturnType<typeof readTarget> | keyof ReturnType<typeof readFullLoad> | 'controlSchema' | 'validation'
> {
  const read = {
    deleteErrors: errors.choice('ApplyErrorDeletePolicy', POLICIES, 'IGNORE_RECORD'),
    insertErrors: errors.choice('ApplyErrorInsertPolicy', POLICIES, 'LOG_ERROR'),
    updateErrors: errors.choice('ApplyErrorUpdatePolicy', POLICIES, 'LOG_ERROR'),
    dataErrors: errors.choice('DataErrorPolicy', POLICIES, 'LOG_ERROR'),
    tableErrors: errors.choice('TableErrorPolicy', ['SUSPEND_TABLE', 'STOP_TASK'] as const, 'SUSPEND_TABLE'),
    failOnNoTables: errors.boolean('FailOnNoTablesCaptured', true),
    recoverableCount: errors.integer('RecoverableErrorCount', -1),
    recoverableIntervalSeconds: errors.integer('RecoverableErrorInterval', 5),
  };
  errors.only({
    ApplyErrorEscalationCount: 0,
    DataErrorEscalationCount: 0,
    TableErrorEscalationCount: 0,
    EventErrorPolicy: 'IGNORE',
    ApplyErrorFailOnTruncationDdl: false,
    FailOnTransactionConsistencyBreached: false,
  });
  errors.recordOnly(
    // Without a count nothing escalates; a table's load begins empty or ends in an error of its own.
    'ApplyErrorEscalationPolicy',
    'DataErrorEscalationPolicy',
    'TableErrorEscalationPolicy',
    'DataTruncationErrorPolicy',
    'DataMaskingErrorPolicy',
    'FullLoadIgnoreConflicts',
    'RecoverableErrorThrottling',
    'RecoverableErrorThrottlingMax',
    'RecoverableErrorStopRetryAfterThrottlingMax',
  );
  errors.refuseOthers();
  return read;
}

function readControlTables(control: StrictObject): string {
  const schema = control.text('ControlSchema', '');
  control.only({
    StatusTableEnabled: false,
    SuspendedTablesTableEnabled: false,
    HistoryTableEnabled: false,
    FullLoadExceptionTableEnabled: false,
  });
  control.recordOnly('HistoryTimeslotInMinutes', 'HistoryTimeslotInSeconds', 'CommitPositionTableEnabled');
  control.refuseOthers();
  return schema === '' ? 'public' : schema;
}

function readValidation(validation: StrictObject): ValidationSettings {
  const read: ValidationSettings = {
    enabled: validation.boolean('EnableValidation', false),
    failureMaxCount: validation.integer('FailureMaxCount', 10_000),
    tableFailureMaxCount: validation.integer('TableFailureMaxCount', 1_000),
    recordFailureDelayMinutes: validation.integer('RecordFailureDelayInMinutes', 5),
    recordSuspendDelayMinutes: validation.integer('RecordSuspendDelayInMinutes', 30),
    skipLobColumns: validation.boolean('SkipLobColumns', false),
  };
  validation.only({ ValidationOnly: false, ValidationMode: 'ROW_LEVEL', HandleCollationDiff: false });
  validation.recordOnly(
    'ThreadCount',
    'PartitionSize',
    'MaxKeyColumnSize',
    'RecordFailureDelayLimitInMinutes',
    'ValidationPartialLobSize',
    'ValidationQueryCdcDelaySeconds',
    'ValidationS3Mask',
    'ValidationS3Time',
  );
  validation.refuseOthers();
  return read;
}

/** Changes of the schema are never carried here, so that nothing must be asked to happen with them. */
function readDdl(ddl: StrictObject): void {
  ddl.recordOnly('HandleSourceTableDropped', 'HandleSourceTableTruncated', 'HandleSourceTableAltered');
  ddl.refuseOthers();
}

function readNothing(settings: StrictObject, ...names: readonly string[]): void {
  for (const name of names) settings.only({ [name]: undefined });
}
