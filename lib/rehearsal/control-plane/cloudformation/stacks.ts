import type { CloudFormationError } from '../../cloudformation/cloudformation-error';
import type { StackEngine } from '../../cloudformation/stack-engine';
import { AwsFault } from '../fault';
import type { Access, ConditionContext } from '../operation';
import { type Place, resourceTagContext } from '../place';

/** Names that the engine throws, told apart by `name` because only the wire's code matters here. */
const ENGINE_ERRORS: ReadonlySet<string> = new Set<CloudFormationError['name']>([
  'ValidationError',
  'AlreadyExistsException',
  'InsufficientCapabilitiesException',
  'TokenAlreadyExistsException',
]);

/** The stack engine as the wire sees it. */
export class Stacks {
  readonly #engine: StackEngine;

  constructor(engine: StackEngine) {
    this.#engine = engine;
  }

  /**
   * Calls the engine and gives its errors the shape of the wire.
   *
   * @param work the call
   */
  call<T>(work: (engine: StackEngine) => T): T {
    try {
      return work(this.#engine);
    } catch (error) {
      if (error instanceof Error && ENGINE_ERRORS.has(error.name)) throw new AwsFault(error.name, error.message);
      throw error;
    }
  }

  /** An action on a stack; a stack that does not exist has an ARN that ends in `*`. */
  access(place: Place, action: string, stackName: string | undefined, context: ConditionContext = {}): Access {
    const prefix = `arn:aws:cloudformation:${place.region}:${place.account}:stack/`;
    if (stackName === undefined) return { action, resource: `${prefix}*`, context };
    const known = this.#engine
      .describeStacks()
      .find(({ StackId, StackName }) => [StackId, StackName].includes(stackName));
    const tags = new Map(known?.Tags.map(({ Key, Value }) => [Key, Value] as const));
    const named = stackName.startsWith('arn:') ? stackName : `${prefix}${stackName}/*`;
    return { action, resource: known?.StackId ?? named, context: { ...resourceTagContext(tags), ...context } };
  }

  /** What it takes to hand a service role to CloudFormation. */
  passRole(roleArn: string | undefined): Access[] {
    if (roleArn === undefined) return [];
    const context = { 'iam:PassedToService': 'cloudformation.amazonaws.com' };
    return [{ action: 'iam:PassRole', resource: roleArn, context }];
  }
}
