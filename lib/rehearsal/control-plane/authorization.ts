import { AwsFault } from './fault';
import type { Access, ConditionContext, Principal, Service } from './operation';

/** What is asked of the IAM evaluation. */
export interface AuthorizationRequest {
  /** ARN of the calling role. */
  readonly principalArn: string;
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
  /** Policy of the KMS key that the request is about; null: the default policy, which leaves it to IAM. */
  readonly keyPolicy: unknown;
  /** Policy of the bucket or topic that the request is about; null: none. */
  readonly resourcePolicy: unknown;
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
  const status = service.protocol === 'json-1.1' ? 400 : 403;
  demandAll(authorize, environment, principal.arn, accesses, { code: service.deniedCode, status });
}

/**
 * Demands every access of a role, in order.
 *
 * @param refusal how a refusal is spelled; `AccessDenied`, 403 unless given
 * @throws AwsFault for a refusal, naming principal, action, resource and reason
 */
export function demandAll(
  authorize: Authorize,
  environment: CallEnvironment,
  roleArn: string,
  accesses: readonly Access[],
  refusal: { readonly code: string; readonly status: number } = { code: 'AccessDenied', status: 403 },
): void {
  for (const { action, resource, context, keyPolicy = null, resourcePolicy = null } of accesses) {
    const common = {
      'aws:SecureTransport': 'true',
      'aws:RequestedRegion': environment.region,
      'aws:PrincipalArn': roleArn,
      'aws:PrincipalAccount': environment.account,
    };
    const request = { principalArn: roleArn, action, resource, context: { ...common, ...context } };
    const { allowed, reason } = authorize({ ...request, keyPolicy, resourcePolicy });
    if (allowed) continue;
    const message = `User: ${roleArn} is not authorized to perform: ${action} on resource: ${resource} because ${reason}`;
    throw new AwsFault(refusal.code, message, refusal.status);
  }
}
