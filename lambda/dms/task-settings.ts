/** What a DMS task and its endpoints are told, every setting by its name: a default of DMS is nobody's choice (facts D9 to D11). */
import { LEDGER_SCHEMA } from '../platform/names';
import type { TaskForm, Way } from '../platform/prepared-target/way';

/** What the customer chose about a task. */
export interface TaskChoices {
  /** `limited` cuts, and fails the task instead; `full` looks values up one by one; `inline` does so only with what is larger. */
  readonly lob: { readonly mode: 'limited' | 'full' | 'inline'; readonly maxKib: number };
  readonly batchApply: boolean;
  readonly validation: boolean;
  /** Tables loaded side by side. */
  readonly parallelLoads: number;
}

/** Who reads the endpoints' secrets, and which they are. */
export interface EndpointAccess {
  readonly secretArn: string;
  readonly roleArn: string;
}

/** Settings of a task, as JSON. Nothing is dropped, emptied or made on the target, and no change is passed over in silence. */
export function taskSettings({ lob, batchApply, validation, parallelLoads }: TaskChoices): string {
  const limited = lob.mode === 'limited';
  return JSON.stringify({
    TargetMetadata: {
      TargetSchema: '',
      SupportLobs: true,
      FullLobMode: !limited,
      LimitedSizeLobMode: limited,
      LobMaxSize: limited ? lob.maxKib : 0,
      InlineLobMaxSize: lob.mode === 'inline' ? lob.maxKib : 0,
      LobChunkSize: 64,
      LoadMaxFileSize: 0,
      BatchApplyEnabled: batchApply,
      // The position is committed with the rows: a task that breaks off goes on from there.
      TaskRecoveryTableEnabled: true,
      ParallelLoadThreads: 0,
      ParallelLoadBufferSize: 0,
      ParallelLoadQueuesPerThread: 0,
      ParallelApplyThreads: 0,
      ParallelApplyBufferSize: 0,
      ParallelApplyQueuesPerThread: 0,
    },
    FullLoadSettings: {
      TargetTablePrepMode: 'DO_NOTHING',
      CreatePkAfterFullLoad: false,
      StopTaskCachedChangesApplied: false,
      StopTaskCachedChangesNotApplied: false,
      MaxFullLoadSubTasks: parallelLoads,
      TransactionConsistencyTimeout: 600,
      CommitRate: 10_000,
    },
    ErrorBehavior: ERRORS,
    // In the ledger's schema, which no comparison of catalogues looks at.
    ControlTablesSettings: {
      ControlSchema: LEDGER_SCHEMA,
      HistoryTimeslotInMinutes: 5,
      HistoryTableEnabled: false,
      StatusTableEnabled: false,
      SuspendedTablesTableEnabled: false,
      FullLoadExceptionTableEnabled: false,
    },
    ChangeProcessingDdlHandlingPolicy: {
      HandleSourceTableDropped: false,
      HandleSourceTableTruncated: false,
      HandleSourceTableAltered: false,
    },
    ValidationSettings: validationSettings(validation),
    Logging: { EnableLogging: true },
  });
}

/** A change that the target does not take puts its table in error; nothing is skipped. */
const ERRORS = {
  DataErrorPolicy: 'SUSPEND_TABLE',
  DataTruncationErrorPolicy: 'SUSPEND_TABLE',
  DataErrorEscalationPolicy: 'SUSPEND_TABLE',
  DataErrorEscalationCount: 0,
  TableErrorPolicy: 'SUSPEND_TABLE',
  TableErrorEscalationPolicy: 'STOP_TASK',
  TableErrorEscalationCount: 0,
  EventErrorPolicy: 'IGNORE',
  RecoverableErrorCount: -1,
  RecoverableErrorInterval: 5,
  RecoverableErrorThrottling: true,
  RecoverableErrorThrottlingMax: 1_800,
  ApplyErrorDeletePolicy: 'SUSPEND_TABLE',
  ApplyErrorInsertPolicy: 'SUSPEND_TABLE',
  ApplyErrorUpdatePolicy: 'SUSPEND_TABLE',
  ApplyErrorEscalationPolicy: 'SUSPEND_TABLE',
  ApplyErrorEscalationCount: 0,
  ApplyErrorFailOnTruncationDdl: false,
  // Changes that came while their table was loaded may be there already; only those are excused.
  FullLoadIgnoreConflicts: true,
  FailOnTransactionConsistencyBreached: false,
  FailOnNoTablesCaptured: true,
};

