import { type Answers, failWith, machinesOf, runMachine } from './support/run-machines';
import { example, ofType, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

const templateWith = (rollback: object) => templateOf(synthesize([example({ rollback })]), 'Migration');
const told = templateWith({ windowHours: 72 });
const retired = templateWith({ windowHours: 72, retireAutomatically: true });
const over = { state: 'over', due: true, until: '2026-01-16T12:00:00Z', detail: 'the source follows' };
const OVER: Answers = { 'watch-way-back': () => over };
const run = (template: typeof told, answers: Answers = {}, input: unknown = {}) =>
  runMachine(machinesOf(template), 'window', input, answers);
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);
const LOOK = ['locate', 'watch-way-back'];

describe('Window', () => {
  it('looks at the target alone, and tells nobody while the way back is open, on its way, or told of', async () => {
    for (const found of [
      { state: 'open', due: false },
      { state: 'none', due: false },
      { state: 'over', due: false },
    ]) {
      const ran = await run(retired, { 'watch-way-back': () => ({ ...over, ...found }) });
      expect(steps(ran)).toEqual(LOOK);
      expect(ran.calls[0]?.input).toMatchObject({ ended: null });
      expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { state: found.state }, published: [] });
    }
  });

  it('has nothing to look at before there is a target', async () => {
    const ran = await run(told, { locate: () => ({ status: null, source: null, target: null }) });
    expect(steps(ran)).toEqual(['locate']);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { state: 'none' }, published: [] });
  });

  it('tells a human to start Retire when the window is over, and starts nothing by itself', async () => {
    const ran = await run(told, OVER);
    expect(steps(ran)).toEqual(LOOK);
    expect(ran.published).toHaveLength(1);
    const message = JSON.parse(String(ran.published[0]?.Message));
    expect(message).toMatchObject({ until: over.until, runbook: 'docs/runbook.md#when-the-window-is-over' });
    expect(message.remedy).toContain('start Retire');
  });

  it('retires by itself where that is configured, and waits for no human', async () => {
    const ran = await run(retired, OVER);
    expect(steps(ran)).toEqual([...LOOK, 'inspect', 'retire', 'snapshot', 'encrypt', 'list-leftovers']);
    expect(ran.calls.find(({ step }) => step === 'retire')?.input).toMatchObject({ early: false });
    expect(ran).toMatchObject({ status: 'SUCCEEDED', published: [] });
  });

  it('tells a human why when retiring by itself fails', async () => {
    const ran = await run(retired, { ...OVER, retire: () => failWith('Blocked', 'let a human look at both ledgers') });
    expect(ran.status).toBe('SUCCEEDED');
    expect(JSON.parse(String(ran.published[0]?.Message)).retireFailed).toContain('let a human look');
  });

  it.each(['locate', 'watch-way-back'] as const)('fails, which has an alarm, when %s fails', async (step) => {
    const ran = await run(retired, { [step]: () => failWith('Blocked', 'cannot') });
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked', published: [] });
  });

  it.each([{ ended: 'x' }, { early: true }, 'x'])('refuses the input %j', async (input) => {
    expect(await run(retired, {}, input)).toMatchObject({ status: 'FAILED', error: 'Blocked', calls: [] });
  });
});

describe('the rule of the window', () => {
  const rules = (template: typeof told) =>
    ofType(template, 'AWS::Events::Rule')
      .map(([, { Properties }]) => resolveTokens(Properties, template) as Record<string, unknown>)
      .filter(({ ScheduleExpression }) => ScheduleExpression !== undefined);

  it('stands where there may be a way back, starts nothing but the look, and keeps what could not be started', () => {
    expect(rules(templateOf(synthesize(), 'Migration'))).toEqual([]);
    const [rule] = rules(told);
    expect(rules(told)).toHaveLength(1);
    expect(rule).toMatchObject({
      Name: 'sealift-demo-window',
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [
        {
          Arn: 'arn:aws:states:eu-central-1:123456789012:stateMachine:sealift-demo-window',
          Input: '{}',
          DeadLetterConfig: { Arn: expect.anything() },
        },
      ],
    });
  });
});
