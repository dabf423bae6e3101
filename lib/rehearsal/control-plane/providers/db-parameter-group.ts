import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import type { ParameterGroups } from '../rds/parameter-groups';
import { cloudFormationTags, Properties } from './properties';

/** Provider of `AWS::RDS::DBParameterGroup`: its parameters reach the servers of the instances that use it. */
export function parameterGroupProvider(groups: ParameterGroups): ResourceProvider {
  return {
    type: 'AWS::RDS::DBParameterGroup',
    nameProperty: 'DBParameterGroupName',
    replacementOn: ['DBParameterGroupName', 'Description', 'Family'],
    create: async (context) => {
      const { name, family, ...options } = read(context);
      groups.create(name, family, options);
      context.assignPhysicalId(name);
      return provided(name);
    },
    update: async (context) => {
      const group = groups.get(context.physicalId);
      group.parameters.clear();
      for (const [name, value] of Object.entries(read(context).parameters)) group.parameters.set(name, value);
      return provided(group.name);
    },
    delete: async ({ physicalId }) => groups.remove(physicalId),
  };
}

function read(context: ProviderContext) {
  const properties = new Properties(context);
  const parameters = Object.entries(properties.object('Parameters') ?? {});
  const options = {
    name: (properties.text('DBParameterGroupName') ?? context.physicalNameHint).toLowerCase(),
    family: properties.requiredText('Family'),
    description: properties.requiredText('Description'),
    parameters: Object.fromEntries(parameters.map(([name, value]) => [name, String(value)])),
    tags: properties.tags(cloudFormationTags(context)),
  };
  properties.refuseOthers();
  return options;
}

function provided(name: string) {
  return { physicalId: name, attributes: { DBParameterGroupName: name } };
}
