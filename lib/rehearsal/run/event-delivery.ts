/** Takes events to topics and state machines, as EventBridge does: in the name of a rule, with what policies allow it. */

import type { ControlPlane } from '../control-plane/control-plane';
import type { Rule, RuleTarget } from '../control-plane/events/event-bus';
import type { Iam } from '../iam/iam';
import type { StateMachines } from '../state-machine/state-machines';
import { ACCOUNT } from './place';

const SERVICE = 'events.amazonaws.com';

/**
 * Delivers one event.
 *
 * @throws Error when a policy does not allow it, which EventBridge does not try again
 */
export function deliverEvent(
  aws: { readonly iam: Iam; readonly plane: ControlPlane; readonly machines: StateMachines },
  { arn, roleArn }: RuleTarget,
  rule: Rule,
  input: string,
): void {
  const context = { 'aws:SourceAccount': ACCOUNT, 'aws:SourceArn': rule.arn };
  if (arn.split(':')[2] === 'sns') {
    const { policy } = aws.plane.sns.get(arn);
    const request = { service: SERVICE, action: 'sns:Publish', resource: arn, context };
    demand(aws.iam.authorizeService({ ...request, resourcePolicy: policy }));
    aws.plane.sns.publish(arn, input, null);
    return;
  }
  const principalArn = roleArn ?? '';
  demand(aws.iam.authorizeAssumeRole({ roleArn: principalArn, service: SERVICE, context }));
  demand(aws.iam.authorize({ principalArn, action: 'states:StartExecution', resource: arn, context: {} }));
  aws.machines.startExecution({ stateMachineArn: arn, input: JSON.parse(input) });
}

function demand({ allowed, reason }: { readonly allowed: boolean; readonly reason: string }): void {
  if (!allowed) throw new Error(reason);
}
