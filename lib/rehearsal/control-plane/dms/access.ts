import type { Access, ConditionContext } from '../operation';
import { requestTagContext, resourceTagContext } from '../place';
import type { Endpoints } from './endpoints';
import type { ReplicationInstances } from './replication-instances';
import type { Tasks } from './tasks';

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
  route(
    action: string,
    instanceArn: string,
    endpointArns: readonly string[],
    tags?: readonly { readonly Key?: string; readonly Value?: string }[],
  ): Access[] {
    const context = requestTagContext(tags);
    return [
      this.#on(action, instanceArn, this.#instances.find(instanceArn)?.tags, context),
      ...endpointArns.map((arn) => this.#on(action, arn, this.#endpoints.find(arn)?.tags, context)),
    ];
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
