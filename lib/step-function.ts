/** One Lambda for one step: its bundle, its network, its log and its role, which holds what the step needs and no more. */
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, type IFunction, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { STEPS, type StepName } from '../lambda/contract';
import { acknowledge, acknowledgeWildcard } from './acknowledge';
import type { Grant } from './grant';
import { ManagedRole } from './managed-role';
import { functionName, logGroupName } from './resource-names';
import { stepBundle } from './step-bundle';

/** Two runs of these at once could fence and give back at the same moment; the ledger forbids it, this spares the try. */
const ALONE: ReadonlySet<StepName> = new Set(['cutover', 'give-back']);

/** Enough for every step by far; a share of a processor comes with it. */
const MEMORY_MIB = 1024;

/** Where that is not enough: pg_dump runs in a thread of this step, in memory that is bounded; 1,769 MiB are one whole processor. */
const MORE_MEMORY_MIB: Partial<Record<StepName, number>> = { 'plan-schema': 1769 };

/** What every function of a migration shares. */
export interface StepFunctionProps {
  readonly migration: string;
  readonly step: StepName;
  readonly key: IKey;
  /** Environment by the names of the contract. */
  readonly environment: Record<string, string>;
  /** What the step may do beside logging. */
  readonly permissions: readonly Grant[];
  /** Where functions that speak to a database live. */
  readonly network: {
    readonly vpc: IVpc;
    readonly subnets: readonly ISubnet[];
    readonly securityGroup: ISecurityGroup;
  };
}

/** The functions of a migration, by step; a road has no steps of another. */
export type StepFunctions = Readonly<Partial<Record<StepName, StepFunction>>>;

/** The function of one step. */
export class StepFunction extends Construct {
  readonly function: IFunction;
  readonly step: StepName;

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    this.step = props.step;
    const { handler, reach, timeoutSeconds } = STEPS[props.step];
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: logGroupName(props.migration, props.step),
      encryptionKey: props.key,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const inVpc = reach === 'database';
    this.function = new LambdaFunction(this, 'Function', {
      functionName: functionName(props.migration, props.step),
      description: `Sealift ${props.migration}: ${props.step}`,
      code: stepBundle(handler),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MORE_MEMORY_MIB[props.step] ?? MEMORY_MIB,
      timeout: Duration.seconds(timeoutSeconds),
      role: this.makeRole(props, logGroup, inVpc),
      logGroup,
      environment: props.environment,
      environmentEncryption: props.key,
      tracing: Tracing.ACTIVE,
      ...(ALONE.has(props.step) && { reservedConcurrentExecutions: 1 }),
      ...(inVpc && {
        vpc: props.network.vpc,
        vpcSubnets: { subnets: [...props.network.subnets] },
        securityGroups: [props.network.securityGroup],
      }),
    });
  }

  private makeRole(props: StepFunctionProps, logGroup: LogGroup, inVpc: boolean): Role {
    const role = new ManagedRole(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Sealift ${props.migration}: ${props.step}`,
    });
    const name = functionName(props.migration, props.step);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    // Lambda decrypts the environment with the function's own role.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [props.key.keyArn],
        conditions: {
          StringEquals: {
            'kms:EncryptionContext:aws:lambda:FunctionArn': Stack.of(this).formatArn({
              service: 'lambda',
              resource: 'function',
              resourceName: name,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
    if (inVpc) role.addToPolicy(networkInterfaces());
    acknowledge(
      role,
      'AwsSolutions-IAM5[Resource::*]',
      inVpc
        ? 'X-Ray and the network interfaces of Lambda in a VPC know no resource level'
        : 'X-Ray knows no resource level',
    );
    for (const { statement, wildcard } of props.permissions) {
      role.addToPolicy(statement);
      if (wildcard) acknowledgeWildcard(role, wildcard.arn, wildcard.reason);
    }
    return role;
  }
}

/** What Lambda needs to attach a function to a VPC. */
function networkInterfaces(): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });
}
