import { createHash } from 'node:crypto';

/** Longest parts of a generated name: together they fit the 63 characters of an RDS identifier or a bucket. */
const STACK_LENGTH = 24;
const LOGICAL_ID_LENGTH = 24;

/**
 * Makes the name of a resource without an explicit one: `<stack>-<logicalId>-<suffix>`, at most 63 characters.
 * AWS's suffix is random; here it is derived, so that a repeated rehearsal has the same names.
 * @param generation 0 for the first resource of that logical id, one more for each replacement.
 */
export function physicalName(stackName: string, logicalId: string, generation = 0): string {
  const suffix = digest(`${stackName}/${logicalId}/${generation}`).slice(0, 13).toUpperCase();
  return `${stackName.slice(0, STACK_LENGTH)}-${logicalId.slice(0, LOGICAL_ID_LENGTH)}-${suffix}`;
}

/** Makes an id in AWS's form, such as `sg-0f1e…` (prefix, dash, 17 hexadecimal digits), derived from the physical name. */
export function resourceId(prefix: string, physicalNameHint: string): string {
  return `${prefix}-${digest(physicalNameHint).slice(0, 17)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
