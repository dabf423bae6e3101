import { reversed, runInOrder } from './dependency-graph';
import { graphOf } from './desired-stack';
import { importerOf, liveOutputs } from './live-values';
import { createResource, type Deployment, deleteResource, type Removal, reasonOf } from './resource-operations';
import type { ResourceRecord } from './stack';

/** What CloudFormation does when a creation fails. */
export type OnFailure = 'ROLLBACK' | 'DO_NOTHING' | 'DELETE';

/** Makes every resource of a new stack; on a failure removes what was made, unless told to leave it. Never throws. */
export async function runCreation(deployment: Deployment, onFailure: OnFailure): Promise<void> {
  const { stack, runtime, token } = deployment;
  const { resources } = stack.settings.desired;
  const failures = await runInOrder(graphOf(resources), async (logicalId) => {
    const desired = resources.get(logicalId);
    if (desired === undefined) return;
    await createResource(deployment, desired, 0, (record) => stack.resources.set(logicalId, record));
  });
  if (failures.length === 0) {
    try {
      stack.outputs = liveOutputs(stack, runtime);
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (runtime.signal.aborted) return;
  if (failures.length === 0) return stack.enter('CREATE_COMPLETE', null, token);
  const reason = `The following resource(s) failed to create or resolve: ${reasonOf(failures[0])}`;
  if (onFailure === 'DO_NOTHING') return stack.enter('CREATE_FAILED', reason, token);
  if (onFailure === 'DELETE') {
    stack.enter('DELETE_IN_PROGRESS', reason, token);
    return runDeletion(deployment);
  }
  stack.enter('ROLLBACK_IN_PROGRESS', `${reason}. Rollback requested by user.`, token);
  const left = await removeAll(deployment, stack.resources, 'rollback');
  if (left.length === 0) stack.enter('ROLLBACK_COMPLETE', null, token);
  else stack.enter('ROLLBACK_FAILED', reasonOf(left[0]), token);
}

/** Removes every resource of a stack, users before what they use. Never throws. */
export async function runDeletion(deployment: Deployment): Promise<void> {
  const { stack, runtime, token } = deployment;
  for (const { exportName } of stack.outputs) {
    const user = exportName === null ? undefined : importerOf(exportName, stack, runtime);
    if (user !== undefined) {
      const reason = `Export ${exportName} cannot be deleted as it is in use by ${user.name}`;
      return stack.enter('DELETE_FAILED', reason, token);
    }
  }
  const failures = await removeAll(deployment, stack.resources, 'delete');
  if (runtime.signal.aborted) return;
  if (failures.length > 0) {
    const left = [...stack.resources.keys()].join(', ');
    return stack.enter('DELETE_FAILED', `The following resource(s) failed to delete: [${left}].`, token);
  }
  stack.outputs = [];
  stack.deletedAt = new Date(runtime.clock.now());
  stack.enter('DELETE_COMPLETE', null, token);
}

/**
 * Removes resources, users before what they use, and takes each from the map once it is gone or deliberately left.
 * @returns the failures; what depends on a failed one stays.
 */
export async function removeAll(
  deployment: Deployment,
  records: Map<string, ResourceRecord>,
  removal: Removal,
): Promise<unknown[]> {
  const nodes = new Map([...records].map(([id, { desired }]) => [id, { dependencies: desired.dependencies }]));
  return runInOrder(reversed(graphOf(nodes)), async (logicalId) => {
    const record = records.get(logicalId);
    if (record === undefined) return;
    await deleteResource(deployment, record, removal);
    records.delete(logicalId);
  });
}
