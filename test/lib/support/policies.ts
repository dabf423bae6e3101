/** Reads the permissions of a template as statements per role. */
import type { StackTemplate } from './synthesis';
import { ofType } from './synthesis';
import { resolveTokens } from './tokens';

/** A statement of a policy, lists made explicit. */
export interface Statement {
  readonly role: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Every statement of every role's policies. */
export function statementsOf(template: StackTemplate): Statement[] {
  const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) => ofType(template, type));
  return policies.flatMap(([, { Properties }]) => {
    const document = resolveTokens(Properties.PolicyDocument, template) as { Statement: Record<string, unknown>[] };
    const roles = (resolveTokens(Properties.Roles ?? [], template) as string[]).map((role) =>
      role.replace(/^<|>$/g, ''),
    );
    return document.Statement.flatMap((statement) =>
      roles.map((role) => ({
        role,
        actions: [statement.Action].flat().map(String),
        resources: [statement.Resource].flat().map(String),
        condition: (statement.Condition ?? {}) as Statement['condition'],
      })),
    );
  });
}

/** Statements of the role of one step. */
export function statementsOfStep(template: StackTemplate, step: string): Statement[] {
  const prefix = `Functions${step.replaceAll('-', '')}Role`;
  const found = statementsOf(template).filter(({ role }) => role.startsWith(prefix));
  if (found.length === 0) throw new Error(`step ${step} has no role`);
  return found;
}

/** Whether an IAM pattern covers an ARN. */
export function covers(pattern: string, arn: string): boolean {
  const expression = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`).test(arn);
}
