import { commandIn } from '../../lib/rehearsal/run/approver';
import type { StateMachines } from '../../lib/rehearsal/state-machine/state-machines';
import { approvalMessage } from '../../lib/workflows/approval-message';
import { type Answers, APPROVE, failWith, machinesOf, type Reply, runMachine, SMOOTH } from './support/run-machines';
import { example, synthesize, templateOf } from './support/synthesis';

const EXPIRES_MS = 240 * 60_000;
const machines = machinesOf(templateOf(synthesize(), 'Migration'));
const run = (answers: Answers = {}, approver: Parameters<typeof runMachine>[4] = {}, input: unknown = {}) =>
  runMachine(machines, 'migrate', input, answers, approver);
const stepsOf = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);
/** Steps behind the verification of `Replicate`. */
const afterwards = (ran: Awaited<ReturnType<typeof run>>) =>
  stepsOf(ran).slice(stepsOf(ran).indexOf('conclude-verification') + 1);

const ENDED_EARLY = ['watch', 'claim'];

function answerWith(output: string): Reply {
  return (message, to) => to.sendTaskSuccess({ taskToken: tokenOf(message), output });
}

function tokenOf(message: string): string {
  return commandIn(message, 'send-task-success').get('--task-token') ?? '';
}

/** Nothing was begun: the claim is released, nothing else is called, and nobody is paged as if something were broken. */
function expectNothingChanged(ran: Awaited<ReturnType<typeof run>>): void {
  expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
  expect(ran.cause).toContain('nothing was changed and replication goes on; start Cutover');
  expect(ran.calls.at(-1)).toMatchObject({ step: 'claim', input: { mode: 'release', execution: ran.executionArn } });
  for (const step of ['cutover', 'release', 'give-back']) expect(stepsOf(ran)).not.toContain(step);
}

test('moves the applications after a yes, with fresh numbers, and hands the approver to the cutover', async () => {
  const ran = await run();
  expect(afterwards(ran)).toEqual(['watch', 'conclude-verification', 'inspect', 'cutover', 'settle']);
  const approval = { approvedBy: 'Ada', approvedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) };
  expect(ran.calls.find(({ step }) => step === 'cutover')?.input).toMatchObject({ approval });
  expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'live', approval } });
});

test('asks nobody when the phase before is the last, nor when no approval is configured', async () => {
  expect((await run({}, {}, { stopAfter: 'replicate' })).published).toEqual([]);
  const free = machinesOf(templateOf(synthesize([example({ approval: { required: false } })]), 'Migration'));
  const ran = await runMachine(free, 'migrate', {});
  expect(ran).toMatchObject({ status: 'SUCCEEDED', published: [], output: { approval: null } });
  expect(afterwards(ran)).toEqual(['inspect', 'cutover', 'settle']);
  expect(ran.calls.find(({ step }) => step === 'cutover')?.input).toMatchObject({ approval: null });
});

describe('the message', () => {
  const prediction = { phases: [], outageMs: 900, outageBasis: 'measured' };
  const health = {
    caughtUp: true,
    lagBytes: 4096,
    lagSeconds: 0.5,
    slots: [
      { database: 'shop', active: true, walStatus: 'reserved', safeWalBytes: null, lagBytes: 1 },
      { database: 'café', active: true, walStatus: 'reserved', safeWalBytes: 7_000_000_000, lagBytes: 1 },
    ],
  };
  const verified = {
    verdict: 'equal',
    databases: [
      { name: 'shop', tables: 30, rows: 1_000_000, bytes: 1, mismatchedTables: [], catalogDifferences: [] },
      { name: 'café', tables: 6, rows: 234, bytes: 1, mismatchedTables: [], catalogDifferences: [] },
    ],
    keysToCompareAgain: 1234,
    report: { bucket: 'evidence', key: 'migrations/demo/x/verification.json' },
  };

  test('says everything that is needed to decide, in short lines, without a host name', async () => {
    const ran = await run({
      assess: (input, count) => ({ ...(SMOOTH.assess(input, count) as object), prediction }),
      watch: () => health,
      'conclude-verification': () => verified,
    });
    const [asked] = ran.published;
    expect(asked?.Subject).toBe('Sealift demo: approval needed');
    const message = String(asked?.Message);
    const token = tokenOf(message);
    expect(token.length).toBeGreaterThan(20);
    expect(asked?.Subject).not.toContain(token);
    for (const words of [
      'Sealift migration demo: may the applications move now?',
      'VERIFICATION: equal',
      '2 databases, 36 tables, 1,000,234 rows, differences 0',
      'keys to compare again: 1,234',
      'report: s3://evidence/migrations/demo/x/verification.json',
      'behind by 4,096 bytes, 0.5 seconds',
      'the source may keep 7,000,000,000 bytes of WAL more for it',
      'predicted: 0.9 s\nmeasured',
      'at most 30 s until the switch begins',
      '(240 minutes)',
      `https://console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/${ran.executionArn}`,
    ]) {
      expect(message).toContain(words);
    }
    expect(message).not.toMatch(/\.local|\.internal|password|undefined|null/);
    const prose = message.split('\n').filter((line) => !/^(aws|https:|report:)/.test(line));
    for (const line of prose) expect(line.length).toBeLessThanOrEqual(80);
    const until = /ANSWER UNTIL (\d{4}-\d\d-\d\d \d\d:\d\d) UTC/.exec(message)?.[1] ?? '';
    expect(Math.abs(Date.parse(`${until.replace(' ', 'T')}Z`) - Date.now() - EXPIRES_MS)).toBeLessThan(120_000);
  });

  test('holds commands that a shell runs as they are, but for the name', async () => {
    const ran = await run();
    const message = String(ran.published[0]?.Message);
    const approve = commandIn(message, 'send-task-success');
    expect(JSON.parse(approve.get('--task-output') ?? '')).toEqual({ approvedBy: '<name>' });
    expect(approve.get('--region')).toBe('eu-central-1');
    const refuse = commandIn(message, 'send-task-failure');
    expect(refuse.get('--error')).toBe('Refused');
    expect(refuse.get('--task-token')).toBe(approve.get('--task-token'));
  });

  test('says what is unbounded, and what is wrong', async () => {
    const ran = await run({
      watch: (input, count) => ({ ...(SMOOTH.watch(input, count) as object), stuck: ['database "shop": a conflict'] }),
    });
    const message = String(ran.published.at(-1)?.Message);
    expect(message).toContain('WAL for it without a limit: watch its disk');
    expect(message).toContain('ATTENTION: database "shop": a conflict');
  });

  test('fits into SNS and is one expression', () => {
    const expression = approvalMessage({
      migration: 'a'.repeat(20),
      expiresAfterMinutes: 1440,
      budgetSeconds: 240,
      switchKind: 'route53',
      windowHours: 72,
      back: false,
    });
    expect(expression.length).toBeLessThan(8_000);
    expect(expression).toMatch(/^\{% .*%\}$/s);
  });
});

