/**
 * Starts the reaper when an execution did not end well. A child that `Migrate` started ends too: every end starts a reaper, and
 * the ledger tells which of them acts.
 */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { SealiftConfig } from '../config';
import { ManagedRole } from '../managed-role';
import { type MachineName, REAPED_MACHINES, reaperRuleName } from '../resource-names';

/** After this the event goes to the queue, and its alarm tells a human: a fenced source is an outage. */
const LONGEST_TRY = Duration.minutes(15);

/** What the rules are made from. */
export interface ReaperRulesProps {
  readonly config: SealiftConfig;
  readonly machines: Readonly<Record<MachineName, StateMachine>>;
  /** Takes what cannot be delivered. */
  readonly undelivered: IQueue;
}

/** One rule for the machines of the phases, one for the reaper itself, which is not started again for a failure that it told. */
export class ReaperRules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReaperRulesProps,
  ) {
    super(scope, id);
    const role = this.makeRole();
    const arns = REAPED_MACHINES.map((machine) => props.machines[machine].stateMachineArn);
    this.start('phases', ['FAILED', 'TIMED_OUT', 'ABORTED'], arns, role);
    this.start('reaper', ['TIMED_OUT', 'ABORTED'], [props.machines.reaper.stateMachineArn], role);
  }

  private start(after: 'phases' | 'reaper', status: string[], stateMachineArn: string[], role: Role): void {
    const { config, machines, undelivered } = this.props;
    const rule = new Rule(this, after === 'phases' ? 'AfterPhases' : 'AfterReaper', {
      ruleName: reaperRuleName(config.migration, after),
      description: `Sealift ${config.migration}: start the reaper after ${after === 'phases' ? 'a phase' : 'itself'}`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status, stateMachineArn },
      },
    });
    rule.addTarget(
      new SfnStateMachine(machines.reaper, {
        role,
        // Nothing of the execution's input or output: whose end it is, is all that the reaper needs.
        input: RuleTargetInput.fromObject({ ended: EventField.fromPath('$.detail.executionArn') }),
        deadLetterQueue: undelivered,
        maxEventAge: LONGEST_TRY,
      }),
    );
  }

  private makeRole(): Role {
    const stack = Stack.of(this);
    const { config, machines } = this.props;
    const rules = (['phases', 'reaper'] as const).map((after) =>
      stack.formatArn({
        service: 'events',
        resource: 'rule',
        resourceName: reaperRuleName(config.migration, after),
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    );
    const role = new ManagedRole(this, 'Role', {
      description: `Sealift ${config.migration}: the rules start the reaper`,
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account }, ArnEquals: { 'aws:SourceArn': rules } },
      }),
    });
    machines.reaper.grantStartExecution(role);
    return role;
  }
}
