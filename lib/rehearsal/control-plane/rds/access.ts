import type { Access, ConditionContext } from '../operation';
import { type Place, requestTagContext, resourceTagContext } from '../place';
import { instanceArn } from './instance';
import type { Instances } from './instances';
import type { ParameterGroups } from './parameter-groups';
import { snapshotArn, snapshotIdOf } from './snapshot';
import type { Snapshots } from './snapshots';

/** Tags as a request carries them. */
export type RequestTags = readonly { readonly Key?: string; readonly Value?: string }[] | undefined;

/** Says what a caller must be allowed to do, with the resources' present tags. */
export class RdsAccess {
  readonly #place: Place;
  readonly #instances: Instances;
  readonly #snapshots: Snapshots;
  readonly #parameterGroups: ParameterGroups;

  constructor(place: Place, instances: Instances, snapshots: Snapshots, parameterGroups: ParameterGroups) {
    this.#place = place;
    this.#instances = instances;
    this.#snapshots = snapshots;
    this.#parameterGroups = parameterGroups;
  }

  /** An action on an instance; without an identifier on all of them. */
  instance(action: string, instanceId: string | undefined, context: ConditionContext = {}): Access {
    const id = instanceId?.startsWith('arn:') ? instanceId.slice(instanceId.lastIndexOf(':') + 1) : instanceId;
    const found = id === undefined ? undefined : this.#instances.find(id);
    const resource = instanceArn(this.#place, (id ?? '*').toLowerCase());
    return { action, resource, context: { ...resourceTagContext(found?.tags, ['rds:db-tag']), ...context } };
  }

  /** An action on a snapshot; without an identifier on all of them. */
  snapshot(action: string, reference: string | undefined, context: ConditionContext = {}): Access {
    const found = reference === undefined ? undefined : this.#snapshots.find(reference);
    const own = snapshotArn(this.#place, reference === undefined ? '*' : snapshotIdOf(reference));
    const resource = reference?.startsWith('arn:') ? reference : own;
    return { action, resource, context: { ...resourceTagContext(found?.tags, ['rds:snapshot-tag']), ...context } };
  }

  /** An action on a parameter group; without a name on all of them. */
  parameterGroup(action: string, name: string | undefined): Access {
    const found = name === undefined ? undefined : this.#parameterGroups.find(name);
    const resource = `arn:aws:rds:${this.#place.region}:${this.#place.account}:pg:${name ?? '*'}`;
    return { action, resource, context: resourceTagContext(found?.tags, ['rds:pg-tag']) };
  }

  /** An action on whatever an ARN names. */
  named(action: string, arn: string, context: ConditionContext = {}): Access {
    const kind = arn.split(':')[5];
    if (kind === 'snapshot') return this.snapshot(action, arn, context);
    if (kind === 'db') return { ...this.instance(action, arn, context), resource: arn };
    if (kind === 'pg') return this.parameterGroup(action, arn.slice(arn.lastIndexOf(':') + 1));
    return { action, resource: arn, context };
  }
}

/** Conditions on the tags of a request, in IAM's and in RDS's own spelling. */
export function requestTags(tags: RequestTags): ConditionContext {
  const context: Record<string, string | readonly string[]> = { ...requestTagContext(tags) };
  for (const { Key = '', Value = '' } of tags ?? []) context[`rds:req-tag/${Key}`] = Value;
  return context;
}
