import {
  DescribeStackEvents$,
  type DescribeStackEventsCommandInput,
  type DescribeStackEventsCommandOutput,
  DescribeStackResources$,
  type DescribeStackResourcesCommandInput,
  type DescribeStackResourcesCommandOutput,
  DescribeStacks$,
  type DescribeStacksCommandInput,
  type DescribeStacksCommandOutput,
  GetStackPolicy$,
  type GetStackPolicyCommandInput,
  type GetStackPolicyCommandOutput,
  GetTemplate$,
  type GetTemplateCommandInput,
  type GetTemplateCommandOutput,
  type ResourceStatus,
  type StackResource,
} from '@aws-sdk/client-cloudformation';
import type { StackEngine } from '../../cloudformation/stack-engine';
import { type Operation, operation } from '../operation';
import type { Stacks } from './stacks';

/** Events per page, as CloudFormation sends them. */
const EVENTS_PER_PAGE = 100;

/** The operations that only look. */
export function readOperations(stacks: Stacks): Operation[] {
  return [
    describeStacks(stacks),
    describeStackEvents(stacks),
    describeStackResources(stacks),
    getTemplate(stacks),
    getPolicy(stacks),
  ];
}

function describeStacks(stacks: Stacks): Operation {
  return operation<DescribeStacksCommandInput, DescribeStacksCommandOutput>({
    schema: DescribeStacks$,
    parameters: ['StackName'],
    access: ({ StackName }, place) => [stacks.access(place, 'cloudformation:DescribeStacks', StackName)],
    run: ({ StackName }) =>
      stacks.call((engine) => {
        const found = StackName === undefined ? engine.describeStacks() : [engine.describeStack(StackName)];
        return { Stacks: found.map(describe) };
      }),
  });
}

function describe(stack: ReturnType<StackEngine['describeStack']>) {
  const { Parameters, Outputs, Capabilities, Tags, ...rest } = stack;
  return {
    ...rest,
    Parameters: [...Parameters],
    Outputs: [...Outputs],
    Tags: [...Tags],
    Capabilities: [...Capabilities] as NonNullable<DescribeStacksCommandOutput['Stacks']>[number]['Capabilities'],
  };
}

function describeStackEvents(stacks: Stacks): Operation {
  return operation<DescribeStackEventsCommandInput, DescribeStackEventsCommandOutput>({
    schema: DescribeStackEvents$,
    parameters: ['StackName', 'NextToken'],
    access: ({ StackName }, place) => [stacks.access(place, 'cloudformation:DescribeStackEvents', StackName)],
    run: ({ StackName = '', NextToken }) =>
      stacks.call((engine) => {
        const start = NextToken === undefined ? 0 : Number(NextToken);
        const all = engine.describeStackEvents(StackName);
        const end = start + EVENTS_PER_PAGE;
        const page = all
          .slice(start, end)
          .map((event) => ({ ...event, ResourceStatus: event.ResourceStatus as ResourceStatus }));
        return { StackEvents: page, ...(end < all.length ? { NextToken: String(end) } : {}) };
      }),
  });
}

function describeStackResources(stacks: Stacks): Operation {
  return operation<DescribeStackResourcesCommandInput, DescribeStackResourcesCommandOutput>({
    schema: DescribeStackResources$,
    parameters: ['StackName', 'LogicalResourceId'],
    access: ({ StackName }, place) => [stacks.access(place, 'cloudformation:DescribeStackResources', StackName)],
    run: ({ StackName = '', LogicalResourceId }) =>
      stacks.call((engine) => {
        const { StackId, StackName: name } = engine.describeStack(StackName);
        const StackResources: StackResource[] = engine
          .describeStackResources(StackName)
          .filter((resource) => LogicalResourceId === undefined || resource.LogicalResourceId === LogicalResourceId)
          .map(({ properties: _properties, attributes: _attributes, ...resource }) => ({
            ...resource,
            ResourceStatus: resource.ResourceStatus as ResourceStatus,
            StackId,
            StackName: name,
          }));
        return { StackResources };
      }),
  });
}

function getTemplate(stacks: Stacks): Operation {
  return operation<GetTemplateCommandInput, GetTemplateCommandOutput>({
    schema: GetTemplate$,
    parameters: ['StackName'],
    access: ({ StackName }, place) => [stacks.access(place, 'cloudformation:GetTemplate', StackName)],
    run: ({ StackName = '' }) => stacks.call((engine) => ({ TemplateBody: engine.getTemplate(StackName) })),
  });
}

function getPolicy(stacks: Stacks): Operation {
  return operation<GetStackPolicyCommandInput, GetStackPolicyCommandOutput>({
    schema: GetStackPolicy$,
    parameters: ['StackName'],
    access: ({ StackName }, place) => [stacks.access(place, 'cloudformation:GetStackPolicy', StackName)],
    run: ({ StackName = '' }) =>
      stacks.call((engine) => {
        const body = engine.getStackPolicy(StackName);
        return body === null ? {} : { StackPolicyBody: body };
      }),
  });
}
