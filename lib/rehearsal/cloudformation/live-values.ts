import { validationError } from './cloudformation-error';
import type { DesiredResource } from './desired-stack';
import { resolve, resolveObject, type Scope } from './intrinsics';
import type { JsonObject } from './json';
import type { EngineRuntime, OutputRecord, Stack } from './stack';

/** Resolves the references of a resource's properties against the resources that exist by now. */
export function liveProperties(stack: Stack, resource: DesiredResource): JsonObject {
  return resolveObject(resource.properties, liveScope(stack), `Resources.${resource.logicalId}.Properties`);
}

/**
 * Resolves the stack's outputs and checks its exports against the other stacks.
 * @throws ValidationError for an export that another stack has, or for a change of one that another stack imports.
 */
export function liveOutputs(stack: Stack, runtime: EngineRuntime): readonly OutputRecord[] {
  const scope = liveScope(stack);
  const outputs = stack.settings.desired.outputs.map((output): OutputRecord => {
    const path = `Outputs.${output.name}`;
    const exportName = output.exportName === null ? null : resolve(output.exportName, scope, `${path}.Export.Name`);
    return {
      name: output.name,
      value: resolve(output.value, scope, `${path}.Value`) ?? null,
      description: output.description,
      exportName: exportName === undefined || exportName === null ? null : String(exportName),
    };
  });
  for (const { exportName } of outputs) {
    const owner = runtime
      .stacks()
      .find((other) => other !== stack && other.outputs.some((output) => output.exportName === exportName));
    if (exportName !== null && owner !== undefined) {
      throw validationError(`Export with name ${exportName} is already exported by stack ${owner.name}`);
    }
  }
  for (const before of stack.outputs) {
    const after = outputs.find((output) => output.exportName === before.exportName);
    const user = before.exportName === null ? undefined : importerOf(before.exportName, stack, runtime);
    if (user !== undefined && after?.value !== before.value) {
      throw validationError(`Export ${before.exportName} cannot be updated as it is in use by ${user.name}`);
    }
  }
  return outputs;
}

/** A stack that imports an export of this one, if any. */
export function importerOf(exportName: string, exporter: Stack, runtime: EngineRuntime): Stack | undefined {
  const imports = (other: Stack) =>
    other !== exporter && other.status !== 'ROLLBACK_COMPLETE' && other.settings.desired.imports.has(exportName);
  return runtime.stacks().find(imports);
}

function liveScope(stack: Stack): Scope {
  return {
    ...stack.settings.desired.scope,
    reference: (logicalId, attribute, path) => {
      const record = stack.resources.get(logicalId);
      if (record === undefined) throw validationError(`[${path}] refers to ${logicalId}, which does not exist`);
      if (attribute === null) return record.physicalId;
      const value = Object.hasOwn(record.attributes, attribute) ? record.attributes[attribute] : undefined;
      if (value === undefined) {
        const known = Object.keys(record.attributes).join(', ');
        throw validationError(
          `Requested attribute ${attribute} does not exist in schema for ${record.desired.type} at [${path}]; the rehearsal knows ${known || 'none'}`,
        );
      }
      return value;
    },
  };
}
