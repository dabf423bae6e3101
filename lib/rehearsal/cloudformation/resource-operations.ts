import type { DesiredResource } from './desired-stack';
import { resolveDynamicReferences } from './dynamic-references';
import type { JsonObject } from './json';
import { liveProperties } from './live-values';
import { physicalName } from './physical-name';
import type { ProviderContext, ResourceProvider } from './provider';
import type { EngineRuntime, ResourceRecord, Stack } from './stack';
import type { RemovalPolicy } from './template';

/** One running operation on a stack. */
export interface Deployment {
  readonly stack: Stack;
  readonly runtime: EngineRuntime;
  readonly token: string | null;
  /** Who called, when there is no service role. */
  readonly callerArn: string | null;
}

/** Why a resource is removed: the rollback of its own creation, a deletion, or because another one took its place. */
export type Removal = 'rollback' | 'delete' | 'replace';

/**
 * Makes a resource and enters it into the stack.
 * @param leftover told what a failed creation left behind.
 */
export async function createResource(
  deployment: Deployment,
  desired: DesiredResource,
  generation: number,
  leftover: (record: ResourceRecord) => void,
): Promise<ResourceRecord> {
  const { stack, runtime, token } = deployment;
  const what = { logicalId: desired.logicalId, type: desired.type };
  const phase = generation > 0 ? 'UPDATE' : 'CREATE';
  let assigned: string | null = null;
  stack.record({ ...what, physicalId: null }, `${phase}_IN_PROGRESS`, null, token);
  const base = { desired, attributes: {}, generation, stackTags: stack.settings.tags };
  let properties: JsonObject = {};
  try {
    properties = liveProperties(stack, desired);
    const context = await providerContext(deployment, desired, properties, generation);
    const provided = await runtime.provider(desired.type).create({
      ...context,
      assignPhysicalId: (physicalId) => {
        assigned = physicalId;
        stack.record({ ...what, physicalId }, `${phase}_IN_PROGRESS`, 'Resource creation Initiated', token);
      },
    });
    const record = { ...base, properties, ...provided, complete: true };
    stack.resources.set(desired.logicalId, record);
    stack.record({ ...what, physicalId: record.physicalId }, `${phase}_COMPLETE`, null, token);
    return record;
  } catch (failure) {
    stack.record({ ...what, physicalId: assigned }, `${phase}_FAILED`, reasonOf(failure), token);
    if (assigned !== null) leftover({ ...base, properties, physicalId: assigned, complete: false });
    throw failure;
  }
}

/** Changes a resource in place, or puts it back in place, and enters the result into the stack. */
export async function updateResource(
  deployment: Deployment,
  before: ResourceRecord,
  desired: DesiredResource,
  properties: JsonObject,
): Promise<ResourceRecord> {
  const { stack, runtime, token } = deployment;
  const what = { logicalId: desired.logicalId, type: desired.type, physicalId: before.physicalId };
  stack.record(what, 'UPDATE_IN_PROGRESS', null, token);
  try {
    const context = await providerContext(deployment, desired, properties, before.generation);
    const path = `Resources.${desired.logicalId}.Properties`;
    const provided = await runtime.provider(desired.type).update({
      ...context,
      physicalId: before.physicalId,
      previousProperties: await resolveDynamicReferences(before.properties, runtime.dynamicReference, path),
      attributes: before.attributes,
    });
    if (provided.physicalId !== before.physicalId) {
      throw new Error(`provider of ${desired.type} changed the physical id of ${desired.logicalId} in an update`);
    }
    const record = { ...before, ...provided, desired, properties, stackTags: stack.settings.tags };
    stack.resources.set(desired.logicalId, record);
    stack.record(what, 'UPDATE_COMPLETE', null, token);
    return record;
  } catch (failure) {
    stack.record(what, 'UPDATE_FAILED', reasonOf(failure), token);
    throw failure;
  }
}

/** Removes a resource as its policies say: deleted, deleted after a snapshot, or left alone (`DELETE_SKIPPED`). */
export async function deleteResource(deployment: Deployment, record: ResourceRecord, removal: Removal): Promise<void> {
  const { stack, runtime, token } = deployment;
  const provider = runtime.provider(record.desired.type);
  const what = { ...record.desired, physicalId: record.physicalId };
  const policy = removalPolicy(record, provider, removal);
  if (policy === 'Retain') {
    stack.record(what, 'DELETE_SKIPPED', null, token);
    return;
  }
  stack.record(what, 'DELETE_IN_PROGRESS', null, token);
  try {
    const context = await providerContext(deployment, record.desired, record.properties, record.generation);
    await provider.delete({ ...context, physicalId: record.physicalId, deletionPolicy: policy });
    stack.record(what, 'DELETE_COMPLETE', null, token);
  } catch (failure) {
    stack.record(what, 'DELETE_FAILED', reasonOf(failure), token);
    throw failure;
  }
}

/**
 * The policy that decides a removal. Without one a replaced resource is deleted (facts E16), a removed one follows its
 * provider's default; `RetainExceptOnCreate` keeps all but what the operation itself made.
 */
export function removalPolicy(
  { desired, complete }: Pick<ResourceRecord, 'desired' | 'complete'>,
  provider: ResourceProvider,
  removal: Removal,
): Exclude<RemovalPolicy, 'RetainExceptOnCreate'> {
  const { deletionPolicy, updateReplacePolicy } = desired.definition;
  const policy =
    removal === 'replace' ? (updateReplacePolicy ?? 'Delete') : (deletionPolicy ?? provider.defaultDeletionPolicy);
  if (policy === 'RetainExceptOnCreate') return removal === 'rollback' ? 'Delete' : 'Retain';
  return policy === undefined || (policy === 'Snapshot' && !complete) ? 'Delete' : policy;
}

/** What an event says of a failure: name and message, never a stack or a property. */
export function reasonOf(failure: unknown): string {
  return failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
}

async function providerContext(
  { stack, runtime, callerArn }: Deployment,
  desired: DesiredResource,
  properties: JsonObject,
  generation: number,
): Promise<ProviderContext> {
  const path = `Resources.${desired.logicalId}.Properties`;
  return {
    account: runtime.account,
    region: runtime.region,
    partition: runtime.partition,
    stackName: stack.name,
    stackId: stack.id,
    logicalId: desired.logicalId,
    properties: await resolveDynamicReferences(properties, runtime.dynamicReference, path),
    metadata: desired.definition.metadata,
    stackTags: stack.settings.tags,
    physicalNameHint: physicalName(stack.name, desired.logicalId, generation),
    principalArn: stack.settings.roleArn ?? callerArn,
    clock: runtime.clock,
    signal: runtime.signal,
  };
}
