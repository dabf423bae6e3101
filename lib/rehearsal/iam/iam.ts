/**
 * IAM on this machine: the roles and policies of the deployed templates, and the documented evaluation of a request, so that
 * a rehearsal proves that the synthesized least-privilege policies are enough.
 */
import { AWS_MANAGED_POLICIES } from './aws-managed-policies';
import { firstMatch, type Match, type Principal, type Request } from './evaluation';
import { type PolicyDocument, parsePolicyDocument } from './policy-document';
import type { ConditionContext } from './policy-variables';

/** A role as a template declares it; documents are JSON objects. */
export interface RoleInput {
  readonly roleName: string;
  readonly arn: string;
  readonly trustPolicy: unknown;
  readonly inlinePolicies: readonly { readonly name: string; readonly document: unknown }[];
  readonly managedPolicyArns: readonly string[];
  /** ARN of the permissions boundary, or null. */
  readonly permissionsBoundary: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** A request of a role. */
export interface AuthorizationRequest {
  /** ARN of the role. */
  readonly principalArn: string;
  /** Such as `rds:CopyDBSnapshot`. */
  readonly action: string;
  /** ARN, or `*` for an action without a resource. */
  readonly resource: string;
  /** Condition keys; `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType` and `aws:PrincipalTag/…` are added. */
  readonly context: ConditionContext;
}

/** A decision; the reason follows IAM's words: `… because <reason>`. */
export interface AuthorizationDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

interface Role {
  readonly input: RoleInput;
  readonly trust: PolicyDocument;
  readonly inline: Map<string, PolicyDocument>;
  readonly attached: Set<string>;
}

/** Makes an empty store. */
export function createIam(): Iam {
  return new Iam();
}

/** Roles, policies and their evaluation. */
export class Iam {
  private readonly roles = new Map<string, Role>();
  private readonly managed = new Map<string, PolicyDocument>();

  constructor() {
    for (const [arn, document] of Object.entries(AWS_MANAGED_POLICIES)) this.putManagedPolicy(arn, document);
  }

  /**
   * Adds or replaces a role; inline policies added by `putInlinePolicy` and attachments by `attachPolicy` stay.
   * @throws MalformedPolicyDocument, or Error for a managed policy or boundary that does not exist.
   */
  putRole(input: RoleInput): void {
    for (const arn of [...input.managedPolicyArns, ...(input.permissionsBoundary ? [input.permissionsBoundary] : [])]) {
      this.demandPolicy(arn, `role ${input.roleName}`);
    }
    const before = this.roles.get(input.arn);
    const inline = new Map(before?.inline);
    for (const { name } of before?.input.inlinePolicies ?? []) inline.delete(name);
    for (const { name, document } of input.inlinePolicies) {
      inline.set(name, parsePolicyDocument(document, `${name} of role ${input.roleName}`, 'identity'));
    }
    const attached = new Set(before?.attached);
    for (const arn of before?.input.managedPolicyArns ?? []) attached.delete(arn);
    for (const arn of input.managedPolicyArns) attached.add(arn);
    const trust = parsePolicyDocument(input.trustPolicy, `trust of role ${input.roleName}`, 'trust');
    this.roles.set(input.arn, { input, trust, inline, attached });
  }

  /** Removes a role; none is no error. */
  removeRole(arn: string): void {
    this.roles.delete(arn);
  }

  /** Adds or replaces an inline policy of a role. */
  putInlinePolicy(roleName: string, policyName: string, document: unknown): void {
    const parsed = parsePolicyDocument(document, `${policyName} of role ${roleName}`, 'identity');
    this.named(roleName).inline.set(policyName, parsed);
  }

  /** Removes an inline policy; one that is gone with its role is no error. */
  removeInlinePolicy(roleName: string, policyName: string): void {
    this.byName(roleName)?.inline.delete(policyName);
  }

  /** Adds or replaces a managed policy. */
  putManagedPolicy(arn: string, document: unknown): void {
    this.managed.set(arn, parsePolicyDocument(document, arn, 'identity'));
  }

  /** Removes a managed policy, which must be attached nowhere. */
  removeManagedPolicy(arn: string): void {
    const user = [...this.roles.values()].find((role) => role.attached.has(arn));
    if (user !== undefined) throw new Error(`policy ${arn} is still attached to role ${user.input.roleName}`);
    this.managed.delete(arn);
  }

  /** Attaches a managed policy to a role. */
  attachPolicy(roleName: string, arn: string): void {
    this.demandPolicy(arn, `role ${roleName}`);
    this.named(roleName).attached.add(arn);
  }

  /** Detaches a managed policy; one that is gone with its role is no error. */
  detachPolicy(roleName: string, arn: string): void {
    this.byName(roleName)?.attached.delete(arn);
  }

  /** ARNs of all roles. */
  roleArns(): readonly string[] {
    return [...this.roles.keys()];
  }

  /**
   * Decides a request by the role's identity policies and permissions boundary: an explicit denial wins, everything that
   * nothing allows is denied, and a boundary must allow it as well (IAM user guide, "Policy evaluation logic").
   * Keeps its `this`, so that it can be passed on.
   */
  readonly authorize = (request: AuthorizationRequest): AuthorizationDecision => {
    return this.decide(request, []);
  };

  /**
   * Decides a request on a resource that has a policy of its own (bucket, topic, secret) in the same account: either side may
   * allow, both may deny.
   */
  authorizeWithResourcePolicy(
    request: AuthorizationRequest & { readonly resourcePolicy: unknown },
  ): AuthorizationDecision {
    const policy = parsePolicyDocument(request.resourcePolicy, `resource policy of ${request.resource}`, 'resource');
    return this.decide(request, [policy]);
  }

