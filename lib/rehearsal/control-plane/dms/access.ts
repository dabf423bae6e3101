import type { Access, ConditionContext } from '../operation';
import { type Place, requestTagContext, resourceTagContext } from '../place';
import type { Endpoints } from './endpoints';
import type { ReplicationInstances } from './replication-instances';
import type { Tasks } from './tasks';

/** Tags as a request carries them. */
type RequestTags = readonly { readonly Key?: string; readonly Value?: string }[] | undefined;

/** Says what a caller must be allowed to do, with the resources' present tags (service authorization reference, DMS). */
export class DmsAccess {
  readonly #instances: ReplicationInstances;
  readonly #endpoints: Endpoints;
  readonly #tasks: Tasks;

  constructor(instances: ReplicationInstances, endpoints: Endpoints, tasks: Tasks) {
    this.#instances = instances;
    this.#endpoints = endpoints;
    this.#tasks = tasks;
  }

  /** An action that knows no resource level. */
  everywhere(action: string): Access[] {
    return [{ action, resource: '*' }];
  }

  /** An action on a task. */
  task(action: string, arn: string, context: ConditionContext = {}): Access[] {
    return [this.#on(action, arn, this.#tasks.find(arn)?.tags, context)];
  }

  /** An action on an instance and endpoints. */
  route(action: string, instanceArn: string, endpointArns: readonly string[], tags?: RequestTags): Access[] {
    const context = requestTagContext(tags);
    return [
      this.#on(action, instanceArn, this.#instances.find(instanceArn)?.tags, context),
      ...endpointArns.map((arn) => this.#on(action, arn, this.#endpoints.find(arn)?.tags, context)),
    ];
  }

  /** An action on an endpoint. */
  endpoint(action: string, arn: string): Access[] {
    return [this.#on(action, arn, this.#endpoints.find(arn)?.tags, {})];
  }

  /** The same as `tagNewTask`, of an endpoint [unverified]. */
  tagNewEndpoint(place: Place, tags: RequestTags): Access[] {
    return this.#tagNew(place, 'endpoint', tags);
  }

  /** Tags that a new task is given are an action of their own [unverified]. */
  tagNewTask(place: Place, tags: RequestTags): Access[] {
    return this.#tagNew(place, 'task', tags);
  }

  #tagNew(place: Place, kind: 'task' | 'endpoint', tags: RequestTags): Access[] {
    if (tags === undefined || tags.length === 0) return [];
    const resource = `arn:aws:dms:${place.region}:${place.account}:${kind}:*`;
    return [{ action: 'dms:AddTagsToResource', resource, context: requestTagContext(tags) }];
  }

  #on(
    action: string,
    resource: string,
    tags: ReadonlyMap<string, string> | undefined,
    context: ConditionContext,
  ): Access {
    return { action, resource, context: { ...resourceTagContext(tags), ...context } };
  }
}
