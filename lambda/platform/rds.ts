/** RDS: look at instances and snapshots, make the two snapshots of a migration. Nothing here deletes or modifies; see `backup-snapshots`. */
import {
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import type { Surroundings } from '../contract/assessment';
import type { Encryption, Endpoint, InstanceFacts } from '../contract/instance';
import { Blocked, NotReady } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new RDSClient(CLIENT_LIMITS);

/** The tag that every resource of a migration carries; the roles' permissions are bound to it (security 4). */
export const MIGRATION_TAG = 'sealift:id';

/** Tags as name and value. */
export type Tags = Readonly<Record<string, string>>;

/** An instance as RDS describes it. */
export interface DescribedInstance {
  readonly facts: Omit<InstanceFacts, 'endpoint'>;
  /** Null until the instance has one. */
  readonly endpoint: Endpoint | null;
  /** `creating`, `active`, `rotating`, `impaired`; null when RDS manages no secret for the master user. */
  readonly masterSecretStatus: string | null;
  /** What is attached to it and how it is backed up. */
  readonly attached: NonNullable<Surroundings['source']>;
}

/** A snapshot as RDS describes it. */
export interface DescribedSnapshot {
  readonly id: string;
  readonly arn: string;
  readonly status: string;
  readonly progressPercent: number;
  /** Identifier of the instance that it was taken of. */
  readonly instanceId: string;
  /** Immutable id of that instance; another instance under the same name has another. */
  readonly instanceResourceId: string | null;
  /** Snapshot that it was copied from; null for an original. */
  readonly copiedFrom: string | null;
  /** ISO; null while it has none. */
  readonly createdAt: string | null;
  readonly encryption: Encryption;
  readonly tags: Tags;
}

/** Describes an instance; null when there is none of that name. */
export async function findInstance(instanceId: string): Promise<DescribedInstance | null> {
  return callAws(
    { action: 'rds:DescribeDBInstances', resource: `instance ${instanceId}` },
    async () => {
      const answer = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId }));
      const [found] = answer.DBInstances ?? [];
      return found === undefined ? null : describeInstance(found);
    },
    { DBInstanceNotFoundFault: () => null },
  );
}

/** Describes a manual snapshot; null when there is none of that name. */
export async function findSnapshot(snapshotId: string): Promise<DescribedSnapshot | null> {
  return callAws(
    { action: 'rds:DescribeDBSnapshots', resource: `snapshot ${snapshotId}` },
    async () => {
      const answer = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshotId }));
      const [found] = answer.DBSnapshots ?? [];
      return found === undefined ? null : describeSnapshot(found);
    },
    { DBSnapshotNotFoundFault: () => null },
  );
}

/** Every snapshot of an instance, manual and automated. */
export async function listSnapshots(instanceId: string): Promise<DescribedSnapshot[]> {
  return callAws({ action: 'rds:DescribeDBSnapshots', resource: `instance ${instanceId}` }, async () => {
    const found: DescribedSnapshot[] = [];
    let marker: string | undefined;
    // Ends with the last page.
    do {
      const answer = await client.send(
        new DescribeDBSnapshotsCommand({
          DBInstanceIdentifier: instanceId,
          ...(marker !== undefined && { Marker: marker }),
        }),
      );
      found.push(...(answer.DBSnapshots ?? []).map(describeSnapshot));
      marker = answer.Marker;
    } while (marker !== undefined && marker !== '');
    return found;
  });
}

/** Starts a snapshot of an instance; null when one of that name has appeared meanwhile. */
export async function createSnapshot(request: {
  readonly snapshotId: string;
  readonly instanceId: string;
  readonly tags: Tags;
}): Promise<DescribedSnapshot | null> {
  const { snapshotId, instanceId } = request;
  return callAws<DescribedSnapshot | null>(
    { action: 'rds:CreateDBSnapshot', resource: `snapshot ${snapshotId} of instance ${instanceId}` },
    async () => {
      const answer = await client.send(
        new CreateDBSnapshotCommand({
          DBSnapshotIdentifier: snapshotId,
          DBInstanceIdentifier: instanceId,
          Tags: tagList(request.tags),
        }),
      );
      return answer.DBSnapshot === undefined ? null : describeSnapshot(answer.DBSnapshot);
    },
    {
      DBSnapshotAlreadyExistsFault: () => null,
      InvalidDBInstanceStateFault: (cause) => {
        throw new NotReady(`instance ${instanceId} cannot be snapshotted in its present state`, { cause });
      },
      DBInstanceNotFoundFault: (cause) => {
        throw new Blocked(`instance ${instanceId} does not exist, configure the source's identifier`, { cause });
      },
      SnapshotQuotaExceededFault: quotaExceeded(snapshotId),
    },
  );
}

