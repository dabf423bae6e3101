/** The stack policy that keeps CloudFormation from replacing or deleting the database (facts E16). */

/** Denies what would destroy the instance; a denial wins over every permission. */
const DENIAL = {
  Effect: 'Deny',
  Action: ['Update:Replace', 'Update:Delete'],
  Principal: '*',
  Resource: '*',
  Condition: { StringEquals: { ResourceType: ['AWS::RDS::DBInstance'] } },
} as const;

/** A policy denies everything that it does not allow. */
const PERMISSION = { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' } as const;

/**
 * The policy that a stack should have, as JSON; null when `present` protects the database already. Statements of somebody
 * else's policy stay as they are.
 */
export function protectingPolicy(present: string | null): string | null {
  const statements = statementsOf(present);
  if (statements.some((statement) => JSON.stringify(statement) === JSON.stringify(DENIAL))) return null;
  return JSON.stringify({ Statement: [...(statements.length === 0 ? [PERMISSION] : statements), DENIAL] });
}

function statementsOf(policy: string | null): readonly unknown[] {
  if (policy === null || policy.trim() === '') return [];
  const { Statement: statement } = JSON.parse(policy) as { readonly Statement?: unknown };
  if (statement === undefined) return [];
  return Array.isArray(statement) ? statement : [statement];
}
