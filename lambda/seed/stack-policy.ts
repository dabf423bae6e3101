/** The stack policy that keeps CloudFormation from replacing or deleting the database (facts E16). */

/** A statement of a stack policy, as far as it matters here. */
interface PolicyStatement {
  readonly Effect?: unknown;
}

/** For a stack whose deployment names no policy: everything may be updated, no database replaced or deleted. */
const DEFAULT_POLICY = JSON.stringify({
  Statement: [
    { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
    {
      Effect: 'Deny',
      Action: ['Update:Replace', 'Update:Delete'],
      Principal: '*',
      Resource: '*',
      Condition: { StringEquals: { ResourceType: ['AWS::RDS::DBInstance'] } },
    },
  ],
});

/**
 * The policy that a stack should have, as JSON; null when `present` holds every denial of `wanted` already. Statements of
 * somebody else's policy stay as they are: a denial wins over every permission, so ours are only added.
 */
export function protectingPolicy(present: string | null, wanted: string = DEFAULT_POLICY): string | null {
  const [before, demanded] = [statementsOf(present), statementsOf(wanted)];
  if (before.length === 0) return wanted;
  const known = new Set(before.map((statement) => JSON.stringify(statement)));
  const missing = demanded.filter((statement) => statement.Effect === 'Deny' && !known.has(JSON.stringify(statement)));
  return missing.length === 0 ? null : JSON.stringify({ Statement: [...before, ...missing] });
}

function statementsOf(policy: string | null): readonly PolicyStatement[] {
  if (policy === null || policy.trim() === '') return [];
  const { Statement: found } = JSON.parse(policy) as { readonly Statement?: PolicyStatement | PolicyStatement[] };
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}