  /**
   * Decides a request on a KMS key, whose policy has the first word: it must name the role itself, or its account, which
   * leaves the decision to the role's policies. Pass `kms:ViaService`, `kms:CallerAccount` and `kms:GrantIsForAWSResource`
   * in the context where they apply.
   */
  authorizeKeyPolicy(request: AuthorizationRequest & { readonly keyPolicy: unknown }): AuthorizationDecision {
    const policy = parsePolicyDocument(request.keyPolicy, `key policy of ${request.resource}`, 'resource');
    const full = this.enrich(request);
    if (firstMatch([policy], 'Allow', full) === null && firstMatch([policy], 'Deny', full) === null) {
      return denied(
        `no key policy statement of ${request.resource} allows the ${request.action} action to this principal`,
      );
    }
    return this.decide(request, [policy]);
  }

  /** Decides a request that a service makes in its own name, by the resource's policy alone. */
  authorizeService(request: {
    /** Such as `events.amazonaws.com`. */
    readonly service: string;
    readonly action: string;
    readonly resource: string;
    readonly context: ConditionContext;
    readonly resourcePolicy: unknown;
  }): AuthorizationDecision {
    const { service, action, resource, context } = request;
    const policy = parsePolicyDocument(request.resourcePolicy, `resource policy of ${resource}`, 'resource');
    const asked: Request = { action, resource, context, principal: { kind: 'service', name: service } };
    const denial = firstMatch([policy], 'Deny', asked);
    if (denial !== null) return denied(`of an explicit deny in ${describe(denial)}`);
    const permission = firstMatch([policy], 'Allow', asked);
    return permission === null
      ? denied(`no statement of the policy of ${resource} allows ${service} the ${action} action`)
      : { allowed: true, reason: `allowed by ${describe(permission)}` };
  }

  /** Decides whether a service may take on a role, by the role's trust policy. */
  authorizeAssumeRole(request: {
    readonly roleArn: string;
    /** Such as `lambda.amazonaws.com`. */
    readonly service: string;
    readonly context: ConditionContext;
  }): AuthorizationDecision {
    const role = this.roles.get(request.roleArn);
    if (role === undefined) return denied(`no role ${request.roleArn} exists`);
    const asked: Request = {
      action: 'sts:AssumeRole',
      resource: request.roleArn,
      context: request.context,
      principal: { kind: 'service', name: request.service },
    };
    const denial = firstMatch([role.trust], 'Deny', asked);
    if (denial !== null) return denied(`of an explicit deny in ${describe(denial)}`);
    const permission = firstMatch([role.trust], 'Allow', asked);
    return permission === null
      ? denied(`the trust policy of ${request.roleArn} does not allow ${request.service} to assume it`)
      : { allowed: true, reason: `allowed by ${describe(permission)}` };
  }

  private decide(request: AuthorizationRequest, resourcePolicies: readonly PolicyDocument[]): AuthorizationDecision {
    const role = this.roles.get(request.principalArn);
    if (role === undefined) return denied(`no role ${request.principalArn} exists`);
    const full = this.enrich(request);
    const identity = [...role.inline.values(), ...this.documents(role.attached)];
    const boundaryArn = role.input.permissionsBoundary;
    const boundary = boundaryArn === null ? [] : this.documents([boundaryArn]);
    const denial = firstMatch([...identity, ...boundary, ...resourcePolicies], 'Deny', full);
    if (denial !== null) return denied(`of an explicit deny in ${describe(denial)}`);
    const permission = firstMatch(identity, 'Allow', full) ?? firstMatch(resourcePolicies, 'Allow', full, ['exact']);
    if (permission === null) return denied(`no identity-based policy allows the ${request.action} action`);
    if (boundaryArn !== null && firstMatch(boundary, 'Allow', full) === null) {
      return denied(`no permissions boundary allows the ${request.action} action`);
    }
    return { allowed: true, reason: `allowed by ${describe(permission)}` };
  }

  private enrich(request: AuthorizationRequest): Request {
    const account = request.principalArn.split(':')[4] ?? '';
    const tags = Object.entries(this.roles.get(request.principalArn)?.input.tags ?? {});
    const own = Object.fromEntries(tags.map(([key, value]) => [`aws:PrincipalTag/${key}`, value]));
    return {
      action: request.action,
      resource: request.resource,
      context: {
        'aws:PrincipalArn': request.principalArn,
        'aws:PrincipalAccount': account,
        'aws:PrincipalType': 'AssumedRole',
        ...own,
        ...request.context,
      },
      principal: { kind: 'role', arn: request.principalArn, account } satisfies Principal,
    };
  }

  private documents(arns: Iterable<string>): PolicyDocument[] {
    return [...arns].map((arn) => this.demandPolicy(arn, 'the evaluation'));
  }

  private demandPolicy(arn: string, user: string): PolicyDocument {
    const policy = this.managed.get(arn);
    if (policy === undefined)
      throw new Error(`managed policy ${arn} for ${user} is not known; declare it in a template`);
    return policy;
  }

  private named(roleName: string): Role {
    const role = this.byName(roleName);
    if (role === undefined) throw new Error(`role ${roleName} does not exist`);
    return role;
  }

  private byName(roleName: string): Role | undefined {
    return [...this.roles.values()].find((role) => role.input.roleName === roleName);
  }
}

function denied(reason: string): AuthorizationDecision {
  return { allowed: false, reason };
}

function describe({ policy, statement }: Match): string {
  return `statement ${statement.label} of ${policy.name}`;
}
