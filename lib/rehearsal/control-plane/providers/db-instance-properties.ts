import type { ProviderContext } from '../../cloudformation/provider';
import type { Keys } from '../kms/keys';
import type { InstanceSettings } from '../rds/instance';
import { cloudFormationTags, Properties } from './properties';

/** How the instance is to be born. */
export type Birth =
  | { readonly kind: 'restored'; readonly snapshot: string }
  | {
      readonly kind: 'empty';
      readonly masterUsername: string;
      readonly databaseName: string | undefined;
      readonly storageEncrypted: boolean;
      readonly kmsKeyId: string | undefined;
    };

/** What a template says of an instance. */
export interface WantedInstance {
  readonly instanceId: string;
  readonly birth: Birth;
  /** Undefined on a restore that takes the snapshot's version. */
  readonly engineVersion: string | undefined;
  readonly availabilityZone: string | undefined;
  readonly masterPassword: string | undefined;
  readonly manageMasterPassword: boolean;
  readonly masterSecretKmsKeyId: string | undefined;
  readonly settings: Partial<InstanceSettings>;
  readonly tags: ReadonlyMap<string, string>;
}

/** What comes from the snapshot and may not stand beside one (facts E16). */
const FROM_SNAPSHOT = ['DBName', 'KmsKeyId', 'MasterUsername', 'StorageEncrypted'];

/**
 * Reads `AWS::RDS::DBInstance`; throws for a property that the rehearsal does not know and for combinations that
 * CloudFormation refuses. `Port` is recorded only: the real port of the local server stands in the endpoint.
 *
 * @param keys the account's keys, to write key ids as RDS does: as ARNs
 */
export function readInstance(context: ProviderContext, keys: Keys): WantedInstance {
  const properties = new Properties(context);
  const engine = properties.text('Engine') ?? 'postgres';
  if (engine !== 'postgres') throw new Error(`engine of ${context.logicalId} must be postgres, got ${engine}`);
  const secret = properties.object('MasterUserSecret');
  const secretProperties = new Properties(context, secret ?? {});
  const wanted: WantedInstance = {
    instanceId: (properties.text('DBInstanceIdentifier') ?? context.physicalNameHint).toLowerCase(),
    birth: readBirth(context, properties),
    engineVersion: properties.text('EngineVersion'),
    availabilityZone: properties.text('AvailabilityZone'),
    masterPassword: properties.text('MasterUserPassword'),
    manageMasterPassword: properties.boolean('ManageMasterUserPassword') ?? false,
    masterSecretKmsKeyId: secretProperties.text('KmsKeyId'),
    settings: readSettings(properties, keys),
    tags: properties.tags(cloudFormationTags(context)),
  };
  secretProperties.refuseOthers();
  properties.recordOnly('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups', 'Port');
  properties.refuseOthers();
  if (wanted.manageMasterPassword && wanted.masterPassword !== undefined) {
    throw new Error(`instance ${context.logicalId} has a password and ManageMasterUserPassword, it takes one of them`);
  }
  return wanted;
}

function readBirth(context: ProviderContext, properties: Properties): Birth {
  const snapshot = properties.text('DBSnapshotIdentifier');
  properties.recordOnly(...FROM_SNAPSHOT);
  if (snapshot !== undefined) {
    const extra = FROM_SNAPSHOT.find((name) => context.properties[name] !== undefined);
    if (extra === undefined) return { kind: 'restored', snapshot };
    throw new Error(
      `${extra} of ${context.logicalId} cannot stand beside DBSnapshotIdentifier: it comes from the snapshot`,
    );
  }
  return {
    kind: 'empty',
    masterUsername: properties.requiredText('MasterUsername'),
    databaseName: properties.text('DBName'),
    storageEncrypted: properties.boolean('StorageEncrypted') ?? false,
    kmsKeyId: properties.text('KmsKeyId'),
  };
}

function readSettings(properties: Properties, keys: Keys): Partial<InstanceSettings> {
  const insightsKey = properties.text('PerformanceInsightsKMSKeyId');
  const settings: { [Name in keyof InstanceSettings]?: InstanceSettings[Name] | undefined } = {
    instanceClass: properties.text('DBInstanceClass'),
    allocatedStorageGib: properties.number('AllocatedStorage'),
    maxAllocatedStorageGib: properties.number('MaxAllocatedStorage'),
    storageType: properties.text('StorageType'),
    iops: properties.number('Iops'),
    storageThroughput: properties.number('StorageThroughput'),
    multiAz: properties.boolean('MultiAZ'),
    publiclyAccessible: properties.boolean('PubliclyAccessible'),
    deletionProtection: properties.boolean('DeletionProtection'),
    backupRetentionDays: properties.number('BackupRetentionPeriod'),
    backupWindow: properties.text('PreferredBackupWindow'),
    maintenanceWindow: properties.text('PreferredMaintenanceWindow'),
    autoMinorVersionUpgrade: properties.boolean('AutoMinorVersionUpgrade'),
    copyTagsToSnapshot: properties.boolean('CopyTagsToSnapshot'),
    iamAuthentication: properties.boolean('EnableIAMDatabaseAuthentication'),
    parameterGroup: properties.text('DBParameterGroupName'),
    securityGroupIds: properties.texts('VPCSecurityGroups'),
    subnetGroup: properties.text('DBSubnetGroupName'),
    optionGroup: properties.text('OptionGroupName'),
    caCertificate: properties.text('CACertificateIdentifier'),
    logExports: properties.texts('EnableCloudwatchLogsExports'),
    monitoringIntervalSeconds: properties.number('MonitoringInterval'),
    monitoringRoleArn: properties.text('MonitoringRoleArn'),
    performanceInsights: properties.boolean('EnablePerformanceInsights'),
    performanceInsightsKeyArn: insightsKey === undefined ? undefined : keys.get(insightsKey).arn,
    performanceInsightsRetentionDays: properties.number('PerformanceInsightsRetentionPeriod'),
    databaseInsightsMode: properties.text('DatabaseInsightsMode'),
    networkType: properties.text('NetworkType'),
    licenseModel: properties.text('LicenseModel'),
  };
  // An undefined member would hide the default that RDS gives.
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
