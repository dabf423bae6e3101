import type {
  Connection as ConnectionShape,
  Endpoint as EndpointShape,
  ReplicationInstance as InstanceShape,
  TableStatistics,
  ReplicationTask as TaskShape,
} from '@aws-sdk/client-database-migration-service';
import { writeCheckpoint } from './positions';
import type { Connection, Endpoint, ReplicationInstance } from './resources';
import type { TableProgress, Task } from './task';

/** A replication instance as DMS describes it. */
export function describeInstance(instance: ReplicationInstance): InstanceShape {
  const { settings, subnetGroup } = instance;
  return {
    ReplicationInstanceIdentifier: instance.identifier,
    ReplicationInstanceArn: instance.arn,
    ReplicationInstanceClass: settings.instanceClass,
    ReplicationInstanceStatus: instance.status,
    AllocatedStorage: settings.allocatedStorageGib,
    InstanceCreateTime: new Date(instance.createdAt),
    VpcSecurityGroups: settings.securityGroupIds.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    AvailabilityZone: instance.availabilityZone,
    ...(subnetGroup && {
      ReplicationSubnetGroup: {
        ReplicationSubnetGroupIdentifier: subnetGroup.identifier,
        ReplicationSubnetGroupDescription: subnetGroup.description,
        SubnetGroupStatus: 'Complete',
        Subnets: subnetGroup.subnetIds.map((id) => ({ SubnetIdentifier: id, SubnetStatus: 'Active' })),
      },
    }),
    PreferredMaintenanceWindow: settings.maintenanceWindow,
    PendingModifiedValues: {},
    MultiAZ: settings.multiAz,
    EngineVersion: settings.engineVersion,
    AutoMinorVersionUpgrade: settings.autoMinorVersionUpgrade,
    KmsKeyId: instance.kmsKeyArn,
    PubliclyAccessible: instance.publiclyAccessible,
    NetworkType: 'IPV4',
  };
}

/** An endpoint as DMS describes it; what its secret holds is told nowhere. */
export function describeEndpoint(endpoint: Endpoint): EndpointShape {
  return {
    EndpointIdentifier: endpoint.identifier,
    EndpointArn: endpoint.arn,
    EndpointType: endpoint.type,
    EngineName: 'postgres',
    EngineDisplayName: 'PostgreSQL',
    DatabaseName: endpoint.databaseName,
    Status: 'active',
    KmsKeyId: endpoint.kmsKeyArn,
    SslMode: endpoint.sslMode,
    ...(endpoint.certificateArn && { CertificateArn: endpoint.certificateArn }),
    ...(endpoint.extraConnectionAttributes && { ExtraConnectionAttributes: endpoint.extraConnectionAttributes }),
    PostgreSQLSettings: { ...endpoint.given, DatabaseName: endpoint.databaseName },
  };
}

/** A connection as DMS describes it. */
export function describeConnection({ instance, endpoint, status, lastFailureMessage }: Connection): ConnectionShape {
  return {
    ReplicationInstanceArn: instance.arn,
    ReplicationInstanceIdentifier: instance.identifier,
    EndpointArn: endpoint.arn,
    EndpointIdentifier: endpoint.identifier,
    Status: status,
    ...(lastFailureMessage && { LastFailureMessage: lastFailureMessage }),
  };
}

/** A task as DMS describes it. */
export function describeTask(
  task: Task,
  options: { readonly withoutSettings: boolean } = { withoutSettings: false },
): TaskShape {
  return {
    ReplicationTaskIdentifier: task.identifier,
    ReplicationTaskArn: task.arn,
    SourceEndpointArn: task.source.arn,
    TargetEndpointArn: task.target.arn,
    ReplicationInstanceArn: task.instance.arn,
    MigrationType: task.type,
    Status: task.status,
    ReplicationTaskCreationDate: new Date(task.createdAt),
    ...(options.withoutSettings
      ? {}
      : { TableMappings: task.mappingsText, ReplicationTaskSettings: task.settingsText }),
    ...(task.startedAt === null ? {} : { ReplicationTaskStartDate: new Date(task.startedAt) }),
    ...(task.lastFailureMessage && { LastFailureMessage: task.lastFailureMessage }),
    ...(task.stopReason && { StopReason: task.stopReason }),
    ...(task.cdcStartPosition && { CdcStartPosition: task.cdcStartPosition }),
    ...(task.cdcStopPosition && { CdcStopPosition: task.cdcStopPosition }),
    ...(task.checkpoint && { RecoveryCheckpoint: writeCheckpoint(task.checkpoint) }),
    ...(task.ran && { ReplicationTaskStats: statsOf(task) }),
  };
}

/** Progress counts tables that have an end, in error or not: 100 says nothing about them. */
function statsOf(task: Task): TaskShape['ReplicationTaskStats'] {
  const tables = [...task.tables.values()];
  const count = (...states: readonly string[]) => tables.filter(({ state }) => states.includes(state)).length;
  const [loaded, errored] = [count('Table completed'), count('Table error', 'Table does not exist', 'Table cancelled')];
  const dates = {
    FreshStartDate: task.freshStartedAt,
    StartDate: task.startedAt,
    StopDate: task.stoppedAt,
    FullLoadStartDate: task.loadStartedAt,
    FullLoadFinishDate: task.loadEndedAt,
  };
  const known = Object.entries(dates).flatMap(([name, at]) => (at === null ? [] : [[name, new Date(at)]]));
  return {
    FullLoadProgressPercent:
      task.type === 'cdc' || tables.length === 0 ? 0 : Math.floor((100 * (loaded + errored)) / tables.length),
    ElapsedTimeMillis: (task.stoppedAt ?? Date.now()) - (task.startedAt ?? Date.now()),
    TablesLoaded: task.type === 'cdc' ? 0 : loaded,
    TablesLoading: count('Full load', 'Table is being reloaded'),
    TablesQueued: count('Before load'),
    TablesErrored: errored,
    ...Object.fromEntries(known),
  };
}

/** A table as DMS describes it. */
export function describeTable(progress: TableProgress): TableStatistics {
  return {
    SchemaName: progress.schema,
    TableName: progress.table,
    Inserts: progress.seen.inserts,
    Updates: progress.seen.updates,
    Deletes: progress.seen.deletes,
    Ddls: 0,
    AppliedInserts: progress.applied.inserts,
    AppliedUpdates: progress.applied.updates,
    AppliedDeletes: progress.applied.deletes,
    AppliedDdls: 0,
    FullLoadRows: progress.loadedRows,
    FullLoadCondtnlChkFailedRows: 0,
    FullLoadErrorRows: 0,
    ...(progress.loadStartedAt === null ? {} : { FullLoadStartTime: new Date(progress.loadStartedAt) }),
    ...(progress.loadEndedAt === null ? {} : { FullLoadEndTime: new Date(progress.loadEndedAt) }),
    FullLoadReloaded: progress.reloaded,
    LastUpdateTime: new Date(progress.updatedAt),
    TableState: progress.state,
    ValidationState: progress.validation,
    ...(progress.validationDetails && { ValidationStateDetails: progress.validationDetails }),
    ValidationPendingRecords: progress.pendingRecords,
    ValidationFailedRecords: progress.failedRecords,
    ValidationSuspendedRecords: progress.suspendedRecords,
  };
}