/** Starts a copy of a snapshot under a key; null when one of that name has appeared meanwhile. */
export async function copySnapshot(request: {
  readonly sourceArn: string;
  readonly snapshotId: string;
  readonly keyArn: string;
  readonly tags: Tags;
}): Promise<DescribedSnapshot | null> {
  const { sourceArn, snapshotId, keyArn } = request;
  return callAws<DescribedSnapshot | null>(
    { action: 'rds:CopyDBSnapshot', resource: `snapshot ${sourceArn} to ${snapshotId}` },
    async () => {
      const answer = await client.send(
        new CopyDBSnapshotCommand({
          SourceDBSnapshotIdentifier: sourceArn,
          TargetDBSnapshotIdentifier: snapshotId,
          KmsKeyId: keyArn,
          Tags: tagList(request.tags),
        }),
      );
      return answer.DBSnapshot === undefined ? null : describeSnapshot(answer.DBSnapshot);
    },
    {
      DBSnapshotAlreadyExistsFault: () => null,
      InvalidDBSnapshotStateFault: (cause) => {
        throw new NotReady(`snapshot ${sourceArn} cannot be copied in its present state`, { cause });
      },
      DBSnapshotNotFoundFault: (cause) => {
        throw new Blocked(`snapshot ${sourceArn} does not exist, start the migration again`, { cause });
      },
      KMSKeyNotAccessibleFault: (cause) => {
        const remedy = 'enable it and let the step use it through rds (kms:CreateGrant, kms:DescribeKey)';
        throw new Blocked(`key ${keyArn} cannot be used to copy snapshot ${sourceArn}, ${remedy}`, { cause });
      },
      SnapshotQuotaExceededFault: quotaExceeded(snapshotId),
    },
  );
}

function quotaExceeded(snapshotId: string) {
  return (cause: Error): never => {
    const remedy = 'delete snapshots that are no longer needed or raise the quota';
    throw new Blocked(`snapshot ${snapshotId} exceeds the account's quota of manual snapshots, ${remedy}`, { cause });
  };
}

function tagList(tags: Tags) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function describeInstance(found: DBInstance): DescribedInstance {
  const text = (value: string | undefined) => value ?? '';
  const { Address: host, Port: port } = found.Endpoint ?? {};
  return {
    masterSecretStatus: found.MasterUserSecret?.SecretStatus ?? null,
    attached: describeAttached(found),
    endpoint: host === undefined || port === undefined ? null : { host, port },
    facts: {
      instanceId: text(found.DBInstanceIdentifier),
      arn: text(found.DBInstanceArn),
      resourceId: text(found.DbiResourceId),
      status: text(found.DBInstanceStatus),
      engine: text(found.Engine),
      engineVersion: text(found.EngineVersion),
      instanceClass: text(found.DBInstanceClass),
      masterUsername: text(found.MasterUsername),
      masterSecretArn: found.MasterUserSecret?.SecretArn ?? null,
      encryption: encryptionOf(found.StorageEncryptionType, found.StorageEncrypted, found.KmsKeyId),
      multiAz: found.MultiAZ ?? false,
      publiclyAccessible: found.PubliclyAccessible ?? false,
      deletionProtection: found.DeletionProtection ?? false,
      backupRetentionDays: found.BackupRetentionPeriod ?? 0,
      allocatedStorageGib: found.AllocatedStorage ?? 0,
      parameterGroups: (found.DBParameterGroups ?? []).map((group) => ({
        name: text(group.DBParameterGroupName),
        applyStatus: text(group.ParameterApplyStatus),
      })),
    },
  };
}

/** At most twenty replicas: a state holds 256 KiB (fault 15). */
function describeAttached(found: DBInstance): NonNullable<Surroundings['source']> {
  const named = (names: readonly (string | undefined)[] = []) => names.flatMap((name) => name ?? []);
  return {
    storageType: found.StorageType ?? '',
    maxAllocatedStorageGib: found.MaxAllocatedStorage ?? null,
    readReplicas: [
      ...named(found.ReadReplicaDBInstanceIdentifiers),
      ...named(found.ReadReplicaDBClusterIdentifiers),
    ].slice(0, 20),
    iamAuthentication: found.IAMDatabaseAuthenticationEnabled ?? false,
    optionGroups: named(found.OptionGroupMemberships?.map((group) => group.OptionGroupName)),
    attachedRoles: named(found.AssociatedRoles?.map((role) => role.FeatureName)),
    latestRestorableTime: found.LatestRestorableTime?.toISOString() ?? null,
  };
}

/** A snapshot in our words. */
export function describeSnapshot(found: DBSnapshot): DescribedSnapshot {
  return {
    id: found.DBSnapshotIdentifier ?? '',
    arn: found.DBSnapshotArn ?? '',
    status: found.Status ?? '',
    progressPercent: found.PercentProgress ?? 0,
    instanceId: found.DBInstanceIdentifier ?? '',
    instanceResourceId: found.DbiResourceId ?? null,
    createdAt: found.SnapshotCreateTime?.toISOString() ?? null,
    copiedFrom: found.SourceDBSnapshotIdentifier ?? null,
    encryption: encryptionOf(found.StorageEncryptionType, found.Encrypted, found.KmsKeyId),
    tags: Object.fromEntries((found.TagList ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
  };
}

/** The type decides; the boolean, which says false under a key that AWS owns, only stands in for it (facts E10). */
function encryptionOf(type: Encryption['type'] | undefined, encrypted = false, keyArn?: string): Encryption {
  return { type: type ?? (encrypted ? 'sse-kms' : 'none'), keyArn: keyArn ?? null };
}
