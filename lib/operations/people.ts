/**
 * The rights of people, apart from the deployer's: two managed policies that are attached to nobody. `docs/permissions.md`
 * says who needs which (security 13, 14).
 */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledge';
import type { SealiftConfig } from '../config';
import {
  approverPolicyName,
  dashboardName,
  logGroupName,
  MACHINES,
  machineLogGroupName,
  machineName,
  operatorPolicyName,
  undeliveredQueueName,
} from '../resource-names';

/** What the policies are made from. */
export interface PeopleProps {
  readonly config: SealiftConfig;
  readonly keyArn: string;
  readonly evidenceBucketArn: string;
}

const RANDOM_NAME = 'executions have random names; the machine before the last colon is exact';
const STREAMS = 'the streams of a log group have random names; a folder of groups belongs to this migration alone';
const EVIDENCE = "the objects of this migration in this migration's own bucket";

/** The operator runs and watches the machines, the approver answers their questions; neither touches a database. */
export class People extends Construct {
  readonly operator: ManagedPolicy;
  readonly approver: ManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PeopleProps,
  ) {
    super(scope, id);
    const { migration } = props.config;
    this.operator = new ManagedPolicy(this, 'Operator', {
      managedPolicyName: operatorPolicyName(migration),
      description: `Sealift ${migration}: start, stop, redrive and watch its executions`,
      statements: [...this.running(), ...this.reading()],
    });
    this.approver = new ManagedPolicy(this, 'Approver', {
      managedPolicyName: approverPolicyName(migration),
      description: `Sealift ${migration}: approve or refuse what an execution asks for`,
      statements: [
        new PolicyStatement({
          sid: 'Answer',
          actions: ['states:SendTaskFailure', 'states:SendTaskSuccess'],
          resources: this.machines(),
        }),
        this.decryptHistory(),
      ],
    });
    this.acknowledgeWildcards();
  }

  private running(): PolicyStatement[] {
    return [
      new PolicyStatement({
        sid: 'Start',
        actions: ['states:DescribeStateMachine', 'states:ListExecutions', 'states:StartExecution'],
        resources: this.machines(),
      }),
      new PolicyStatement({
        sid: 'Follow',
        actions: [
          'states:DescribeExecution',
          'states:GetExecutionHistory',
          'states:RedriveExecution',
          'states:StopExecution',
        ],
        resources: this.executions(),
      }),
      this.decryptHistory(),
    ];
  }

  private reading(): PolicyStatement[] {
    const stack = Stack.of(this);
    const { config, keyArn } = this.props;
    const through = (...services: string[]) => ({
      StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${stack.region}.amazonaws.com`) },
    });
    return [
      new PolicyStatement({
        sid: 'Dashboard',
        actions: ['cloudwatch:GetDashboard'],
        resources: [`arn:${stack.partition}:cloudwatch::${stack.account}:dashboard/${dashboardName(config.migration)}`],
      }),
      new PolicyStatement({
        sid: 'Logs',
        actions: ['logs:FilterLogEvents', 'logs:GetLogEvents'],
        resources: this.logs(),
      }),
      new PolicyStatement({ sid: 'Evidence', actions: ['s3:GetObject'], resources: [this.evidence()] }),
      new PolicyStatement({
        sid: 'DecryptEvidenceAndMessages',
        actions: ['kms:Decrypt'],
        resources: [keyArn],
        conditions: through('s3', 'sqs'),
      }),
      new PolicyStatement({
        sid: 'Undelivered',
        actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
        resources: [stack.formatArn({ service: 'sqs', resource: undeliveredQueueName(config.migration) })],
      }),
    ];
  }

  /** History is encrypted under the key, and decrypted in the name of who reads it. */
  private decryptHistory(): PolicyStatement {
    return new PolicyStatement({
      sid: 'DecryptHistory',
      actions: ['kms:Decrypt'],
      resources: [this.props.keyArn],
      conditions: { StringEquals: { 'kms:EncryptionContext:aws:states:stateMachineArn': this.machines() } },
    });
  }

  private machines(): string[] {
    return MACHINES.map((machine) => this.states('stateMachine', machineName(this.props.config.migration, machine)));
  }

  private executions(): string[] {
    const { migration } = this.props.config;
    return MACHINES.map((machine) => this.states('execution', `${machineName(migration, machine)}:*`));
  }

  private logs(): string[] {
    const { migration } = this.props.config;
    const machines = MACHINES.map((machine) => machineLogGroupName(migration, machine));
    // The slash before the last part keeps migrations apart whose ids begin alike; a policy could not hold all the names.
    const functions = this.arn('logs', 'log-group', logGroupName(migration, '*'));
    return [functions, ...machines.map((group) => this.arn('logs', 'log-group', `${group}:*`))];
  }

  private evidence(): string {
    return `${this.props.evidenceBucketArn}/migrations/${this.props.config.migration}/*`;
  }

  private acknowledgeWildcards(): void {
    for (const arn of this.executions()) acknowledgeWildcard(this.operator, arn, RANDOM_NAME);
    for (const arn of this.logs()) acknowledgeWildcard(this.operator, arn, STREAMS);
    acknowledgeWildcard(this.operator, this.evidence(), EVIDENCE);
  }

  private states(resource: string, resourceName: string): string {
    return this.arn('states', resource, resourceName);
  }

  private arn(service: string, resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  }
}
