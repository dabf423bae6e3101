import { createHash, randomBytes } from 'node:crypto';
import { AwsFault } from '../fault';
import type { Place } from '../place';
import type { HostedDatabase } from './database-host';

/** Statuses that an instance of the rehearsal can have; spelled as RDS spells them (facts E). */
export type InstanceStatus =
  | 'creating'
  | 'backing-up'
  | 'modifying'
  | 'rebooting'
  | 'resetting-master-credentials'
  | 'available'
  | 'deleting'
  | 'failed'
  | 'incompatible-parameters'
  | 'storage-full'
  | 'stopped'
  | 'restore-error'
  | 'incompatible-restore';

/** Encryption of a volume or snapshot: recorded, not done, because the bytes here belong to this machine. */
export interface VolumeEncryption {
  readonly type: 'none' | 'sse-rds' | 'sse-kms';
  /** ARN of the key with `sse-kms`. */
  readonly kmsKeyArn: string | null;
}

/** What can be set on an instance and stays until it is modified. */
export interface InstanceSettings {
  instanceClass: string;
  allocatedStorageGib: number;
  storageType: string;
  iops: number | null;
  storageThroughput: number | null;
  maxAllocatedStorageGib: number | null;
  multiAz: boolean;
  publiclyAccessible: boolean;
  deletionProtection: boolean;
  backupRetentionDays: number;
  backupWindow: string;
  maintenanceWindow: string;
  autoMinorVersionUpgrade: boolean;
  copyTagsToSnapshot: boolean;
  iamAuthentication: boolean;
  parameterGroup: string;
  securityGroupIds: readonly string[];
  subnetGroup: string;
  optionGroup: string;
  caCertificate: string;
  logExports: readonly string[];
  monitoringIntervalSeconds: number;
  monitoringRoleArn: string | null;
  performanceInsights: boolean;
  performanceInsightsKeyArn: string | null;
  performanceInsightsRetentionDays: number | null;
  databaseInsightsMode: string | null;
  networkType: string;
  licenseModel: string;
  /** Identifiers of instances that replicate from it; only recorded. */
  readReplicas: readonly string[];
  /** Features that IAM roles are attached for, such as `s3Import`; only recorded. */
  attachedRoleFeatures: readonly string[];
}

/** The secret that RDS keeps for the master user. */
export interface MasterUserSecret {
  readonly secretArn: string;
  readonly kmsKeyArn: string;
  status: 'creating' | 'active';
}

/** An RDS instance. */
export interface Instance {
  readonly instanceId: string;
  readonly arn: string;
  readonly resourceId: string;
  /** Name of its endpoint: `<id>.<hash>.<region>.rds.localhost`. */
  readonly hostName: string;
  readonly createdAt: number;
  readonly availabilityZone: string;
  readonly encryption: VolumeEncryption;
  readonly masterUsername: string;
  readonly databaseName: string | null;
  /** ARN of the snapshot that it was restored from. */
  readonly restoredFrom: string | null;
  engineVersion: string;
  status: InstanceStatus;
  settings: InstanceSettings;
  /** `pending-reboot` until a reboot brings a newly attached group into effect (facts E4). */
  parameterApplyStatus: 'in-sync' | 'pending-reboot';
  masterUserSecret: MasterUserSecret | null;
  readonly tags: Map<string, string>;
  /** Null until the engine has answered, and after a failure. */
  database: HostedDatabase | null;
  /** Resolves when the instance has left its transitional status; never rejects. */
  settled: Promise<void>;
  /** Why the status is `failed` or alike. */
  statusReason: string | null;
}

const IDENTIFIER = /^[a-zA-Z](?:-?[a-zA-Z0-9])*$/;

/**
 * Checks an identifier and writes it as RDS keeps it, in lower case.
 *
 * @throws AwsFault `InvalidParameterValue`
 */
export function instanceIdentifier(given: string): string {
  if (given.length > 63 || !IDENTIFIER.test(given)) {
    throw new AwsFault(
      'InvalidParameterValue',
      `The parameter DBInstanceIdentifier is not a valid identifier, got ${JSON.stringify(given)}. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.`,
    );
  }
  return given.toLowerCase();
}

/** ARN of an instance. */
export function instanceArn(place: Place, instanceId: string): string {
  return `arn:aws:rds:${place.region}:${place.account}:db:${instanceId}`;
}

/** Host name of an instance's endpoint; the hash belongs to account and region, as on AWS. */
export function endpointName(place: Place, instanceId: string): string {
  const hash = createHash('sha256').update(`${place.account}/${place.region}`).digest('hex').slice(0, 12);
  return `${instanceId}.c${hash.slice(1)}.${place.region}.rds.localhost`;
}

/** A new resource id, which a restored instance never shares with its origin (facts E20). */
export function newResourceId(): string {
  return `db-${randomBytes(13).toString('hex').toUpperCase()}`;
}

/** What an instance gets for everything that is not passed, on creation and on restore (facts E13). */
export function defaultSettings(major: number): InstanceSettings {
  return {
    instanceClass: 'db.t4g.medium',
    allocatedStorageGib: 20,
    storageType: 'gp2',
    iops: null,
    storageThroughput: null,
    maxAllocatedStorageGib: null,
    multiAz: false,
    publiclyAccessible: false,
    deletionProtection: false,
    backupRetentionDays: 1,
    backupWindow: '03:00-03:30',
    maintenanceWindow: 'sun:04:00-sun:04:30',
    autoMinorVersionUpgrade: true,
    copyTagsToSnapshot: false,
    iamAuthentication: false,
    parameterGroup: `default.postgres${major}`,
    securityGroupIds: ['sg-default'],
    subnetGroup: 'default',
    optionGroup: `default:postgres-${major}`,
    caCertificate: 'rds-ca-rsa2048-g1',
    logExports: [],
    monitoringIntervalSeconds: 0,
    monitoringRoleArn: null,
    performanceInsights: false,
    performanceInsightsKeyArn: null,
    performanceInsightsRetentionDays: null,
    databaseInsightsMode: null,
    networkType: 'IPV4',
    licenseModel: 'postgresql-license',
    readReplicas: [],
    attachedRoleFeatures: [],
  };
}
