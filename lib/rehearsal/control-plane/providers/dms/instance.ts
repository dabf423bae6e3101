import type { ProviderContext, ResourceProvider } from '../../../cloudformation/provider';
import type { Dms } from '../../dms/account';
import type { NewReplicationInstance } from '../../dms/replication-instances';
import type { ReplicationInstance, SubnetGroup } from '../../dms/resources';
import { cloudFormationTags, Properties } from '../properties';

/** Provider of `AWS::DMS::ReplicationSubnetGroup`; `Ref` is its identifier. */
export function subnetGroupProvider({ instances }: Dms): ResourceProvider {
  return {
    type: 'AWS::DMS::ReplicationSubnetGroup',
    nameProperty: 'ReplicationSubnetGroupIdentifier',
    replacementOn: ['ReplicationSubnetGroupIdentifier'],
    create: async (context) => {
      const group = instances.createGroup(readGroup(context));
      context.assignPhysicalId(group.identifier);
      return { physicalId: group.identifier, attributes: {} };
    },
    update: async (context) => {
      const { description, subnetIds } = readGroup(context);
      const group = instances.findGroup(context.physicalId);
      if (!group) throw new Error(`replication subnet group ${context.physicalId} is not there any more`);
      Object.assign(group, { description, subnetIds });
      return { physicalId: group.identifier, attributes: {} };
    },
    delete: async ({ physicalId }) => instances.removeGroup(physicalId),
  };
}

function readGroup(context: ProviderContext): SubnetGroup {
  const properties = new Properties(context);
  const group = {
    identifier: properties.text('ReplicationSubnetGroupIdentifier') ?? context.physicalNameHint,
    description: properties.requiredText('ReplicationSubnetGroupDescription'),
    subnetIds: properties.texts('SubnetIds') ?? [],
    tags: properties.tags(cloudFormationTags(context)),
  };
  properties.refuseOthers();
  return group;
}

/** Provider of `AWS::DMS::ReplicationInstance`; `Ref` is its ARN. */
export function replicationInstanceProvider({ instances }: Dms): ResourceProvider {
  return {
    type: 'AWS::DMS::ReplicationInstance',
    nameProperty: 'ReplicationInstanceIdentifier',
    replacementOn: [
      'AvailabilityZone',
      'KmsKeyId',
      'PubliclyAccessible',
      'ReplicationInstanceIdentifier',
      'ReplicationSubnetGroupIdentifier',
      'ResourceIdentifier',
    ],
    create: async (context) => {
      const instance = instances.create(readInstance(context));
      context.assignPhysicalId(instance.arn);
      await instance.settled;
      return provided(instance);
    },
    update: async (context) => {
      const instance = instances.modify(context.physicalId, readInstance(context).settings);
      await instance.settled;
      return provided(instance);
    },
    delete: async ({ physicalId }) => {
      if (instances.find(physicalId)) await instances.delete(physicalId).settled;
    },
  };
}

function readInstance(context: ProviderContext): NewReplicationInstance {
  const properties = new Properties(context);
  const settings = {
    instanceClass: properties.requiredText('ReplicationInstanceClass'),
    allocatedStorageGib: properties.number('AllocatedStorage'),
    autoMinorVersionUpgrade: properties.boolean('AutoMinorVersionUpgrade'),
    engineVersion: properties.text('EngineVersion'),
    multiAz: properties.boolean('MultiAZ'),
    maintenanceWindow: properties.text('PreferredMaintenanceWindow'),
    securityGroupIds: properties.texts('VpcSecurityGroupIds'),
  };
  const wanted = {
    resourceName: properties.text('ResourceIdentifier'),
    availabilityZone: properties.text('AvailabilityZone'),
    subnetGroup: properties.text('ReplicationSubnetGroupIdentifier'),
    kmsKeyId: properties.text('KmsKeyId'),
    publiclyAccessible: properties.boolean('PubliclyAccessible'),
  };
  const read: NewReplicationInstance = {
    ...given(wanted),
    identifier: properties.text('ReplicationInstanceIdentifier') ?? context.physicalNameHint,
    settings: { ...given(settings), instanceClass: settings.instanceClass },
    tags: properties.tags(cloudFormationTags(context)),
  };
  properties.recordOnly('AllowMajorVersionUpgrade', 'NetworkType');
  properties.refuseOthers();
  return read;
}

function provided({ arn }: ReplicationInstance) {
  const addresses = { ReplicationInstancePrivateIpAddresses: '127.0.0.1', ReplicationInstancePublicIpAddresses: '' };
  return { physicalId: arn, attributes: addresses };
}

/** Leaves out what is undefined, so that DMS's default stands. */
export function given<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
