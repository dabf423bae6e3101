import type { AuthorizationDecision, Authorize } from '../authorization';
import { demandAll } from '../authorization';
import { AwsFault } from '../fault';
import type { Access } from '../operation';
import type { Place } from '../place';

/** Decides whether a service may take on a role, by the role's trust policy. */
export type AuthorizeAssumeRole = (request: {
  readonly roleArn: string;
  readonly service: string;
  readonly context: Readonly<Record<string, string>>;
}) => AuthorizationDecision;

/** What DMS does in the name of roles that others gave it. */
export class ServiceRoles {
  readonly #place: Place;
  readonly #authorize: Authorize;
  readonly #assume: AuthorizeAssumeRole;

  constructor(place: Place, authorize: Authorize, assume: AuthorizeAssumeRole) {
    this.#place = place;
    this.#authorize = authorize;
    this.#assume = assume;
  }

  /** Demands that the account's `dms-vpc-role` is there and trusts DMS. */
  demandVpcRole(): void {
    const roleArn = `arn:aws:iam::${this.#place.account}:role/dms-vpc-role`;
    if (this.#trusts(roleArn, 'dms.amazonaws.com').allowed) return;
    throw new AwsFault('AccessDeniedFault', `The IAM Role ${roleArn} is not configured properly.`);
  }

  /**
   * Takes on a role and demands what is to be done in its name. Secrets are read by the regional name of the service
   * (`dms.<region>.amazonaws.com`), everything else by the global one (user guide, "Using secrets").
   *
   * @throws AwsFault `AccessDeniedFault`, saying whether the trust or a permission is missing
   */
  demand(roleArn: string, service: 'regional' | 'global', accesses: readonly Access[]): void {
    const name = service === 'regional' ? `dms.${this.#place.region}.amazonaws.com` : 'dms.amazonaws.com';
    const { allowed, reason } = this.#trusts(roleArn, name);
    if (!allowed) throw new AwsFault('AccessDeniedFault', `DMS cannot assume role ${roleArn}: ${reason}`);
    demandAll(this.#authorize, this.#place, roleArn, accesses, { code: 'AccessDeniedFault', status: 400 });
  }

  #trusts(roleArn: string, service: string): AuthorizationDecision {
    const context = { 'aws:SourceAccount': this.#place.account };
    return this.#assume({ roleArn, service, context });
  }
}
