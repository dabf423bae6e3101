import {
  AlreadyExistsException$,
  InsufficientCapabilitiesException$,
  TokenAlreadyExistsException$,
} from '@aws-sdk/client-cloudformation';
import type { StackEngine } from '../../cloudformation/stack-engine';
import { byName, type Service } from '../operation';
import { readOperations } from './read-operations';
import { Stacks } from './stacks';
import { writeOperations } from './write-operations';

/**
 * CloudFormation over the stack engine; give it to `ControlPlane.addService`.
 *
 * @param engine the engine, whose providers make the resources in this control plane
 */
export function cloudFormationService(engine: StackEngine): Service {
  const stacks = new Stacks(engine);
  return {
    signingName: 'cloudformation',
    protocol: 'query',
    xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    errors: [AlreadyExistsException$, InsufficientCapabilitiesException$, TokenAlreadyExistsException$],
    operations: byName([...readOperations(stacks), ...writeOperations(stacks)]),
    deniedCode: 'AccessDenied',
  };
}
