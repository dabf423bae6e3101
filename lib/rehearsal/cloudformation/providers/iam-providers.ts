import { createHash } from 'node:crypto';
import type { Iam, RoleInput } from '../../iam/iam';
import { isObject, type Json } from '../json';
import type { CreateContext, DeleteContext, ProviderContext, ResourceProvider, UpdateContext } from '../provider';
import { nameOf, recordedProvider, requiredText, textList } from './recorded-provider';

/** Longest name of a role (IAM quotas); policies may be longer. */
const ROLE_NAME_LENGTH = 64;

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'AWS::IAM::Role': [
    'AssumeRolePolicyDocument',
    'Description',
    'ManagedPolicyArns',
    'MaxSessionDuration',
    'Path',
    'PermissionsBoundary',
    'Policies',
    'RoleName',
    'Tags',
  ],
  'AWS::IAM::Policy': ['PolicyDocument', 'PolicyName', 'Roles'],
  'AWS::IAM::ManagedPolicy': ['Description', 'ManagedPolicyName', 'Path', 'PolicyDocument', 'Roles', 'Tags'],
};

/** Providers of IAM resources, which enter their documents into the store that decides the rehearsal's calls. */
export function iamProviders(iam: Iam): ResourceProvider[] {
  return [roleProvider(iam), policyProvider(iam), managedPolicyProvider(iam), instanceProfileProvider()];
}

function roleProvider(iam: Iam): ResourceProvider {
  const put = (context: ProviderContext, roleName: string) => {
    refuseUnknown(context, 'AWS::IAM::Role');
    const role = roleInput(context, roleName);
    iam.putRole(role);
    const roleId = `AROA${createHash('sha256').update(role.arn).digest('hex').slice(0, 17).toUpperCase()}`;
    return { physicalId: roleName, attributes: { Arn: role.arn, RoleId: roleId } };
  };
  return {
    type: 'AWS::IAM::Role',
    nameProperty: 'RoleName',
    replacementOn: ['RoleName', 'Path'],
    create: async (context) => {
      const roleName = nameOf(context, 'RoleName');
      if (roleName.length > ROLE_NAME_LENGTH)
        throw new Error(`role name ${roleName} has more than ${ROLE_NAME_LENGTH} characters`);
      if (iam.roleArns().includes(arn(context, 'role', roleName))) throw new Error(`role ${roleName} already exists`);
      return put(context, roleName);
    },
    update: async (context) => put(context, context.physicalId),
    delete: async (context) => iam.removeRole(arn(context, 'role', context.physicalId)),
  };
}

function roleInput(context: ProviderContext, roleName: string): RoleInput {
  const { properties } = context;
  const policies = list(properties.Policies).map((policy) => {
    if (!isObject(policy)) throw new Error(`Policies of ${context.logicalId} must hold objects`);
    return { name: requiredText(context, 'PolicyName', policy), document: policy.PolicyDocument ?? null };
  });
  const tags = list(properties.Tags).map((tag) => {
    if (!isObject(tag)) throw new Error(`Tags of ${context.logicalId} must hold objects`);
    return [requiredText(context, 'Key', tag), String(tag.Value ?? '')] as const;
  });
  return {
    roleName,
    arn: arn(context, 'role', roleName),
    trustPolicy: properties.AssumeRolePolicyDocument ?? null,
    inlinePolicies: policies,
    managedPolicyArns: textList(context, 'ManagedPolicyArns'),
    permissionsBoundary:
      properties.PermissionsBoundary === undefined ? null : requiredText(context, 'PermissionsBoundary'),
    tags: { ...context.stackTags, ...Object.fromEntries(tags) },
  };
}

/** An inline policy as a resource of its own, entered into each role that it names. */
function policyProvider(iam: Iam): ResourceProvider {
  const put = (context: CreateContext | UpdateContext, physicalId: string) => {
    refuseUnknown(context, 'AWS::IAM::Policy');
    for (const role of textList(context, 'Roles')) {
      iam.putInlinePolicy(role, requiredText(context, 'PolicyName'), context.properties.PolicyDocument ?? null);
    }
    return { physicalId, attributes: { Id: physicalId } };
  };
  const remove = (context: DeleteContext) => {
    for (const role of textList(context, 'Roles')) iam.removeInlinePolicy(role, requiredText(context, 'PolicyName'));
  };
  return {
    type: 'AWS::IAM::Policy',
    replacementOn: ['PolicyName'],
    create: async (context) => put(context, context.physicalNameHint),
    update: async (context) => {
      const kept = textList(context, 'Roles');
      for (const role of list(context.previousProperties.Roles).map(String)) {
        if (!kept.includes(role)) iam.removeInlinePolicy(role, requiredText(context, 'PolicyName'));
      }
      return put(context, context.physicalId);
    },
    delete: async (context) => remove(context),
  };
}

function managedPolicyProvider(iam: Iam): ResourceProvider {
  const put = (context: CreateContext | UpdateContext, policyArn: string) => {
    refuseUnknown(context, 'AWS::IAM::ManagedPolicy');
    iam.putManagedPolicy(policyArn, context.properties.PolicyDocument ?? null);
    for (const role of textList(context, 'Roles')) iam.attachPolicy(role, policyArn);
    return { physicalId: policyArn, attributes: { PolicyArn: policyArn } };
  };
  return {
    type: 'AWS::IAM::ManagedPolicy',
    nameProperty: 'ManagedPolicyName',
    replacementOn: ['ManagedPolicyName', 'Path', 'Description'],
    create: async (context) => put(context, arn(context, 'policy', nameOf(context, 'ManagedPolicyName'))),
    update: async (context) => {
      const kept = textList(context, 'Roles');
      for (const role of list(context.previousProperties.Roles).map(String)) {
        if (!kept.includes(role)) iam.detachPolicy(role, context.physicalId);
      }
      return put(context, context.physicalId);
    },
    delete: async (context) => {
      for (const role of textList(context, 'Roles')) iam.detachPolicy(role, context.physicalId);
      iam.removeManagedPolicy(context.physicalId);
    },
  };
}

function instanceProfileProvider(): ResourceProvider {
  return recordedProvider({
    type: 'AWS::IAM::InstanceProfile',
    nameProperty: 'InstanceProfileName',
    replacementOn: ['Path'],
    attributes: (name, context) => ({ Arn: arn(context, 'instance-profile', name) }),
  });
}

function arn(context: ProviderContext, kind: string, name: string): string {
  const path = typeof context.properties.Path === 'string' ? context.properties.Path : '/';
  return `arn:${context.partition}:iam::${context.account}:${kind}${path}${name}`;
}

/** A property that the store would not obey must not look as if it were. */
function refuseUnknown(context: ProviderContext, type: string): void {
  const unknown = Object.keys(context.properties).filter((key) => !KNOWN[type]?.includes(key));
  if (unknown.length > 0)
    throw new Error(
      `${type} ${context.logicalId} has properties that the rehearsal does not know: ${unknown.join(', ')}`,
    );
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
