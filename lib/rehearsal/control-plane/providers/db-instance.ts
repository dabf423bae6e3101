import { sameJson } from '../../cloudformation/json';
import type { CreateContext, ProvidedResource, ResourceProvider, UpdateContext } from '../../cloudformation/provider';
import type { Keys } from '../kms/keys';
import type { Instance } from '../rds/instance';
import type { Rds } from '../rds/service';
import type { DemandAccess, InstanceAccess } from './db-instance-access';
import { readInstance, type WantedInstance } from './db-instance-properties';

/** Properties whose change makes another instance, as the template reference says; `DBSnapshotIdentifier` above all (facts E16). */
const REPLACEMENT = [
  'AvailabilityZone',
  'DBInstanceIdentifier',
  'DBName',
  'DBSnapshotIdentifier',
  'DBSubnetGroupName',
  'Engine',
  'KmsKeyId',
  'MasterUsername',
  'Port',
  'StorageEncrypted',
];

/** What the provider works with. */
export interface InstanceProviderProps {
  readonly rds: Rds;
  readonly keys: Keys;
  readonly access: InstanceAccess;
  readonly demand: DemandAccess;
}

/** Provider of `AWS::RDS::DBInstance`: an empty one, or one born from a snapshot and then modified, as CloudFormation does. */
export function instanceProvider(props: InstanceProviderProps): ResourceProvider {
  return {
    type: 'AWS::RDS::DBInstance',
    nameProperty: 'DBInstanceIdentifier',
    replacementOn: REPLACEMENT,
    snapshots: true,
    defaultDeletionPolicy: 'Snapshot',
    create: (context) => create(props, context),
    update: (context) => update(props, context),
    delete: async (context) => {
      const { instances, snapshots } = props.rds;
      const instance = instances.find(context.physicalId);
      if (!instance) return;
      const wantsSnapshot = context.deletionPolicy === 'Snapshot' && instance.status === 'available';
      const finalId = wantsSnapshot ? `${context.stackName}-${instance.instanceId}-final`.toLowerCase() : null;
      props.demand(context, props.access.deletion(instance, finalId));
      // Protection is checked before the final snapshot, so that a refused deletion leaves nothing behind.
      if (finalId !== null && !instance.settings.deletionProtection) {
        await snapshots.create(finalId, instance.instanceId, new Map()).settled;
      }
      await instances.delete(instance.instanceId).settled;
    },
  };
}

async function create(props: InstanceProviderProps, context: CreateContext): Promise<ProvidedResource> {
  const wanted = readInstance(context, props.keys);
  props.demand(context, props.access.birth(wanted));
  const instance =
    wanted.birth.kind === 'restored' ? restore(props, wanted, wanted.birth.snapshot) : bear(props, context, wanted);
  context.assignPhysicalId(instance.instanceId);
  await settle(instance);
  if (wanted.birth.kind === 'restored') {
    // A restore takes neither a password nor its keeper for PostgreSQL: both are a modification after it (facts E15).
    if (wanted.manageMasterPassword || wanted.masterPassword !== undefined)
      await modify(props, context, instance, wanted);
  }
  return provided(instance);
}

function bear(props: InstanceProviderProps, context: CreateContext, wanted: WantedInstance): Instance {
  const { birth, masterPassword, engineVersion } = wanted;
  if (birth.kind !== 'empty' || engineVersion === undefined) {
    throw new Error(`EngineVersion of ${context.logicalId} must be given for an empty instance`);
  }
  if (masterPassword === undefined && !wanted.manageMasterPassword) {
    throw new Error(`instance ${context.logicalId} needs MasterUserPassword or ManageMasterUserPassword`);
  }
  if (wanted.manageMasterPassword) props.demand(context, props.access.masterSecret(wanted));
  return props.rds.instances.create({
    ...optional({
      availabilityZone: wanted.availabilityZone,
      databaseName: birth.databaseName,
      kmsKeyId: birth.kmsKeyId,
      masterSecretKmsKeyId: wanted.masterSecretKmsKeyId,
    }),
    instanceId: wanted.instanceId,
    engineVersion,
    master: { username: birth.masterUsername, password: masterPassword ?? null },
    storageEncrypted: birth.storageEncrypted,
    settings: wanted.settings,
    tags: wanted.tags,
  });
}

function restore({ rds }: InstanceProviderProps, wanted: WantedInstance, reference: string): Instance {
  const snapshot = rds.snapshots.get(reference);
  const major = (version: string) => version.split('.')[0];
  if (wanted.engineVersion !== undefined && major(wanted.engineVersion) !== major(snapshot.engineVersion)) {
    throw new Error(
      `snapshot ${snapshot.snapshotId} has engine version ${snapshot.engineVersion}, got EngineVersion ${wanted.engineVersion}: a restore keeps the major`,
    );
  }
  return rds.instances.restore({
    ...optional({ availabilityZone: wanted.availabilityZone }),
    instanceId: wanted.instanceId,
    snapshot,
    settings: wanted.settings,
    tags: wanted.tags,
  });
}

async function update(props: InstanceProviderProps, context: UpdateContext): Promise<ProvidedResource> {
  const wanted = readInstance(context, props.keys);
  const instance = props.rds.instances.get(context.physicalId);
  const { properties: now, previousProperties: before } = context;
  if (before.ManageMasterUserPassword === true && !wanted.manageMasterPassword) {
    throw new Error(`the rehearsal does not take the master password of ${instance.instanceId} out of Secrets Manager`);
  }
  instance.tags.clear();
  for (const [key, value] of wanted.tags) instance.tags.set(key, value);
  const passwordStays = sameJson(now.MasterUserPassword, before.MasterUserPassword);
  const { masterPassword: _unchanged, ...rest } = wanted;
  await modify(props, context, instance, passwordStays ? { ...rest, masterPassword: undefined } : wanted);
  return provided(instance);
}

async function modify(
  { rds, access, demand }: InstanceProviderProps,
  context: CreateContext | UpdateContext,
  instance: Instance,
  wanted: WantedInstance,
): Promise<void> {
  demand(context, access.modification(instance));
  if (wanted.manageMasterPassword && instance.masterUserSecret === null) demand(context, access.masterSecret(wanted));
  rds.instances.modify(instance.instanceId, {
    ...optional({ masterPassword: wanted.masterPassword, masterSecretKmsKeyId: wanted.masterSecretKmsKeyId }),
    settings: wanted.settings,
    manageMasterPassword: wanted.manageMasterPassword,
  });
  await settle(instance);
}

async function settle(instance: Instance): Promise<void> {
  await instance.settled;
  if (instance.status === 'available') return;
  throw new Error(
    `DB instance ${instance.instanceId} is in status ${instance.status}: ${instance.statusReason ?? 'unknown'}`,
  );
}

function provided(instance: Instance): ProvidedResource {
  const { database, masterUserSecret } = instance;
  return {
    physicalId: instance.instanceId,
    attributes: {
      DBInstanceArn: instance.arn,
      DbiResourceId: instance.resourceId,
      ...(database ? { 'Endpoint.Address': instance.hostName, 'Endpoint.Port': String(database.endpointPort) } : {}),
      ...(masterUserSecret ? { 'MasterUserSecret.SecretArn': masterUserSecret.secretArn } : {}),
    },
  };
}

/** Leaves out what is undefined, for options whose absence has a meaning. */
function optional<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
