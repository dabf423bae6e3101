import type { ProviderContext, ResourceProvider } from '../../../cloudformation/provider';
import type { Dms } from '../../dms/account';
import type { WantedTask } from '../../dms/task-definition';
import { migrationType } from '../../dms/task-definition';
import { cloudFormationTags, Properties } from '../properties';
import { given } from './instance';

/** Provider of `AWS::DMS::ReplicationTask`, which is made and never started; `Ref` is its ARN. A running one is stopped before it goes. */
export function taskProvider({ tasks }: Dms): ResourceProvider {
  return {
    type: 'AWS::DMS::ReplicationTask',
    nameProperty: 'ReplicationTaskIdentifier',
    replacementOn: ['ReplicationInstanceArn', 'ResourceIdentifier', 'SourceEndpointArn', 'TargetEndpointArn'],
    create: async (context) => {
      const task = tasks.create(read(context));
      context.assignPhysicalId(task.arn);
      await task.settled;
      return { physicalId: task.arn, attributes: {} };
    },
    update: async (context) => {
      const task = tasks.modify(context.physicalId, read(context));
      await task.settled;
      return { physicalId: task.arn, attributes: {} };
    },
    delete: async ({ physicalId }) => {
      const task = tasks.find(physicalId);
      if (!task) return;
      if (task.status === 'running' || task.status === 'starting') await tasks.stop(physicalId).settled;
      await tasks.delete(physicalId).settled;
    },
  };
}

function read(context: ProviderContext): WantedTask {
  const properties = new Properties(context);
  const optional = {
    resourceName: properties.text('ResourceIdentifier'),
    settings: properties.text('ReplicationTaskSettings'),
    cdcStartPosition: properties.text('CdcStartPosition'),
    cdcStopPosition: properties.text('CdcStopPosition'),
  };
  const wanted: WantedTask = {
    ...given(optional),
    identifier: properties.text('ReplicationTaskIdentifier') ?? context.physicalNameHint,
    sourceArn: properties.requiredText('SourceEndpointArn'),
    targetArn: properties.requiredText('TargetEndpointArn'),
    instanceArn: properties.requiredText('ReplicationInstanceArn'),
    type: migrationType(properties.text('MigrationType')),
    mappings: properties.requiredText('TableMappings'),
    tags: properties.tags(cloudFormationTags(context)),
  };
  properties.refuseOthers();
  return wanted;
}
