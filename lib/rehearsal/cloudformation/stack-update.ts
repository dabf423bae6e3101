import { reversed, runInOrder } from './dependency-graph';
import { type DesiredResource, type DesiredStack, graphOf } from './desired-stack';
import { changedKeys, type JsonObject, sameJson } from './json';
import { liveOutputs, liveProperties } from './live-values';
import type { ResourceProvider } from './provider';
import { createResource, type Deployment, deleteResource, reasonOf, updateResource } from './resource-operations';
import type { ResourceRecord, Stack, StackSettings } from './stack';
import { type StackPolicyAction, stackPolicyDenial } from './stack-policy';

/** What an update did to a resource, so that a rollback can undo exactly that. */
type Change =
  | { readonly kind: 'created'; readonly after: ResourceRecord }
  | { readonly kind: 'replaced'; readonly before: ResourceRecord; readonly after: ResourceRecord }
  | { readonly kind: 'updated'; readonly before: ResourceRecord; readonly attempted: JsonObject };

/** An update under way: the deployment, what it did so far, and what it will remove when everything else is done. */
interface Update extends Deployment {
  readonly changes: Change[];
  readonly retired: ResourceRecord[];
}

/** What an update is known to do to existing resources before it starts; replacements by reference come to light later. */
export function plannedActions(
  stack: Stack,
  next: StackSettings,
  provider: (type: string) => ResourceProvider,
): { readonly logicalId: string; readonly type: string; readonly action: StackPolicyAction }[] {
  const tagsChanged = !sameJson(stack.settings.tags, next.tags);
  return [...stack.resources.values()].flatMap((record) => {
    const { logicalId, type } = record.desired;
    const desired = next.desired.resources.get(logicalId);
    const action = desired ? plannedAction(record, desired, tagsChanged, provider) : 'Update:Delete';
    return action === null ? [] : [{ logicalId, type, action }];
  });
}

/** Tells whether an update has anything to do: resources, outputs or tags (a change of a policy alone is none, as in AWS). */
export function hasChanges(stack: Stack, next: StackSettings, provider: (type: string) => ResourceProvider): boolean {
  const added = [...next.desired.resources.keys()].some((logicalId) => !stack.resources.has(logicalId));
  const outputs = (desired: DesiredStack) => desired.outputs.map((output) => ({ ...output }));
  return (
    added ||
    plannedActions(stack, next, provider).length > 0 ||
    !sameJson(outputs(stack.settings.desired), outputs(next.desired)) ||
    !sameJson(stack.settings.tags, next.tags)
  );
}

