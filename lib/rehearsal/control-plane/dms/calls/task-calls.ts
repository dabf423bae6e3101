import {
  CreateReplicationTask$,
  type CreateReplicationTaskCommandInput,
  type CreateReplicationTaskCommandOutput,
  DeleteReplicationTask$,
  type DeleteReplicationTaskCommandInput,
  type DeleteReplicationTaskCommandOutput,
  DescribeReplicationTasks$,
  type DescribeReplicationTasksCommandInput,
  type DescribeReplicationTasksCommandOutput,
  ModifyReplicationTask$,
  type ModifyReplicationTaskCommandInput,
  type ModifyReplicationTaskCommandOutput,
  StartReplicationTask$,
  type StartReplicationTaskCommandInput,
  type StartReplicationTaskCommandOutput,
  StopReplicationTask$,
  type StopReplicationTaskCommandInput,
  type StopReplicationTaskCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { type Operation, operation } from '../../operation';
import { tagMap } from '../../place';
import type { DmsAccess } from '../access';
import { describeTask } from '../describe';
import { invalidValue } from '../names';
import { filtered, page } from '../paging';
import { migrationType, type StartType, type TaskChange } from '../task-definition';
import type { Tasks } from '../tasks';
import { demandFound } from './instance-calls';

/** `CreateReplicationTask`: answers while the task is `creating`. */
export function createTask(tasks: Tasks, access: DmsAccess): Operation {
  return operation<CreateReplicationTaskCommandInput, CreateReplicationTaskCommandOutput>({
    schema: CreateReplicationTask$,
    parameters: [
      'ReplicationTaskIdentifier',
      'SourceEndpointArn',
      'TargetEndpointArn',
      'ReplicationInstanceArn',
      'MigrationType',
      'TableMappings',
      'ReplicationTaskSettings',
      'CdcStartPosition',
      'CdcStopPosition',
      'ResourceIdentifier',
      'Tags',
    ],
    access: ({ ReplicationInstanceArn = '', SourceEndpointArn = '', TargetEndpointArn = '', Tags }, place) => [
      ...access.route(
        'dms:CreateReplicationTask',
        ReplicationInstanceArn,
        [SourceEndpointArn, TargetEndpointArn],
        Tags,
      ),
      ...access.tagNewTask(place, Tags),
    ],
    run: (input) => {
      const task = tasks.create({
        identifier: input.ReplicationTaskIdentifier ?? '',
        sourceArn: input.SourceEndpointArn ?? '',
        targetArn: input.TargetEndpointArn ?? '',
        instanceArn: input.ReplicationInstanceArn ?? '',
        type: migrationType(input.MigrationType),
        mappings: input.TableMappings ?? '',
        ...given('settings', input.ReplicationTaskSettings),
        ...given('cdcStartPosition', input.CdcStartPosition),
        ...given('cdcStopPosition', input.CdcStopPosition),
        ...given('resourceName', input.ResourceIdentifier),
        tags: tagMap(input.Tags),
      });
      return { ReplicationTask: describeTask(task) };
    },
  });
}

/** `DescribeReplicationTasks`: all, or by filters; nothing found is `ResourceNotFoundFault`. */
export function describeTasks(tasks: Tasks, access: DmsAccess): Operation {
  return operation<DescribeReplicationTasksCommandInput, DescribeReplicationTasksCommandOutput>({
    schema: DescribeReplicationTasks$,
    parameters: ['Filters', 'MaxRecords', 'Marker', 'WithoutSettings'],
    access: () => access.everywhere('dms:DescribeReplicationTasks'),
    run: (input) => {
      const found = filtered('DescribeReplicationTasks', tasks.list(), input.Filters, {
        'replication-task-arn': ({ arn }) => arn,
        'replication-task-id': ({ identifier }) => identifier,
        'migration-type': ({ type }) => type,
        'endpoint-arn': ({ source, target }) => [source.arn, target.arn],
        'replication-instance-arn': ({ instance }) => instance.arn,
      });
      demandFound(found, input.Filters, 'No Tasks found matching the filters');
      const { items, marker } = page(found, input);
      const withoutSettings = input.WithoutSettings === true;
      return {
        ReplicationTasks: items.map((task) => describeTask(task, { withoutSettings })),
        ...(marker && { Marker: marker }),
      };
    },
  });
}

/** `ModifyReplicationTask`: only of a task that does not run. */
export function modifyTask(tasks: Tasks, access: DmsAccess): Operation {
  return operation<ModifyReplicationTaskCommandInput, ModifyReplicationTaskCommandOutput>({
    schema: ModifyReplicationTask$,
    parameters: [
      'ReplicationTaskArn',
      'ReplicationTaskIdentifier',
      'MigrationType',
      'TableMappings',
      'ReplicationTaskSettings',
      'CdcStartPosition',
      'CdcStopPosition',
    ],
    access: ({ ReplicationTaskArn = '' }) => access.task('dms:ModifyReplicationTask', ReplicationTaskArn),
    run: (input) => {
      const change: TaskChange = {
        ...given('identifier', input.ReplicationTaskIdentifier),
        ...(input.MigrationType === undefined ? {} : { type: migrationType(input.MigrationType) }),
        ...given('mappings', input.TableMappings),
        ...given('settings', input.ReplicationTaskSettings),
        ...given('cdcStartPosition', input.CdcStartPosition),
        ...given('cdcStopPosition', input.CdcStopPosition),
      };
      return { ReplicationTask: describeTask(tasks.modify(input.ReplicationTaskArn ?? '', change)) };
    },
  });
}

/** `StartReplicationTask`: a first start, a resumption, or everything anew. */
export function startTask(tasks: Tasks, access: DmsAccess): Operation {
  return operation<StartReplicationTaskCommandInput, StartReplicationTaskCommandOutput>({
    schema: StartReplicationTask$,
    parameters: ['ReplicationTaskArn', 'StartReplicationTaskType', 'CdcStartPosition', 'CdcStopPosition'],
    access: ({ ReplicationTaskArn = '' }) => access.task('dms:StartReplicationTask', ReplicationTaskArn),
    run: (input) => {
      const task = tasks.start(input.ReplicationTaskArn ?? '', startType(input.StartReplicationTaskType), {
        ...given('cdcStartPosition', input.CdcStartPosition),
        ...given('cdcStopPosition', input.CdcStopPosition),
      });
      return { ReplicationTask: describeTask(task) };
    },
  });
}

/** `StopReplicationTask`. */
export function stopTask(tasks: Tasks, access: DmsAccess): Operation {
  return operation<StopReplicationTaskCommandInput, StopReplicationTaskCommandOutput>({
    schema: StopReplicationTask$,
    parameters: ['ReplicationTaskArn'],
    access: ({ ReplicationTaskArn = '' }) => access.task('dms:StopReplicationTask', ReplicationTaskArn),
    run: ({ ReplicationTaskArn = '' }) => ({ ReplicationTask: describeTask(tasks.stop(ReplicationTaskArn)) }),
  });
}

/** `DeleteReplicationTask`: only of a task that does not run. */
export function deleteTask(tasks: Tasks, access: DmsAccess): Operation {
  return operation<DeleteReplicationTaskCommandInput, DeleteReplicationTaskCommandOutput>({
    schema: DeleteReplicationTask$,
    parameters: ['ReplicationTaskArn'],
    access: ({ ReplicationTaskArn = '' }) => access.task('dms:DeleteReplicationTask', ReplicationTaskArn),
    run: ({ ReplicationTaskArn = '' }) => ({ ReplicationTask: describeTask(tasks.delete(ReplicationTaskArn)) }),
  });
}

function startType(word: string | undefined): StartType {
  if (word === 'start-replication' || word === 'resume-processing' || word === 'reload-target') return word;
  throw invalidValue(
    `StartReplicationTaskType must be start-replication, resume-processing or reload-target, got ${word}`,
  );
}

/** A member that is there only when it was given. */
function given<Name extends string>(name: Name, value: string | undefined): { [Key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: string };
}
