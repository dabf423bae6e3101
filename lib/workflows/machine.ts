/** What all state machines share: name, role, log, tracing, key, time limit. */
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import {
  CfnStateMachine,
  CustomerManagedEncryptionConfiguration,
  DefinitionBody,
  type IChainable,
  LogLevel,
  QueryLanguage,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import { acknowledge, acknowledgeWildcard } from '../acknowledge';
import { ManagedRole } from '../managed-role';
import { type MachineName, machineLogGroupName, machineName } from '../resource-names';
import type { StepFunctions } from '../step-function';

/** What every workflow is made from. */
export interface WorkflowProps {
  readonly migration: string;
  readonly key: IKey;
  /** Where a human is paged. */
  readonly topic: ITopic;
  /** Minutes that apply may stand still before the replication is given up. */
  readonly standStillMinutes: number;
  readonly functions: StepFunctions;
}

/** A state machine of one phase. */
export abstract class Workflow extends Construct {
  abstract readonly machine: StateMachine;
  /** Scope of the states: functions and states of one name must not meet (facts J24). */
  protected readonly states = new Construct(this, 'States');

  constructor(
    scope: Construct,
    protected readonly name: MachineName,
    protected readonly props: WorkflowProps,
  ) {
    super(scope, `${name[0]?.toUpperCase()}${name.slice(1)}`);
  }

  /** Makes the machine once its states are wired; `steps` are those that it calls. */
  protected makeMachine(start: IChainable, timeout: Duration, steps: readonly StepName[]): StateMachine {
    const { migration, key } = this.props;
    const logs = new LogGroup(this, 'Log', {
      logGroupName: machineLogGroupName(migration, this.name),
      encryptionKey: key,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.makeRole(steps);
    const machine = new StateMachine(this, 'Machine', {
      stateMachineName: machineName(migration, this.name),
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(start),
      queryLanguage: QueryLanguage.JSONATA,
      role,
      timeout,
      tracingEnabled: true,
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
      encryptionConfiguration: new CustomerManagedEncryptionConfiguration(key, Duration.minutes(5)),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Dashboards and runbooks know the machine by its id.
    if (machine.node.defaultChild instanceof CfnStateMachine) {
      machine.node.defaultChild.overrideLogicalId(`${this.node.id}Machine`);
    }
    return machine;
  }

  private makeRole(steps: readonly StepName[]): Role {
    const stack = Stack.of(this);
    const role = new ManagedRole(this, 'Role', {
      description: `Sealift ${this.props.migration}: ${this.name}`,
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnEquals: {
            'aws:SourceArn': stack.formatArn({
              service: 'states',
              resource: 'stateMachine',
              resourceName: machineName(this.props.migration, this.name),
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    });
    acknowledge(
      role,
      'AwsSolutions-IAM5[Resource::*]',
      'log delivery and X-Ray know no resource level; Step Functions documents exactly these actions',
    );
    for (const step of steps) {
      const fn = this.props.functions[step]?.function.node.defaultChild;
      if (!(fn instanceof CfnFunction)) continue;
      acknowledge(
        role,
        `AwsSolutions-IAM5[Resource::<${stack.getLogicalId(fn)}.Arn>:*]`,
        `versions and aliases of the function of ${step}, and of no other`,
      );
    }
    return role;
  }

  /** Accepts the permission to follow the executions of a child machine. */
  protected acknowledgeChild(role: IRole, child: StateMachine): void {
    const stack = Stack.of(this);
    const { resourceName } = stack.splitArn(child.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME);
    const executions = stack.formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${resourceName}*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    acknowledgeWildcard(
      role,
      executions,
      'executions of a child have random names; following one needs describe and stop',
    );
  }
}