/** Carries out an update and its clean-up, or its rollback. Never throws. */
export async function runUpdate(deployment: Deployment, next: StackSettings): Promise<void> {
  const { stack, runtime, token } = deployment;
  const update: Update = { ...deployment, changes: [], retired: [] };
  const before = stack.settings;
  const failures: unknown[] = denials(update, next);
  stack.settings = next;
  if (failures.length === 0) failures.push(...(await applyAll(update, next.desired)));
  if (failures.length === 0) {
    try {
      stack.outputs = liveOutputs(stack, runtime);
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (runtime.signal.aborted) return;
  if (failures.length > 0) return rollBack(update, before, reasonOf(failures[0]));
  stack.enter('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', null, token);
  await cleanUp(update);
  stack.enter('UPDATE_COMPLETE', null, token);
}

function plannedAction(
  record: ResourceRecord,
  desired: DesiredResource,
  tagsChanged: boolean,
  provider: (type: string) => ResourceProvider,
): StackPolicyAction | null {
  const before = record.desired;
  if (before.type !== desired.type) return 'Update:Replace';
  const changed = changedKeys(before.properties, desired.properties);
  if (needsReplacement(provider(desired.type), changed)) return 'Update:Replace';
  const metadataChanged = !sameJson(before.definition.metadata, desired.definition.metadata);
  return changed.length > 0 || metadataChanged || tagsChanged ? 'Update:Modify' : null;
}

function needsReplacement(provider: ResourceProvider, changed: readonly string[]): boolean {
  return changed.length > 0 && changed.some((key) => ['*', key].some((name) => provider.replacementOn.includes(name)));
}

/** What the stack policy denies of the known plan, recorded at each resource as AWS does. */
function denials({ stack, runtime, token }: Update, next: StackSettings): Error[] {
  return plannedActions(stack, next, (type) => runtime.provider(type)).flatMap(({ logicalId, type, action }) => {
    const denial = stackPolicyDenial(stack.policy, action, { logicalId, type });
    if (denial === null) return [];
    const physicalId = stack.resources.get(logicalId)?.physicalId ?? null;
    stack.record({ logicalId, type, physicalId }, 'UPDATE_FAILED', denial, token);
    return [new Error(denial)];
  });
}

async function applyAll(update: Update, desired: DesiredStack): Promise<unknown[]> {
  const failures = await runInOrder(graphOf(desired.resources), async (logicalId) => {
    const resource = desired.resources.get(logicalId);
    if (resource !== undefined) await apply(update, resource);
  });
  if (failures.length > 0) return failures;
  for (const [logicalId, record] of update.stack.resources) {
    if (!desired.resources.has(logicalId)) update.retired.push(record);
  }
  return [];
}

async function apply(update: Update, desired: DesiredResource): Promise<void> {
  const { stack, runtime, changes } = update;
  const before = stack.resources.get(desired.logicalId);
  if (before === undefined) {
    const created = (after: ResourceRecord) => changes.push({ kind: 'created', after });
    created(await createResource(update, desired, 0, created));
    return;
  }
  if (before.desired.type !== desired.type) return replace(update, before, desired);
  const properties = liveProperties(stack, desired);
  const changed = changedKeys(before.properties, properties);
  if (needsReplacement(runtime.provider(desired.type), changed)) return replace(update, before, desired);
  const metadataSame = sameJson(before.desired.definition.metadata, desired.definition.metadata);
  if (changed.length === 0 && metadataSame && sameJson(before.stackTags, stack.settings.tags)) {
    stack.resources.set(desired.logicalId, { ...before, desired });
    return;
  }
  allow(update, 'Update:Modify', desired);
  changes.push({ kind: 'updated', before, attempted: properties });
  await updateResource(update, before, desired, properties);
}

/** Makes the successor; the resource before it is removed by the clean-up, when nothing can fail any more. */
async function replace(update: Update, before: ResourceRecord, desired: DesiredResource): Promise<void> {
  const { changes, retired, runtime } = update;
  allow(update, 'Update:Replace', desired);
  const nameProperty = runtime.provider(desired.type).nameProperty;
  const name = nameProperty === undefined ? undefined : desired.properties[nameProperty];
  if (nameProperty !== undefined && name !== undefined && sameJson(name, before.desired.properties[nameProperty])) {
    const reason = `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${String(name)} and update the stack again.`;
    refuse(update, desired, reason);
  }
  const replaced = (after: ResourceRecord) => changes.push({ kind: 'replaced', before, after });
  replaced(await createResource(update, desired, before.generation + 1, replaced));
  retired.push(before);
}

function allow(update: Update, action: StackPolicyAction, desired: DesiredResource): void {
  const denial = stackPolicyDenial(update.stack.policy, action, desired);
  if (denial !== null) refuse(update, desired, denial);
}

function refuse({ stack, token }: Update, desired: DesiredResource, reason: string): never {
  const physicalId = stack.resources.get(desired.logicalId)?.physicalId ?? null;
  stack.record({ ...desired, physicalId }, 'UPDATE_FAILED', reason, token);
  throw new Error(reason);
}

/** Removes what was replaced or left out; a failure here is recorded and changes nothing, as in AWS. */
async function cleanUp({ retired, ...deployment }: Update): Promise<void> {
  const { stack } = deployment;
  const nodes = new Map(retired.map((record) => [record.desired.logicalId, record.desired]));
  const byId = new Map(retired.map((record) => [record.desired.logicalId, record]));
  await runInOrder(reversed(graphOf(nodes)), async (logicalId) => {
    const record = byId.get(logicalId);
    if (record === undefined) return;
    const replaced = stack.settings.desired.resources.has(logicalId);
    if (!replaced) stack.resources.delete(logicalId);
    await deleteResource(deployment, record, replaced ? 'replace' : 'delete').catch(() => undefined);
  });
}

/** Undoes the changes, newest first, then removes what the update made. */
async function rollBack(update: Update, settings: StackSettings, reason: string): Promise<void> {
  const { stack, changes, token, runtime } = update;
  stack.enter('UPDATE_ROLLBACK_IN_PROGRESS', reason, token);
  stack.settings = settings;
  const failures: unknown[] = [];
  const made: ResourceRecord[] = [];
  for (const change of [...changes].reverse()) {
    if (change.kind === 'updated') {
      const { before, attempted } = change;
      const current = { ...before, properties: attempted };
      await updateResource(update, current, before.desired, before.properties).catch((failure) =>
        failures.push(failure),
      );
      continue;
    }
    made.push(change.after);
    if (change.kind === 'created') stack.resources.delete(change.after.desired.logicalId);
    else stack.resources.set(change.before.desired.logicalId, change.before);
  }
  if (runtime.signal.aborted) return;
  if (failures.length > 0) return stack.enter('UPDATE_ROLLBACK_FAILED', reasonOf(failures[0]), token);
  for (const [logicalId, record] of stack.resources) {
    const desired = settings.desired.resources.get(logicalId);
    if (desired !== undefined) stack.resources.set(logicalId, { ...record, desired });
  }
  stack.enter('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', null, token);
  for (const record of made) await deleteResource(update, record, 'rollback').catch(() => undefined);
  stack.enter('UPDATE_ROLLBACK_COMPLETE', null, token);
}