function validationSettings(enabled: boolean): object {
  return {
    EnableValidation: enabled,
    ValidationMode: 'ROW_LEVEL',
    ValidationOnly: false,
    ThreadCount: 5,
    PartitionSize: 10_000,
    FailureMaxCount: 10_000,
    TableFailureMaxCount: 1_000,
    RecordFailureDelayInMinutes: 5,
    RecordFailureDelayLimitInMinutes: 0,
    RecordSuspendDelayInMinutes: 30,
    MaxKeyColumnSize: 8_096,
    SkipLobColumns: false,
    ValidationPartialLobSize: 0,
    ValidationQueryCdcDelaySeconds: 0,
    HandleCollationDiff: false,
  };
}

/** Settings of the endpoint that reads: from a slot of ours. No heartbeat, which would be a table on the source: our markers are one. */
export function sourceSettings({ secretArn, roleArn }: EndpointAccess, slot: string) {
  return {
    SecretsManagerSecretId: secretArn,
    SecretsManagerAccessRoleArn: roleArn,
    SlotName: slot,
    PluginName: 'test-decoding' as const,
    CaptureDdls: false,
    HeartbeatEnable: false,
    FailTasksOnLobTruncation: true,
    MapBooleanAsBoolean: true,
    TrimSpaceInChar: false,
  };
}

/** Settings of the endpoint that writes. */
export function targetSettings({ secretArn, roleArn }: EndpointAccess, { way }: Pick<Way, 'way'>) {
  return {
    SecretsManagerSecretId: secretArn,
    SecretsManagerAccessRoleArn: roleArn,
    MapBooleanAsBoolean: true,
    TrimSpaceInChar: false,
    ...(way === 'replica' && { AfterConnectScript: "SET session_replication_role='replica'" }),
  };
}

/** A table by its names. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** A generated column of a table. */
export interface GeneratedColumn extends TableName {
  readonly column: string;
}

/**
 * Table mappings that name each table, wildcards as letters; partitioned parents are not among `tables` (facts D8). `generated` columns
 * are left to the target, which takes no value for them (manual, "Generated Columns").
 */
export function tableMappings(tables: readonly TableName[], generated: readonly GeneratedColumn[] = []): string {
  const selections = tables.map(({ schema, name }) => ({
    'rule-type': 'selection',
    'object-locator': { 'schema-name': schema, 'table-name': name },
    'rule-action': 'explicit',
  }));
  const removals = generated.map(({ schema, name, column }) => ({
    'rule-type': 'transformation',
    'rule-target': 'column',
    'object-locator': { 'schema-name': asLetters(schema), 'table-name': asLetters(name), 'column-name': column },
    'rule-action': 'remove-column',
  }));
  const rules = [...selections, ...removals].map((rule, index) => ({
    'rule-id': String(index + 1),
    'rule-name': String(index + 1),
    ...rule,
  }));
  return JSON.stringify({ rules });
}

/** In a bracket a wildcard is a letter (user guide, "Wildcards in table mapping"). */
function asLetters(name: string): string {
  return name.replace(/[%_[\]]/g, '[$&]');
}

/** Characters in a column's name with which DMS transforms no column (user guide, "Transformation rules and actions", limitations). */
export const UNTRANSFORMABLE = /[#\\/%-]/;

/** What a task does, by the road. */
export function formOf(road: 'copy' | 'snapshot'): TaskForm {
  return road === 'copy' ? 'full-load-and-cdc' : 'cdc';
}
