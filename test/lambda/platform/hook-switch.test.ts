import { join } from 'node:path';
import type { Switch } from '../../../lambda/contract/settings';
import { Blocked, NotReady } from '../../../lambda/errors';
import { HOOK_CONTRACT } from '../../../lambda/platform/hook-call';
import { applicationSwitch } from '../../../lambda/platform/switch';
import { lambdaService } from '../../../lib/rehearsal/control-plane/lambda/service';
import { crashed, notFound, reported, throttled, timedOut } from '../../../lib/rehearsal/lambda-runtime/function-error';
import { createLambdaRuntime, type LambdaRuntime } from '../../../lib/rehearsal/lambda-runtime/lambda-runtime';
import { ACCOUNT, type LocalAws, REGION } from '../../rehearsal/control-plane/support/local-aws';
import { BACK, failureOf, MASTER_SECRET, SIDES, SOURCE, startSwitchStage, TARGET, TURN } from './switch-stage';

const CANARY = 'canary-Hk77';
const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:hook`;
const CHOSEN: Extract<Switch, { kind: 'hook' }> = { kind: 'hook', functionArn: ARN, timeoutSeconds: 1 };

let aws: LocalAws;
let asked: unknown[] = [];
/** What the hook does at the moment. */
let behave: (request: { readonly action: string }) => Promise<unknown> = async () => null;

beforeAll(async () => {
  aws = await startSwitchStage();
  aws.plane.addService(
    lambdaService((_, payload) => {
      asked.push(payload);
      return behave(payload as { readonly action: string });
    }),
  );
});
beforeEach(() => {
  asked = [];
});
afterAll(() => aws.close());

const hook = () => applicationSwitch({ switch: CHOSEN, masterSecretArn: MASTER_SECRET });
const says = (host: unknown, more: object = {}) => ({ contract: HOOK_CONTRACT, host, ...more });
const throws = (errorType: string) => async () => {
  throw reported({ errorType, errorMessage: `password ${CANARY}`, trace: [CANARY] });
};

describe('the switch that is a hook', () => {
  it('asks where it leads, and is turned by name', async () => {
    behave = async ({ action }) => says(action === 'look' ? SOURCE.toUpperCase() : TARGET.host, { port: 5433 });
    expect(await hook().look(SIDES)).toEqual({ kind: 'hook', name: ARN, pointsTo: 'source', ttlSeconds: null });
    await hook().turn({ ...TURN, lookedAt: false });
    const turn = { action: 'turn', name: 'demo/2', from: { host: SOURCE }, to: TARGET };
    expect(asked.slice(1)).toEqual([
      { contract: HOOK_CONTRACT, action: 'look' },
      { contract: HOOK_CONTRACT, ...turn },
    ]);
  });

  it.each([
    ['elsewhere', 'other.rds.test'],
    ['nowhere', null],
  ])('is not turned when it leads %s', async (_, host) => {
    behave = async () => says(host);
    const error = await failureOf(hook().turn({ ...TURN, lookedAt: false }), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['another host', says(SOURCE)],
    ['another port', says(TARGET.host, { port: 5432 })],
  ])('does not take a turn for done that answers %s', async (_, answer) => {
    behave = async () => answer;
    const error = await failureOf(hook().turn(TURN), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('another place than the target');
  });

  it.each([
    ['nothing', undefined],
    ['a text', CANARY],
    ['another contract', { contract: CANARY, host: SOURCE }],
    ['no host', { contract: HOOK_CONTRACT }],
    ['a host with a password', says(`user:${CANARY}@host`)],
    ['a port of text', says(SOURCE, { port: '5432' })],
    ['more than it should', says(SOURCE, { password: CANARY })],
    ['far too much', says(SOURCE, { port: null, [CANARY]: 'x'.repeat(5_000) })],
  ])('refuses an answer of another shape: %s', async (_, answer) => {
    behave = async () => answer ?? null;
    const error = await failureOf(hook().look(SIDES), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('in another shape');
  });

  it.each([
    ['an error of its own', throws('ConfigServiceError'), Blocked, 'failed at look with ConfigServiceError'],
    ['an error whose name is a value', throws(`secret=${CANARY}`), Blocked, 'with an error without a usable name'],
    ['one that passes', throws('NotReady'), NotReady, 'with NotReady, it is called again'],
    ['the end of its time', async () => Promise.reject(timedOut('1', 3)), NotReady, 'Sandbox.Timedout'],
    ['the end of its environment', async () => Promise.reject(crashed('1', CANARY)), NotReady, 'Runtime.ExitError'],
    ['no function at all', async () => Promise.reject(notFound(ARN)), Blocked, 'does not exist'],
  ] as const)('tells %s by its name alone', async (_, behaviour, kind, words) => {
    behave = behaviour;
    const error = await failureOf(hook().look(SIDES), CANARY);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(words);
  });

  it('asks again later when it is throttled, or does not answer in time', async () => {
    behave = async () => Promise.reject(throttled('hook'));
    expect(await failureOf(hook().look(SIDES), CANARY)).toBeInstanceOf(NotReady);
    behave = () => new Promise((resolve) => setTimeout(() => resolve(says(SOURCE)), 2_500).unref());
    expect(await failureOf(hook().look(SIDES), CANARY)).toBeInstanceOf(NotReady);
  });
});

describe('the example of a hook', () => {
  let runtime: LambdaRuntime;
  const read = async () => JSON.parse((await aws.plane.s3.read(aws.plane.s3.object('pools', 'db.json'))).toString());
  const write = (address: object) =>
    aws.plane.s3.put('pools', 'db.json', Buffer.from(JSON.stringify(address)), {
      contentType: 'application/json',
      contentEncoding: null,
      metadata: {},
    });

  beforeAll(() => {
    aws.plane.s3.create('pools');
    runtime = createLambdaRuntime({
      extraEnvironment: () => ({
        AWS_ENDPOINT_URL: aws.plane.endpointUrl,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? '',
        AWS_SECRET_ACCESS_KEY: 'unused',
      }),
    });
    runtime.register({
      arn: ARN,
      name: 'hook',
      codeDirectory: join(__dirname, '..', '..', '..', 'examples', 'hook'),
      handler: 'index.handler',
      environment: { BUCKET: 'pools', KEY: 'db.json' },
      timeoutSeconds: 10,
      memoryMb: 128,
      roleArn: 'arn:role',
    });
    behave = (request) => runtime.invoke(ARN, request);
  });
  afterAll(() => runtime.close());
  beforeEach(() => {
    behave = (request) => runtime.invoke(ARN, request);
  });

  it('is turned there and back, twice without harm, and keeps what it does not know', async () => {
    const patient = applicationSwitch({ switch: { ...CHOSEN, timeoutSeconds: 20 }, masterSecretArn: MASTER_SECRET });
    await write({ host: SOURCE, port: 5432, pool: 9 });
    expect(await patient.look(SIDES)).toMatchObject({ pointsTo: 'source' });
    await patient.turn(TURN);
    await patient.turn({ ...TURN, lookedAt: false });
    expect(await read()).toEqual({ ...TARGET, pool: 9 });
    await patient.turn(BACK);
    expect(await read()).toEqual({ host: SOURCE, port: 5432, pool: 9 });
  });

  it("leaves somebody else's change alone", async () => {
    await write({ host: 'other.rds.test', port: 5432 });
    const error = await failureOf(hook().turn(TURN), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('SomebodyElse');
    expect(await read()).toEqual({ host: 'other.rds.test', port: 5432 });
  });
});
