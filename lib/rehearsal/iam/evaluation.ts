import { fulfils } from './conditions';
import type { Patterns, PolicyDocument, Principals, Statement } from './policy-document';
import { type ConditionContext, literalWildcards, replaceVariables } from './policy-variables';
import { matchesArnPattern, matchesWildcard } from './wildcard';

/** A request as statements see it. */
export interface Request {
  /** `service:Action`; case does not matter. */
  readonly action: string;
  /** ARN of the resource, or `*` for an action without one. */
  readonly resource: string;
  readonly context: ConditionContext;
  /** Who asks, for statements with principals: the ARN of a role, or a service such as `lambda.amazonaws.com`. */
  readonly principal: Principal;
}

/** Who asks. */
export type Principal =
  | { readonly kind: 'role'; readonly arn: string; readonly account: string }
  | { readonly kind: 'service'; readonly name: string };

/** The statement that decided. */
export interface Match {
  readonly policy: PolicyDocument;
  readonly statement: Statement;
}

/** How a resource policy's statement names who asks: itself, the whole account (which delegates to IAM), or not at all. */
export type PrincipalMatch = 'exact' | 'account' | 'none';

/** The first statement of an effect that covers a request, if any; principals are left out of account in identity policies. */
export function firstMatch(
  policies: readonly PolicyDocument[],
  effect: 'Allow' | 'Deny',
  request: Request,
  principalMatches: readonly PrincipalMatch[] = ['exact', 'account'],
): Match | null {
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (statement.effect === effect && covers(statement, request, principalMatches)) return { policy, statement };
    }
  }
  return null;
}

function covers(statement: Statement, request: Request, principalMatches: readonly PrincipalMatch[]): boolean {
  const { action, resource, context, principal } = request;
  return (
    (statement.principals === null || principalMatches.includes(principalMatch(statement.principals, principal))) &&
    matchesAction(statement.actions, action) &&
    (statement.resources === null || matchesResource(statement, statement.resources, resource, context)) &&
    statement.conditions.every((condition) => fulfils(condition, context, statement.variables))
  );
}

function matchesAction({ patterns, negated }: Patterns, action: string): boolean {
  return patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase())) !== negated;
}

function matchesResource(
  { variables }: Statement,
  { patterns, negated }: Patterns,
  resource: string,
  context: ConditionContext,
): boolean {
  const found = patterns.some((pattern) => {
    const replaced = variables ? replaceVariables(pattern, context) : pattern;
    return replaced !== null && matchesArnPattern(replaced, literalWildcards(resource));
  });
  return found !== negated;
}

/** How the principals of a statement name who asks (IAM user guide, "Principal": an account stands for its root). */
export function principalMatch(principals: Principals, principal: Principal): PrincipalMatch {
  const match = positiveMatch(principals, principal);
  if (!principals.negated) return match;
  return match === 'none' ? 'exact' : 'none';
}

function positiveMatch(principals: Principals, principal: Principal): PrincipalMatch {
  if (principals.aws.includes('*')) return 'exact';
  if (principal.kind === 'service') return principals.services.includes(principal.name) ? 'exact' : 'none';
  if (principals.aws.includes(principal.arn)) return 'exact';
  const account = (name: string) =>
    name === principal.account || new RegExp(`^arn:[^:]+:iam::${principal.account}:root$`).test(name);
  return principals.aws.some(account) ? 'account' : 'none';
}
