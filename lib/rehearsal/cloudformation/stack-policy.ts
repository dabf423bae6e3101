import { matchesWildcard } from '../iam/wildcard';
import { validationError } from './cloudformation-error';
import { isObject, type Json, type JsonObject } from './json';

/** What an update wants to do with an existing resource. */
export type StackPolicyAction = 'Update:Modify' | 'Update:Replace' | 'Update:Delete';

/** A checked stack policy. */
export interface StackPolicy {
  readonly body: string;
  readonly statements: readonly StackPolicyStatement[];
}

interface StackPolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly coversAction: (action: StackPolicyAction) => boolean;
  readonly coversResource: (logicalId: string) => boolean;
  readonly coversType: (type: string) => boolean;
}

const STATEMENT_KEYS = ['Sid', 'Effect', 'Action', 'NotAction', 'Principal', 'Resource', 'NotResource', 'Condition'];
const ACTIONS = ['Update:Modify', 'Update:Replace', 'Update:Delete', 'Update:*'];

/**
 * Parses a stack policy (CloudFormation user guide, "Prevent updates to stack resources").
 * @throws ValidationError for anything but `Effect`, `Action`/`NotAction`, `Principal: "*"`, `Resource`/`NotResource` and a
 * `StringEquals`/`StringLike` condition on `ResourceType`.
 */
export function parseStackPolicy(body: string): StackPolicy {
  let parsed: Json;
  try {
    parsed = JSON.parse(body) as Json;
  } catch (cause) {
    throw validationError('Error validating stack policy: Invalid stack policy', cause);
  }
  const statements = isObject(parsed) ? parsed.Statement : undefined;
  const items = Array.isArray(statements) ? statements : statements === undefined ? [] : [statements];
  if (items.length === 0) throw validationError('Error validating stack policy: Statement is missing');
  return { body, statements: items.map((item, index) => parseStatement(item, `Statement [#${index + 1}]`)) };
}

/**
 * Says why an update may not do something to a resource, or null when it may. Without a policy everything is allowed; with
 * one, everything that no statement allows is denied, and a denial wins over any permission.
 */
export function stackPolicyDenial(
  policy: StackPolicy | null,
  action: StackPolicyAction,
  resource: { readonly logicalId: string; readonly type: string },
): string | null {
  if (policy === null) return null;
  let allowed = false;
  for (const [index, statement] of policy.statements.entries()) {
    const covers =
      statement.coversAction(action) &&
      statement.coversResource(resource.logicalId) &&
      statement.coversType(resource.type);
    if (covers && statement.effect === 'Deny') {
      return `Action denied by stack policy: Statement [#${index + 1}] does not allow [${action}] for resource [${resource.logicalId}]`;
    }
    allowed ||= covers;
  }
  return allowed
    ? null
    : `Action not allowed by stack policy: no statement allows [${action}] for resource [${resource.logicalId}]`;
}

function parseStatement(value: Json, where: string): StackPolicyStatement {
  if (!isObject(value)) throw invalid(where, 'must be an object');
  const unknown = Object.keys(value).filter((key) => !STATEMENT_KEYS.includes(key));
  if (unknown.length > 0) throw invalid(where, `has unknown elements ${unknown.join(', ')}`);
  if (value.Effect !== 'Allow' && value.Effect !== 'Deny') throw invalid(where, 'needs Effect Allow or Deny');
  if (value.Principal !== '*') throw invalid(where, "needs Principal '*'");
  for (const action of [...strings(value.Action), ...strings(value.NotAction)]) {
    if (!ACTIONS.includes(action)) throw invalid(where, `has the unknown action '${action}'`);
  }
  return {
    effect: value.Effect,
    coversAction: oneOf(value, 'Action', where),
    coversResource: oneOf(value, 'Resource', where, (logicalId) => `LogicalResourceId/${logicalId}`),
    coversType: parseCondition(value.Condition ?? {}, where),
  };
}

/** Reads `<element>` or `Not<element>`, exactly one of the two. */
function oneOf(value: JsonObject, element: string, where: string, toText = (text: string) => text) {
  const positive = strings(value[element]);
  const negative = strings(value[`Not${element}`]);
  if (positive.length > 0 === negative.length > 0) throw invalid(where, `needs either ${element} or Not${element}`);
  const patterns = positive.length > 0 ? positive : negative;
  return (text: string) => patterns.some((pattern) => matchesWildcard(pattern, toText(text))) === positive.length > 0;
}

function parseCondition(condition: Json, where: string): (type: string) => boolean {
  if (!isObject(condition)) throw invalid(where, 'needs an object as Condition');
  const tests = Object.entries(condition).map(([operator, keys]) => {
    const names = isObject(keys) ? Object.keys(keys) : [];
    if (!isObject(keys) || names.join() !== 'ResourceType' || !['StringEquals', 'StringLike'].includes(operator)) {
      throw invalid(where, 'may use StringEquals or StringLike on ResourceType only');
    }
    const patterns = strings(keys.ResourceType);
    return (type: string) =>
      patterns.some((pattern) => (operator === 'StringLike' ? matchesWildcard(pattern, type) : pattern === type));
  });
  return (type) => tests.every((test) => test(type));
}

function strings(value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

function invalid(where: string, problem: string) {
  return validationError(`Error validating stack policy: ${where} ${problem}`);
}
