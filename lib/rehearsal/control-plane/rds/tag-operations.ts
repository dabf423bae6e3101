import {
  AddTagsToResource$,
  type AddTagsToResourceCommandInput,
  type AddTagsToResourceCommandOutput,
  ListTagsForResource$,
  type ListTagsForResourceCommandInput,
  type ListTagsForResourceCommandOutput,
} from '@aws-sdk/client-rds';
import { AwsFault, Refusal } from '../fault';
import { type Operation, operation } from '../operation';
import { tagList } from '../place';
import { type RdsAccess, requestTags } from './access';
import type { Instances } from './instances';
import type { ParameterGroups } from './parameter-groups';
import type { Snapshots } from './snapshots';

/** Finds the tags of the resource that an ARN names. */
export type TagsOf = (arn: string) => Map<string, string>;

/** Finds tags among instances, snapshots and parameter groups. */
export function tagsOf(instances: Instances, snapshots: Snapshots, groups: ParameterGroups): TagsOf {
  return (arn) => {
    const [, , , , , kind = '', name = ''] = arn.split(':');
    if (!arn.startsWith('arn:')) throw new AwsFault('InvalidParameterValue', `Invalid resource name: ${arn}`);
    if (kind === 'db') return instances.get(name).tags;
    if (kind === 'snapshot') return snapshots.get(arn).tags;
    if (kind === 'pg') return groups.get(name).tags;
    throw new Refusal(`RDS resources of kind ${JSON.stringify(kind)}`);
  };
}

/** `AddTagsToResource`: adds and replaces. */
export function addTags(find: TagsOf, access: RdsAccess): Operation {
  return operation<AddTagsToResourceCommandInput, AddTagsToResourceCommandOutput>({
    schema: AddTagsToResource$,
    parameters: ['ResourceName', 'Tags'],
    access: ({ ResourceName = '', Tags }) => [access.named('rds:AddTagsToResource', ResourceName, requestTags(Tags))],
    run: ({ ResourceName = '', Tags = [] }) => {
      const tags = find(ResourceName);
      for (const { Key = '', Value = '' } of Tags) tags.set(Key, Value);
      return {};
    },
  });
}

/** `ListTagsForResource`. */
export function listTags(find: TagsOf, access: RdsAccess): Operation {
  return operation<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput>({
    schema: ListTagsForResource$,
    parameters: ['ResourceName'],
    access: ({ ResourceName = '' }) => [access.named('rds:ListTagsForResource', ResourceName)],
    run: ({ ResourceName = '' }) => ({ TagList: tagList(find(ResourceName)) }),
  });
}
