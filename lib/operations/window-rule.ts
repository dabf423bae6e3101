/**
 * Starts the look at the way back again and again. A rule that always stands, and not a timer that the cutover would set: nothing
 * has to be made, so nothing is forgotten when a function is killed (decision 20).
 */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { SealiftConfig } from '../config';
import { ManagedRole } from '../managed-role';
import { windowRuleName } from '../resource-names';

/** As often as the alarms that read what it measures look. */
const EVERY = Duration.minutes(5);

/** What the rule is made from. */
export interface WindowRuleProps {
  readonly config: SealiftConfig;
  readonly window: StateMachine;
  /** Takes what cannot be started. */
  readonly undelivered: IQueue;
}

/** The schedule. What it could not start is kept, so that its alarm tells: nobody would miss looks that never begin. */
export class WindowRule extends Construct {
  constructor(scope: Construct, id: string, { config, window, undelivered }: WindowRuleProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const ruleName = windowRuleName(config.migration);
    const sourceArn = stack.formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: ruleName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    const role = new ManagedRole(this, 'Role', {
      description: `Sealift ${config.migration}: the schedule starts the look at the way back`,
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account }, ArnEquals: { 'aws:SourceArn': sourceArn } },
      }),
    });
    window.grantStartExecution(role);
    const rule = new Rule(this, 'Every', {
      ruleName,
      description: `Sealift ${config.migration}: look at the way back`,
      schedule: Schedule.rate(EVERY),
    });
    rule.addTarget(
      new SfnStateMachine(window, {
        role,
        input: RuleTargetInput.fromObject({}),
        deadLetterQueue: undelivered,
        maxEventAge: EVERY,
      }),
    );
  }
}
