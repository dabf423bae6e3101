import { type Answers, failWith, machinesOf, type Reply, runMachine } from './support/run-machines';
import { example, synthesize, templateOf } from './support/synthesis';

const machines = machinesOf(templateOf(synthesize([example({ rollback: { windowHours: 72 } })]), 'Migration'));
const run = (answers: Answers = {}, input: unknown = {}, reply?: Reply) =>
  runMachine(machines, 'rollback', input, answers, reply === undefined ? {} : { reply });
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);

const TURNED = { source: { instanceId: 'target' }, target: { instanceId: 'source' }, databases: ['shop'], epoch: '7' };
const VERIFYING = ['plan-verification', 'verify-chunks', 'conclude-verification'];
const BEFORE = ['inspect', 'turn-round', ...VERIFYING, 'watch', 'conclude-verification'];

describe('Rollback', () => {
  test('turns the sides round, verifies, asks, and returns by the steps of the cutover', async () => {
    const ran = await run({
      settle: () => ({ phase: 'rolled-back', refreshedViews: 0, wayBackUntil: null, report: {} }),
    });
    expect(steps(ran)).toEqual([...BEFORE, 'cutover', 'settle']);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'rolled-back', finishedBy: 'settle' } });
    const turn = ran.calls.find(({ step }) => step === 'turn-round')?.input;
    expect(turn).toMatchObject({ mode: 'begin', source: { instanceId: 'source' }, target: { instanceId: 'target' } });
    for (const step of ['plan-verification', 'watch', 'cutover']) {
      expect(ran.calls.find((call) => call.step === step)?.input).toMatchObject(TURNED);
    }
    expect(ran.calls.find(({ step }) => step === 'cutover')?.input).toMatchObject({ approval: { approvedBy: 'Ada' } });
    const message = String(ran.published[0]?.Message);
    expect(message).toContain('RETURN TO THE UNENCRYPTED SOURCE');
    expect(message).toContain('Every write that was accepted since the cutover is there.');
  });

  test('refused, it changes nothing', async () => {
    const ran = await run({ 'turn-round': () => failWith('Blocked', 'the window is over') });
    expect(steps(ran)).toEqual(['inspect', 'turn-round']);
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked', published: [] });
    expect(ran.cause).toContain('the window is over');
  });

  test.each(['force', 'stopAfter', 'epoch'])('refuses an input with %s', async (field) => {
    expect(await run({}, { [field]: '1' })).toMatchObject({ status: 'FAILED', error: 'Blocked', calls: [] });
  });

  test.each([...VERIFYING, 'watch', 'cutover'])('leaves the target live when %s fails', async (step) => {
    const ran = await run({ [step]: () => failWith('PostgresError', `${step} broke`) });
    expect(steps(ran).slice(-2)).toEqual(['give-back', 'turn-round']);
    expect(ran.calls.at(-2)?.input).toMatchObject(TURNED);
    expect(ran.calls.at(-1)?.input).toMatchObject({
      mode: 'undo',
      source: { instanceId: 'source' },
      target: { instanceId: 'target' },
    });
    expect(ran).toMatchObject({ status: 'FAILED', error: 'CutoverAborted' });
    expect(ran.cause).toContain(`${step} broke`);
  });

  test('leaves the target live when both sides differ, and when a person says no', async () => {
    const differing = await run({ 'conclude-verification': () => ({ verdict: 'different', report: {} }) });
    const no: Reply = (message, states) => {
      const taskToken = /--task-token (\S+)/.exec(message)?.[1] ?? '';
      states.sendTaskFailure({ taskToken, error: 'Refused', cause: 'Ada: not today' });
    };
    const refused = await run({}, {}, no);
    for (const ran of [differing, refused]) {
      expect(steps(ran).slice(-2)).toEqual(['give-back', 'turn-round']);
      expect(steps(ran)).not.toContain('cutover');
      expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    }
    expect(refused.cause).toContain('Ada: not today; nothing was changed and the target stays live');
  });

  test('succeeds when the flip had happened and the way was completed', async () => {
    const ran = await run({
      cutover: () => failWith('Lambda.Unknown'),
      'give-back': () => ({ outcome: 'finished', detail: 'finished forward', report: {} }),
    });
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'rolled-back', finishedBy: 'give-back' } });
    expect(steps(ran).filter((step) => step === 'turn-round')).toHaveLength(1);
  });

  test.each(['cutover', 'settle', 'give-back'] as const)(
    'pages a human and undoes nothing when %s is past the flip',
    async (step) => {
      const ran = await run({
        ...(step === 'give-back' && { cutover: () => failWith('Lambda.Unknown') }),
        [step]: () => failWith('PastTheFlip', 'the record could not be read'),
      });
      expect(ran).toMatchObject({ status: 'FAILED', error: 'PastTheFlip' });
      expect(ran.published.at(-1)).toMatchObject({ Subject: 'Sealift demo: a human is needed' });
      expect(steps(ran).filter((one) => one === 'turn-round')).toHaveLength(1);
    },
  );

  test('pages a human when the sides cannot be turned, or not be turned back', async () => {
    for (const mode of ['begin', 'undo']) {
      const ran = await run({
        cutover: () => failWith('CutoverAborted', 'the budget was over'),
        'turn-round': (input) =>
          input.mode === mode ? failWith('PostgresError', 'unreachable') : { epoch: '7', databases: ['shop'] },
      });
      expect(ran.published.at(-1)).toMatchObject({ Subject: 'Sealift demo: a human is needed' });
      expect(ran).toMatchObject({ status: 'FAILED', error: 'PostgresError' });
    }
  });
});

describe('Retire', () => {
  const retire = (answers: Answers = {}, input: unknown = {}) => runMachine(machines, 'retire', input, answers);

  test('closes the way back, keeps an encrypted snapshot, and lists what is left', async () => {
    const later = (step: string) => (_: unknown, count: number) => ({
      status: count < 3 ? 'pending' : 'available',
      snapshotId: step,
      snapshotArn: step,
      progressPercent: 1,
    });
    const ran = await retire({ snapshot: later('final'), encrypt: later('final-encrypted') }, { early: true });
    const waited = ['snapshot', 'snapshot', 'snapshot', 'encrypt', 'encrypt', 'encrypt'];
    expect(steps(ran)).toEqual(['inspect', 'retire', ...waited, 'list-leftovers']);
    expect(ran.calls[1]?.input).toMatchObject({ early: true });
    expect(ran.calls[2]?.input).toMatchObject({ purpose: 'final', notBefore: '2026-01-16T12:00:00Z', epoch: '9' });
    expect(ran).toMatchObject({
      status: 'SUCCEEDED',
      output: { phase: 'retired', snapshot: { snapshotId: 'final-encrypted' }, leftovers: [{ kind: 'instance' }] },
    });
  });

  test.each(['retire', 'snapshot', 'encrypt', 'list-leftovers'])(
    'fails with what %s failed with, and undoes nothing',
    async (step) => {
      const ran = await retire({ [step]: () => failWith('Blocked', `${step} was refused`) });
      expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
      expect(ran.cause).toContain(`${step} was refused`);
      expect(steps(ran).at(-1)).toBe(step);
    },
  );
});
