import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  ArnFormat,
  CfnOutput,
  CfnParameter,
  aws_cloudwatch as cloudwatch,
  aws_ec2 as ec2,
  aws_iam as iam,
  aws_lambda as lambda,
  Stack,
  Stage,
  aws_sns as sns,
  aws_ssm as ssm,
  aws_stepfunctions as stepfunctions,
  aws_stepfunctions_tasks as tasks,
} from 'aws-cdk-lib';
import { type CloudAssembly, readAssembly } from '../../../lib/rehearsal/cloudformation/assembly';
import {
  type DeployedFunction,
  lambdaFunctionProvider,
} from '../../../lib/rehearsal/cloudformation/providers/lambda-providers';
import { localProviders } from '../../../lib/rehearsal/cloudformation/providers/local-providers';
import {
  type DeployedStateMachine,
  stateMachineProvider,
} from '../../../lib/rehearsal/cloudformation/providers/state-machine-provider';
import type { StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';
import { createIam, type Iam } from '../../../lib/rehearsal/iam/iam';
import { engineOf, fakeProvider } from './fake-provider';

const FLAGS = JSON.parse(readFileSync(require.resolve('aws-cdk-lib/recommended-feature-flags.json'), 'utf8'));

let directory: string;
let assembly: CloudAssembly;
let iamStore: Iam;
let engine: StackEngine;
const functions = new Map<string, DeployedFunction>();
const machines = new Map<string, DeployedStateMachine>();

/** Two stacks: a role and a topic, and a function with a machine that use them across stacks. */
function synthesize(): void {
  mkdirSync(join(directory, 'code'));
  writeFileSync(join(directory, 'code', 'index.js'), 'exports.handler = async () => 1;');
  const outdir = join(directory, 'cdk.out');
  const app = new App({ outdir, context: { ...FLAGS, 'aws:cdk:bundling-stacks': [] } });
  const base = new Stack(app, 'Base', { stackName: 'demo-base', tags: { 'sealift:id': 'demo' } });
  const topic = new sns.Topic(base, 'Topic');
  const role = new iam.Role(base, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['rds:CopyDBSnapshot'],
      resources: [
        base.formatArn({
          service: 'rds',
          resource: 'snapshot',
          resourceName: 'sealift-demo-*',
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      conditions: { StringEquals: { 'aws:RequestTag/sealift:id': 'demo' } },
    }),
  );
  const work = new Stack(app, 'Work', { stackName: 'demo-work' });
  const depth = new CfnParameter(work, 'Depth', { type: 'Number', default: 3 });
  const run = new lambda.Function(work, 'Run', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromAsset(join(directory, 'code')),
    role,
    memorySize: 512,
    reservedConcurrentExecutions: 1,
    environment: { TOPIC: topic.topicArn, DEPTH: depth.valueAsString },
  });
  new stepfunctions.StateMachine(work, 'Machine', {
    queryLanguage: stepfunctions.QueryLanguage.JSONATA,
    definitionBody: stepfunctions.DefinitionBody.fromChainable(
      tasks.LambdaInvoke.jsonata(work, 'Run it', { lambdaFunction: run, payloadResponseOnly: true }),
    ),
  });
  new cloudwatch.Alarm(work, 'Alarm', { metric: run.metricErrors(), threshold: 1, evaluationPeriods: 1 });
  const vpc = ec2.Vpc.fromVpcAttributes(work, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['eu-central-1a'] });
  const group = new ec2.SecurityGroup(work, 'Group', { vpc, allowAllOutbound: false });
  group.addIngressRule(ec2.Peer.securityGroupId('sg-0a1b2c3d4e5f60718'), ec2.Port.tcp(5432));
  new ssm.StringParameter(work, 'Note', { stringValue: run.functionName });
  new CfnOutput(work, 'GroupId', { value: group.securityGroupId });
  const stage = new Stage(app, 'Stage');
  new Stack(stage, 'Inner', { stackName: 'demo-inner' });
  app.synth();
}

beforeAll(() => {
  process.env.CDK_VALIDATION = 'false';
  directory = mkdtempSync(join(tmpdir(), 'sealift-assembly-'));
  synthesize();
  assembly = readAssembly(join(directory, 'cdk.out'));
  iamStore = createIam();
  engine = engineOf([
    ...localProviders(iamStore),
    fakeProvider('AWS::SNS::Topic', {
      create: async ({ physicalNameHint }) => ({
        physicalId: `arn:aws:sns:eu-central-1:111122223333:${physicalNameHint}`,
        attributes: { TopicArn: `arn:aws:sns:eu-central-1:111122223333:${physicalNameHint}` },
      }),
    }),
    lambdaFunctionProvider({ assembly, register: (deployed) => void functions.set(deployed.arn, deployed) }),
    stateMachineProvider({
      register: (deployed) => void machines.set(deployed.arn, deployed),
      unregister: (arn) => void machines.delete(arn),
    }),
  ]);
});

afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

async function deploy(stackName: string) {
  const stack = assembly.stack(stackName);
  const parameters = Object.entries(stack.parameters).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
  const { templateBody, tags } = stack;
  engine.createStack({ stackName, templateBody, tags, parameters, capabilities: ['CAPABILITY_IAM'] });
  return engine.waitForStack(stackName);
}

test('lists the stacks in the order of their dependencies, those of stages included', () => {
  const names = assembly.stacks.map((stack) => stack.stackName);
  expect(names).toContain('demo-inner');
  expect(names.indexOf('demo-base')).toBeLessThan(names.indexOf('demo-work'));
  expect(assembly.stack('demo-work').dependsOn).toEqual(['demo-base']);
  expect(assembly.stack('demo-base').tags).toEqual([{ Key: 'sealift:id', Value: 'demo' }]);
});

test('finds assets by key and refuses what is not in the assembly', () => {
  expect(() => assembly.stack('nobody')).toThrow(/has no stack nobody; it has .*demo-base/);
  expect(() => assembly.assetByKey('0.zip')).toThrow(/has no asset with the key 0\.zip/);
  expect(() => assembly.assetByPath('../code')).toThrow(/leaves the cloud assembly/);
  expect(() => readAssembly(directory)).toThrow(/manifest\.json; synthesize the app first/);
});

test('IAM resources need their capability', () => {
  const { templateBody } = assembly.stack('demo-base');
  expect(() => engine.createStack({ stackName: 'x', templateBody })).toThrow(
    expect.objectContaining({
      name: 'InsufficientCapabilitiesException',
      message: 'Requires capabilities : [CAPABILITY_IAM]',
    }),
  );
});

describe('a deployed app', () => {
  test('reaches CREATE_COMPLETE, stack after stack', async () => {
    for (const stackName of ['demo-base', 'demo-work']) {
      expect(await deploy(stackName)).toMatchObject({ StackStatus: 'CREATE_COMPLETE' });
    }
  });

  test('hands over the function with its asset, environment and role', () => {
    const [deployed] = [...functions.values()];
    expect(deployed).toMatchObject({
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      memoryMib: 512,
      timeoutSeconds: 3,
      reservedConcurrentExecutions: 1,
      environment: {
        DEPTH: '3',
        TOPIC: expect.stringMatching(/^arn:aws:sns:eu-central-1:111122223333:demo-base-Topic/),
      },
    });
    expect(iamStore.roleArns()).toContain(deployed?.roleArn);
    expect(readFileSync(join(deployed?.assetDirectory ?? '', 'index.js'), 'utf8')).toContain('exports.handler');
  });

  test('hands over the state machine with every token resolved', () => {
    const [machine] = [...machines.values()];
    const definition = JSON.parse(machine?.definition ?? '');
    expect(definition.States['Run it'].Resource).toBe([...functions.keys()][0]);
    expect(machine?.definition).not.toMatch(/\$\{|Fn::|Token/);
    expect(machine?.type).toBe('STANDARD');
  });

  test('gives its roles the permissions of the templates and no more', () => {
    const [deployed] = [...functions.values()];
    const copy = (resource: string, tag: string) =>
      iamStore.authorize({
        principalArn: deployed?.roleArn ?? '',
        action: 'rds:CopyDBSnapshot',
        resource: `arn:aws:rds:eu-central-1:111122223333:snapshot:${resource}`,
        context: { 'aws:RequestTag/sealift:id': tag },
      }).allowed;
    expect(copy('sealift-demo-seed', 'demo')).toBe(true);
    expect(copy('sealift-demo-seed', 'other')).toBe(false);
    expect(copy('production', 'demo')).toBe(false);
    expect(
      iamStore.authorizeAssumeRole({ roleArn: deployed?.roleArn ?? '', service: 'lambda.amazonaws.com', context: {} }),
    ).toMatchObject({ allowed: true });
  });

  test('forgets roles and machines when its stacks are deleted', async () => {
    for (const stackName of ['demo-work', 'demo-base']) {
      const { StackId } = engine.describeStack(stackName);
      engine.deleteStack({ stackName });
      expect((await engine.waitForStack(StackId)).StackStatus).toBe('DELETE_COMPLETE');
    }
    expect(iamStore.roleArns()).toEqual([]);
    expect(machines.size).toBe(0);
  });
});
