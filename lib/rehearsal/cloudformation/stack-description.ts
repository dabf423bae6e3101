import type { Json } from './json';
import type { Stack, StackStatus } from './stack';

/** A stack as `DescribeStacks` reports it, in the API's names; times are dates. */
export interface StackDescription {
  readonly StackId: string;
  readonly StackName: string;
  readonly StackStatus: StackStatus;
  readonly StackStatusReason?: string;
  readonly Description?: string;
  readonly CreationTime: Date;
  readonly LastUpdatedTime?: Date;
  readonly DeletionTime?: Date;
  readonly Parameters: readonly { readonly ParameterKey: string; readonly ParameterValue: string }[];
  readonly Outputs: readonly {
    readonly OutputKey: string;
    readonly OutputValue: string;
    readonly Description?: string;
    readonly ExportName?: string;
  }[];
  readonly Capabilities: readonly string[];
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly RoleARN?: string;
  readonly EnableTerminationProtection: boolean;
  readonly DisableRollback: boolean;
}

/** A resource as `DescribeStackResources` reports it, with what the rehearsal knows beyond that. */
export interface ResourceDescription {
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
  readonly ResourceStatus: string;
  readonly Timestamp: Date;
  /** Resolved properties; dynamic references are not resolved. */
  readonly properties: Readonly<Record<string, Json>>;
  readonly attributes: Readonly<Record<string, Json>>;
}

/** Describes a stack. A `NoEcho` parameter's value is hidden. */
export function describe(stack: Stack): StackDescription {
  const { desired, tags, capabilities, roleArn } = stack.settings;
  const description = desired.template.description;
  return {
    StackId: stack.id,
    StackName: stack.name,
    StackStatus: stack.status,
    ...(stack.statusReason === null ? {} : { StackStatusReason: stack.statusReason }),
    ...(description === null ? {} : { Description: description }),
    CreationTime: stack.createdAt,
    ...(stack.updatedAt === null ? {} : { LastUpdatedTime: stack.updatedAt }),
    ...(stack.deletedAt === null ? {} : { DeletionTime: stack.deletedAt }),
    Parameters: [...desired.parameters].map(([name, { text, noEcho }]) => ({
      ParameterKey: name,
      ParameterValue: noEcho ? '****' : text,
    })),
    Outputs: stack.outputs.map((output) => ({
      OutputKey: output.name,
      OutputValue: typeof output.value === 'string' ? output.value : JSON.stringify(output.value),
      ...(output.description === null ? {} : { Description: output.description }),
      ...(output.exportName === null ? {} : { ExportName: output.exportName }),
    })),
    Capabilities: capabilities,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    ...(roleArn === null ? {} : { RoleARN: roleArn }),
    EnableTerminationProtection: stack.terminationProtection,
    DisableRollback: false,
  };
}

/** Describes the resources of a stack that exist, with the status of their last event. */
export function describeResources(stack: Stack): ResourceDescription[] {
  return [...stack.resources.values()].map((record) => {
    const { logicalId, type } = record.desired;
    const last = [...stack.events].reverse().find((event) => event.LogicalResourceId === logicalId);
    return {
      LogicalResourceId: logicalId,
      PhysicalResourceId: record.physicalId,
      ResourceType: type,
      ResourceStatus: last?.ResourceStatus ?? 'CREATE_COMPLETE',
      Timestamp: last?.Timestamp ?? stack.createdAt,
      properties: record.properties,
      attributes: record.attributes,
    };
  });
}
