import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { realClock } from '../../../lib/rehearsal/clock';
import { authorizeByIam } from '../../../lib/rehearsal/control-plane/authorize-by-iam';
import { statesService } from '../../../lib/rehearsal/control-plane/states/service';
import { createIam } from '../../../lib/rehearsal/iam/iam';
import { createStateMachines, type StateMachines } from '../../../lib/rehearsal/state-machine/state-machines';
import { ACCOUNT, type LocalAws, REGION, startLocalAws } from './support/local-aws';

const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:asking`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/approver`;
const REAPER = `arn:aws:iam::${ACCOUNT}:role/reaper`;

let aws: LocalAws;
let machines: StateMachines;
let asked: (token: string) => void;

beforeAll(async () => {
  const iam = createIam();
  iam.putRole({
    roleName: 'approver',
    arn: ROLE,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
    },
    inlinePolicies: [
      {
        name: 'answer',
        document: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: ['states:SendTaskSuccess', 'states:SendTaskFailure'], Resource: MACHINE },
          ],
        },
      },
    ],
    managedPolicyArns: [],
    permissionsBoundary: null,
    tags: {},
  });
  iam.putRole({
    roleName: 'reaper',
    arn: REAPER,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
    },
    inlinePolicies: [
      {
        name: 'ask',
        document: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: 'states:DescribeExecution',
              Resource: `${MACHINE.replace(':stateMachine:', ':execution:')}:*`,
            },
          ],
        },
      },
    ],
    managedPolicyArns: [],
    permissionsBoundary: null,
    tags: {},
  });
  aws = await startLocalAws({ authorize: authorizeByIam(iam) });
  aws.plane.callers.set('ASIA-approver', { roleArn: ROLE });
  aws.plane.callers.set('ASIA-reaper', { roleArn: REAPER });
  machines = createStateMachines({
    clock: realClock,
    invokeFunction: async () => ({}),
    publish: async ({ Message }) => asked(String(Message)),
  });
  aws.plane.addService(statesService(machines));
  for (const arn of [MACHINE, `${MACHINE}-other`]) {
    machines.register({
      arn,
      name: arn.split(':').at(-1) ?? '',
      roleArn: ROLE,
      definition: {
        QueryLanguage: 'JSONata',
        StartAt: 'Ask',
        States: {
          Ask: {
            Type: 'Task',
            Resource: 'arn:aws:states:::sns:publish.waitForTaskToken',
            Arguments: { TopicArn: 'topic', Message: '{% $states.context.Task.Token %}' },
            End: true,
          },
        },
      },
    });
  }
});

afterAll(async () => {
  await machines?.close();
  await aws?.close();
});

/** Starts a machine and answers its execution and the token that it published. */
async function ask(stateMachineArn: string): Promise<{ readonly executionArn: string; readonly taskToken: string }> {
  const token = new Promise<string>((resolve) => {
    asked = resolve;
  });
  const { executionArn } = machines.startExecution({ stateMachineArn, input: {} });
  return { executionArn, taskToken: await token };
}

const approver = () => new SFNClient(aws.client('ASIA-approver'));

describe('answers to task tokens', () => {
  it('reach the execution that waits: its output, or its error and cause', async () => {
    const yes = await ask(MACHINE);
    await approver().send(new SendTaskSuccessCommand({ taskToken: yes.taskToken, output: '{"a":1}' }));
    await expect(machines.result(yes.executionArn)).resolves.toEqual({ status: 'SUCCEEDED', output: { a: 1 } });
    const no = await ask(MACHINE);
    await approver().send(new SendTaskFailureCommand({ taskToken: no.taskToken, error: 'Refused', cause: 'Grace' }));
    await expect(machines.result(no.executionArn)).resolves.toMatchObject({ error: 'Refused', cause: 'Grace' });
  });

  it('are refused for a token that was used, for one that was never issued, and for output that is no JSON', async () => {
    const { taskToken } = await ask(MACHINE);
    const send = (token: string, output: string) =>
      approver().send(new SendTaskSuccessCommand({ taskToken: token, output }));
    await expect(send(taskToken, 'yes')).rejects.toMatchObject({ name: 'InvalidOutput' });
    await send(taskToken, '{}');
    await expect(send(taskToken, '{}')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await expect(send('made up', '{}')).rejects.toMatchObject({ name: 'InvalidToken' });
  });

  it('need the permission on the machine whose task waits', async () => {
    const { taskToken, executionArn } = await ask(`${MACHINE}-other`);
    const answer = approver().send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    await expect(answer).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('states:SendTaskSuccess'),
    });
    expect(machines.describeExecution(executionArn).status).toBe('RUNNING');
    await machines.stopExecution(executionArn);
  });

  it('are all that is known of Step Functions', async () => {
    const call = approver().send(new ListExecutionsCommand({ stateMachineArn: MACHINE }));
    await expect(call).rejects.toMatchObject({ name: 'NotImplemented' });
  });
});

describe('how an execution stands', () => {
  const describe = (executionArn: string, includedData?: 'METADATA_ONLY', who = 'ASIA-reaper') =>
    new SFNClient(aws.client(who)).send(new DescribeExecutionCommand({ executionArn, includedData }));

  it('is told to who may ask, without input and output', async () => {
    const { executionArn } = await ask(MACHINE);
    await machines.stopExecution(executionArn);
    const { status, input, output } = await describe(executionArn, 'METADATA_ONLY');
    expect({ status, input, output }).toEqual({ status: 'ABORTED', input: undefined, output: undefined });
    const refused = describe(executionArn, 'METADATA_ONLY', 'ASIA-approver');
    await expect(refused).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('needs the key for input and output, and an execution that exists', async () => {
    const { executionArn } = await ask(MACHINE);
    await expect(describe(executionArn)).rejects.toMatchObject({ name: 'KmsAccessDeniedException' });
    const missing = describe(`${executionArn}-x`, 'METADATA_ONLY');
    await expect(missing).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });
});
