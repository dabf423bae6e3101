import {
  CreateStack$,
  type CreateStackCommandInput,
  type CreateStackCommandOutput,
  type Parameter,
  SetStackPolicy$,
  type SetStackPolicyCommandInput,
  type SetStackPolicyCommandOutput,
  type Tag,
  UpdateStack$,
  type UpdateStackCommandInput,
  type UpdateStackCommandOutput,
} from '@aws-sdk/client-cloudformation';
import type { StackCall } from '../../cloudformation/stack-calls';
import { AwsFault, Refusal } from '../fault';
import { type Operation, operation, type Principal } from '../operation';
import { requestTagContext, tagList, tagMap } from '../place';
import type { Stacks } from './stacks';

/** What can happen to a stack whose creation fails. */
const ON_FAILURE = ['DO_NOTHING', 'ROLLBACK'] as const;

/** The operations that change stacks. */
export function writeOperations(stacks: Stacks): Operation[] {
  return [createStack(stacks), updateStack(stacks), setStackPolicy(stacks)];
}

function createStack(stacks: Stacks): Operation {
  return operation<CreateStackCommandInput, CreateStackCommandOutput>({
    schema: CreateStack$,
    parameters: [
      'StackName',
      'TemplateBody',
      'Parameters',
      'Capabilities',
      'Tags',
      'RoleARN',
      'ClientRequestToken',
      'StackPolicyBody',
      'OnFailure',
      'EnableTerminationProtection',
    ],
    access: ({ StackName, RoleARN, Tags }, place) => [
      stacks.access(place, 'cloudformation:CreateStack', StackName, {
        ...requestTagContext(Tags),
        ...roleContext(RoleARN),
      }),
      ...stacks.passRole(RoleARN),
    ],
    run: (input, { principal }) => {
      const { StackName = '', TemplateBody, EnableTerminationProtection } = input;
      const onFailure = ON_FAILURE.find((known) => known === input.OnFailure);
      if (input.OnFailure !== undefined && !onFailure) throw new Refusal(`OnFailure: ${input.OnFailure}`);
      if (TemplateBody === undefined)
        throw new AwsFault('ValidationError', 'Either Template URL or Template Body must be specified.');
      return stacks.call((engine) =>
        engine.createStack({
          ...shared(input, principal),
          stackName: StackName,
          templateBody: TemplateBody,
          ...(onFailure === undefined ? {} : { onFailure }),
          ...(EnableTerminationProtection === undefined
            ? {}
            : { enableTerminationProtection: EnableTerminationProtection }),
        }),
      );
    },
  });
}

function updateStack(stacks: Stacks): Operation {
  return operation<UpdateStackCommandInput, UpdateStackCommandOutput>({
    schema: UpdateStack$,
    parameters: [
      'StackName',
      'UsePreviousTemplate',
      'TemplateBody',
      'Parameters',
      'Capabilities',
      'Tags',
      'RoleARN',
      'ClientRequestToken',
      'StackPolicyBody',
    ],
    access: ({ StackName, RoleARN, Tags }, place) => [
      stacks.access(place, 'cloudformation:UpdateStack', StackName, {
        ...requestTagContext(Tags),
        ...roleContext(RoleARN),
      }),
      ...stacks.passRole(RoleARN),
    ],
    run: (input, { principal }) =>
      stacks.call((engine) =>
        engine.updateStack({
          ...shared(input, principal),
          stackName: input.StackName ?? '',
          ...(input.TemplateBody === undefined ? {} : { templateBody: input.TemplateBody }),
          ...(input.UsePreviousTemplate === undefined ? {} : { usePreviousTemplate: input.UsePreviousTemplate }),
        }),
      ),
  });
}

function setStackPolicy(stacks: Stacks): Operation {
  return operation<SetStackPolicyCommandInput, SetStackPolicyCommandOutput>({
    schema: SetStackPolicy$,
    parameters: ['StackName', 'StackPolicyBody'],
    access: ({ StackName }, place) => [stacks.access(place, 'cloudformation:SetStackPolicy', StackName)],
    run: ({ StackName = '', StackPolicyBody = '' }) =>
      stacks.call((engine) => {
        engine.setStackPolicy(StackName, StackPolicyBody);
        return {};
      }),
  });
}

function roleContext(roleArn: string | undefined): Record<string, string> {
  return roleArn === undefined ? {} : { 'cloudformation:RoleArn': roleArn };
}

/** The shared arguments; without a service role the resources are made in the caller's name. */
function shared(
  input: {
    readonly Parameters?: Parameter[];
    readonly Capabilities?: string[];
    readonly Tags?: Tag[];
    readonly RoleARN?: string;
    readonly ClientRequestToken?: string;
    readonly StackPolicyBody?: string;
  },
  principal: Principal,
): StackCall {
  return {
    parameters: (input.Parameters ?? []).map(({ ParameterKey = '', ParameterValue, UsePreviousValue }) => ({
      ParameterKey,
      ...(ParameterValue === undefined ? {} : { ParameterValue }),
      ...(UsePreviousValue === undefined ? {} : { UsePreviousValue }),
    })),
    capabilities: input.Capabilities ?? [],
    ...(input.Tags === undefined ? {} : { tags: tagList(tagMap(input.Tags)) }),
    ...(input.RoleARN === undefined ? {} : { roleArn: input.RoleARN }),
    ...(input.ClientRequestToken === undefined ? {} : { clientRequestToken: input.ClientRequestToken }),
    ...(input.StackPolicyBody === undefined ? {} : { stackPolicyBody: input.StackPolicyBody }),
    callerArn: principal.arn,
  };
}
