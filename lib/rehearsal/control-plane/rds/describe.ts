import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';
import type { Keys } from '../kms/keys';
import { tagList } from '../place';
import type { Instance } from './instance';
import type { Snapshot } from './snapshot';

/** An instance as RDS describes it. */
export function describeInstance(instance: Instance, keys: Keys): DBInstance {
  const { settings, database, encryption } = instance;
  return {
    DBInstanceIdentifier: instance.instanceId,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    DBInstanceStatus: statusOf(instance, keys),
    DBInstanceClass: settings.instanceClass,
    Engine: 'postgres',
    EngineVersion: instance.engineVersion,
    MasterUsername: instance.masterUsername,
    InstanceCreateTime: new Date(instance.createdAt),
    AvailabilityZone: instance.availabilityZone,
    StorageEncryptionType: encryption.type,
    // The old boolean says false for keys that AWS owns, although the data are encrypted (facts E10).
    StorageEncrypted: encryption.type === 'sse-kms',
    ...(encryption.kmsKeyArn ? { KmsKeyId: encryption.kmsKeyArn } : {}),
    ...(instance.databaseName ? { DBName: instance.databaseName } : {}),
    // An endpoint exists from the engine's first answer on.
    ...(database
      ? { Endpoint: { Address: instance.hostName, Port: database.endpointPort, HostedZoneId: 'ZREHEARSALRDS' } }
      : {}),
    ...(instance.masterUserSecret
      ? {
          MasterUserSecret: {
            SecretArn: instance.masterUserSecret.secretArn,
            SecretStatus: instance.masterUserSecret.status,
            KmsKeyId: instance.masterUserSecret.kmsKeyArn,
          },
        }
      : {}),
    DBParameterGroups: [
      { DBParameterGroupName: settings.parameterGroup, ParameterApplyStatus: instance.parameterApplyStatus },
    ],
    PendingModifiedValues: {},
    ReadReplicaDBInstanceIdentifiers: [...settings.readReplicas],
    ReadReplicaDBClusterIdentifiers: [],
    AssociatedRoles: settings.attachedRoleFeatures.map((FeatureName) => ({ FeatureName, Status: 'ACTIVE' })),
    // RDS uploads the logs of an instance with automated backups every five minutes.
    ...(settings.backupRetentionDays > 0 ? { LatestRestorableTime: new Date(Date.now() - 5 * 60_000) } : {}),
    DBSecurityGroups: [],
    TagList: tagList(instance.tags),
    ...describeSettings(instance),
  };
}

function describeSettings({ settings }: Instance): DBInstance {
  return {
    AllocatedStorage: settings.allocatedStorageGib,
    StorageType: settings.storageType,
    ...(settings.iops === null ? {} : { Iops: settings.iops }),
    ...(settings.storageThroughput === null ? {} : { StorageThroughput: settings.storageThroughput }),
    ...(settings.maxAllocatedStorageGib === null ? {} : { MaxAllocatedStorage: settings.maxAllocatedStorageGib }),
    MultiAZ: settings.multiAz,
    PubliclyAccessible: settings.publiclyAccessible,
    DeletionProtection: settings.deletionProtection,
    BackupRetentionPeriod: settings.backupRetentionDays,
    PreferredBackupWindow: settings.backupWindow,
    PreferredMaintenanceWindow: settings.maintenanceWindow,
    AutoMinorVersionUpgrade: settings.autoMinorVersionUpgrade,
    CopyTagsToSnapshot: settings.copyTagsToSnapshot,
    IAMDatabaseAuthenticationEnabled: settings.iamAuthentication,
    VpcSecurityGroups: settings.securityGroupIds.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    DBSubnetGroup: { DBSubnetGroupName: settings.subnetGroup, SubnetGroupStatus: 'Complete' },
    OptionGroupMemberships: [{ OptionGroupName: settings.optionGroup, Status: 'in-sync' }],
    CACertificateIdentifier: settings.caCertificate,
    EnabledCloudwatchLogsExports: [...settings.logExports],
    MonitoringInterval: settings.monitoringIntervalSeconds,
    ...(settings.monitoringRoleArn === null ? {} : { MonitoringRoleArn: settings.monitoringRoleArn }),
    PerformanceInsightsEnabled: settings.performanceInsights,
    ...(settings.performanceInsightsKeyArn === null
      ? {}
      : { PerformanceInsightsKMSKeyId: settings.performanceInsightsKeyArn }),
    LicenseModel: settings.licenseModel,
    NetworkType: settings.networkType,
  };
}

/** A key that is no longer enabled closes the instance, whatever it was doing (facts E12); the local server runs on. */
function statusOf(instance: Instance, keys: Keys): string {
  const { kmsKeyArn } = instance.encryption;
  const open = kmsKeyArn === null || keys.find(kmsKeyArn)?.state === 'Enabled';
  return open || instance.status !== 'available' ? instance.status : 'inaccessible-encryption-credentials-recoverable';
}

/** A snapshot as RDS describes it. */
export function describeSnapshot(snapshot: Snapshot): DBSnapshot {
  return {
    DBSnapshotIdentifier: snapshot.snapshotId,
    DBSnapshotArn: snapshot.arn,
    DBInstanceIdentifier: snapshot.instanceId,
    DbiResourceId: snapshot.resourceId,
    SnapshotType: 'manual',
    Status: snapshot.status,
    PercentProgress: snapshot.progressPercent,
    Engine: 'postgres',
    EngineVersion: snapshot.engineVersion,
    MasterUsername: snapshot.masterUsername,
    AllocatedStorage: snapshot.allocatedStorageGib,
    StorageType: snapshot.storageType,
    AvailabilityZone: snapshot.availabilityZone,
    Port: snapshot.port,
    InstanceCreateTime: new Date(snapshot.instanceCreatedAt),
    SnapshotCreateTime: new Date(snapshot.createdAt),
    OriginalSnapshotCreateTime: new Date(snapshot.createdAt),
    Encrypted: snapshot.encryption.type === 'sse-kms',
    StorageEncryptionType: snapshot.encryption.type,
    ...(snapshot.encryption.kmsKeyArn ? { KmsKeyId: snapshot.encryption.kmsKeyArn } : {}),
    ...(snapshot.copyOf ? { SourceDBSnapshotIdentifier: snapshot.copyOf } : {}),
    TagList: tagList(snapshot.tags),
  };
}
