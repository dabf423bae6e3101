import { AwsFault } from './fault';
import type { Access, ConditionContext, Principal, Service } from './operation';

/** What is asked of the IAM evaluation. */
export interface AuthorizationRequest {
  /** ARN of the calling role. */
  readonly principalArn: string;
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
}

/** What the IAM evaluation answers. */
export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** Why, in IAM's words, such as `no identity-based policy allows the rds:CopyDBSnapshot action`. */
  readonly reason: string;
}

/** Decides one action on one resource for one role. */
export type Authorize = (request: AuthorizationRequest) => AuthorizationDecision;

/** What every call carries for conditions; transport counts as secure because TLS ends where the rehearsal begins. */
export interface CallEnvironment {
  readonly region: string;
  readonly account: string;
}

/**
 * Demands every access of a call, in order; the operator may do anything.
 *
 * @param principal who calls
 * @param accesses what the operation needs
 * @throws AwsFault in the service's own name for a refusal, naming principal, action, resource and reason
 */
export function demand(
  authorize: Authorize,
  environment: CallEnvironment,
  service: Service,
  principal: Principal,
  accesses: readonly Access[],
): void {
  if (principal.kind === 'operator') return;
  for (const { action, resource, context } of accesses) {
    const decision = authorize({
      principalArn: principal.arn,
      action,
      resource,
      context: {
        'aws:SecureTransport': 'true',
        'aws:RequestedRegion': environment.region,
        'aws:PrincipalArn': principal.arn,
        'aws:PrincipalAccount': environment.account,
        ...context,
      },
    });
    if (decision.allowed) continue;
    throw new AwsFault(
      service.deniedCode,
      `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} because ${decision.reason}`,
      service.protocol === 'json-1.1' ? 400 : 403,
    );
  }
}