describe('no approval changes nothing', () => {
  test('refused: says who and why', async () => {
    const ran = await run(
      {},
      {
        reply: (message, to) =>
          to.sendTaskFailure({ taskToken: tokenOf(message), error: 'Refused', cause: 'Grace: month end' }),
      },
    );
    expectNothingChanged(ran);
    expect(afterwards(ran)).toEqual(ENDED_EARLY);
    expect(ran.cause).toContain('refused by Grace: month end');
  });

  test('expired: says after how long', async () => {
    const ran = await run({}, { reply: () => undefined, expiringMs: EXPIRES_MS });
    expectNothingChanged(ran);
    expect(ran.cause).toContain('nobody answered within 240 minutes');
  });

  test('not to be published: says what SNS said', async () => {
    const ran = await run({}, { publish: () => failWith('SNS.NotFoundException', 'Topic does not exist') });
    expectNothingChanged(ran);
    expect(ran.cause).toContain('SNS.NotFoundException');
  });

  test('an answer of another kind of failure: says it', async () => {
    const ran = await run(
      {},
      { reply: (message, to) => to.sendTaskFailure({ taskToken: tokenOf(message), error: 'No' }) },
    );
    expectNothingChanged(ran);
    expect(ran.cause).toContain('was not given, No: no reason given');
  });

  test('an answer that names nobody is asked for again, three times at most', async () => {
    const answers = ['{"approvedBy": "<name>"}', '{"approvedBy": " Ada "}'];
    let asked = 0;
    const second: Reply = (message, to) => {
      expect(message.includes('The last answer was not understood')).toBe(asked > 0);
      answerWith(answers[asked++] ?? '')(message, to);
    };
    const ran = await run({}, { reply: second });
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { approval: { approvedBy: 'Ada' } } });
    expect(ran.published).toHaveLength(2);
  });

  test.each([
    '{}',
    '"yes"',
    '[]',
    'null',
    'true',
    '{"approvedBy": ""}',
    '{"approvedBy": 7}',
    '{"approvedBy": null}',
    `{"approvedBy": "${'x'.repeat(101)}"}`,
  ])('the answer %s approves nothing', async (output) => {
    const ran = await run({}, { reply: answerWith(output) });
    expectNothingChanged(ran);
    expect(ran.published).toHaveLength(3);
    expect(ran.cause).toContain('named nobody 3 times');
  });

  test('a replication that cannot go on is not asked about', async () => {
    let looks = 0;
    const ran = await run({
      watch: (input, count) => {
        looks += 1;
        return looks > 1 ? failWith('Blocked', 'slot is lost') : SMOOTH.watch(input, count);
      },
    });
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('slot is lost'), published: [] });
    expect(afterwards(ran)).toEqual(ENDED_EARLY);
  });

  test.each([
    ['is not equal any more', () => ({ verdict: 'different', report: {} }), 'is not equal'],
    ['cannot be brought up to date', () => failWith('Blocked', 'the tap is lost, verify again'), 'verify again'],
  ])('approved, but what was verified %s', async (_, late, cause) => {
    const ran = await run({
      'conclude-verification': (input, count) => (count === 1 ? SMOOTH['conclude-verification'](input, count) : late()),
    });
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked', cause: expect.stringContaining(cause) });
    expect(afterwards(ran)).toEqual(['watch', 'conclude-verification', 'claim']);
  });

  test('approved, but a guardrail has worsened: the cutover looks again and releases', async () => {
    const ran = await run({ cutover: () => failWith('Blocked', 'prepared transactions exist') });
    expect(afterwards(ran)).toEqual(['watch', 'conclude-verification', 'inspect', 'cutover', 'give-back', 'claim']);
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('prepared transactions') });
  });

  test('a claim that cannot be released hides nothing', async () => {
    const ran = await run(
      { claim: (input, count) => (input.mode === 'release' ? failWith('PostgresError') : SMOOTH.claim(input, count)) },
      { reply: () => undefined, expiringMs: EXPIRES_MS },
    );
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('expired') });
  });
});

test('a token works once', async () => {
  let again: unknown;
  const twice: Reply = (message, to: StateMachines) => {
    APPROVE(message, to);
    try {
      to.sendTaskFailure({ taskToken: tokenOf(message), error: 'Refused' });
    } catch (error) {
      again = error;
    }
  };
  expect((await run({}, { reply: twice })).status).toBe('SUCCEEDED');
  expect(again).toMatchObject({ name: 'TaskTimedOut' });
});
