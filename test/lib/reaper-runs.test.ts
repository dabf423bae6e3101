import { type Answers, failWith, machinesOf, runMachine } from './support/run-machines';
import { ofType, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

const template = templateOf(synthesize(), 'Migration');
const machines = machinesOf(template);
const ENDED = 'arn:aws:states:eu-central-1:123456789012:execution:sealift-demo-migrate:dead';
const run = (answers: Answers = {}, input: unknown = { ended: ENDED }) =>
  runMachine(machines, 'reaper', input, answers);
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);
const said = ({ published }: Awaited<ReturnType<typeof run>>) =>
  published.map(({ Message }) => JSON.parse(String(Message)) as Record<string, unknown>);

const holding = (remains: string, phase: string, times = 1): Answers => ({
  'take-over': (_, count) =>
    count <= times
      ? { remains, epoch: '5', phase, databases: ['shop'], detail: `held in phase ${phase}` }
      : { remains: 'nothing', epoch: null, phase, databases: [], detail: 'nobody holds it' },
});
/** A look, and the one that comes after late calls. */
const LOOK = ['locate', 'take-over'];

describe('the reaper', () => {
  it('finds nothing that is held, looks again for a late call, and tells nobody', async () => {
    const ran = await run(holding('', '', 0));
    expect(steps(ran)).toEqual([...LOOK, ...LOOK]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'nothing', ended: ENDED }, published: [] });
  });

  it('takes off the source what was not proved equal', async () => {
    const ran = await run(holding('release', 'seeding'));
    expect(steps(ran)).toEqual([...LOOK, 'release', ...LOOK]);
    expect(ran.calls[2]?.input).toMatchObject({ epoch: '5', execution: ran.executionArn, databases: ['shop'] });
    expect(ran.calls[2]?.input.reason).toBe(`the execution ${ENDED} ended as ABORTED`);
    expect(ran.output).toMatchObject({ outcome: 'released', phase: 'seeding' });
    expect(said(ran)).toMatchObject([
      { ended: ENDED, outcome: 'released', runbook: expect.stringContaining('#after') },
    ]);
  });

  it('frees the claim of what was proved equal, and keeps the replication', async () => {
    const ran = await run(holding('keep', 'verified'));
    expect(steps(ran)).toEqual([...LOOK, 'claim', ...LOOK]);
    expect(ran.calls[2]?.input).toMatchObject({ mode: 'release', takeOver: null });
    expect(ran.output).toMatchObject({ outcome: 'kept' });
  });

  it('lifts a fence, whichever cutover put it up, then frees the claim', async () => {
    const ran = await run(holding('give-back', 'fenced'));
    expect(steps(ran)).toEqual([...LOOK, 'give-back', 'claim', ...LOOK]);
    expect(ran.calls[2]?.input).toMatchObject({ epoch: null, execution: ran.executionArn });
    expect(ran.output).toMatchObject({ outcome: 'given-back', phase: 'fenced' });
    expect(said(ran)).toMatchObject([{ outcome: 'given-back' }]);
  });

  it('pages a human when the flip had happened and the way forward was completed', async () => {
    const ran = await run({
      ...holding('give-back', 'flipped'),
      'give-back': () => ({ outcome: 'finished', detail: 'the flip had happened', report: {} }),
    });
    expect(steps(ran)).toEqual([...LOOK, 'give-back', ...LOOK]);
    expect(ran.output).toMatchObject({ outcome: 'finished' });
    expect(ran.published[0]?.Subject).toBe('Sealift demo: a human is needed');
    expect(said(ran)).toMatchObject([{ error: 'PastTheFlip', ended: ENDED, runbook: expect.any(String) }]);
  });

  it('turns the sides back after a way back that fenced nobody', async () => {
    const ran = await run(holding('turn-back', 'verified'));
    expect(steps(ran)).toEqual([...LOOK, 'turn-round', ...LOOK]);
    expect(ran.calls[2]?.input).toMatchObject({ mode: 'undo', takeOver: null, execution: ran.executionArn });
    expect(ran.output).toMatchObject({ outcome: 'turned-back', phase: 'verified' });
    expect(said(ran)).toMatchObject([{ outcome: 'turned-back' }]);
  });

  it('gives the target back from a way back that fenced it, with the sides turned round, then turns them back', async () => {
    const ran = await run(holding('give-target-back', 'fenced'));
    expect(steps(ran)).toEqual([...LOOK, 'give-back', 'turn-round', ...LOOK]);
    const [, asked, given, turned] = ran.calls.map(({ input }) => input);
    expect(given).toMatchObject({ epoch: null, source: asked?.target, target: asked?.source });
    expect(turned).toMatchObject({ source: asked?.source, target: asked?.target });
    expect(ran.output).toMatchObject({ outcome: 'given-back' });
  });

  it('pages a human when the applications had returned and the way back was completed', async () => {
    const ran = await run({
      ...holding('give-target-back', 'flipped'),
      'give-back': () => ({ outcome: 'finished', detail: 'the flip had happened', report: {} }),
    });
    expect(steps(ran)).toEqual([...LOOK, 'give-back', ...LOOK]);
    expect(ran.output).toMatchObject({ outcome: 'finished' });
    expect(said(ran)).toMatchObject([{ error: 'PastTheFlip', ended: ENDED }]);
  });

  it('deals with what a late call took after the first look', async () => {
    const ran = await run({
      'take-over': (_, count) =>
        count === 2
          ? { remains: 'release', epoch: '5', phase: 'assessed', databases: ['shop'], detail: 'held' }
          : { remains: 'nothing', epoch: null, phase: null, databases: [], detail: 'no ledger' },
    });
    expect(steps(ran)).toEqual([...LOOK, ...LOOK, 'release', ...LOOK]);
    expect(ran.output).toMatchObject({ outcome: 'released' });
  });

  it('takes nothing from an execution that runs, again or still', async () => {
    const ran = await run({ locate: () => ({ status: 'RUNNING', source: {}, target: null }) });
    expect(steps(ran)).toEqual(Array(5).fill('locate'));
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'running' }, published: [] });
  });

  it('waits while Step Functions still calls the dead one running, and touches none that ended well', async () => {
    const late = await run({
      ...holding('keep', 'verified'),
      locate: (_, count) => ({ status: count < 3 ? 'RUNNING' : 'TIMED_OUT', source: {}, target: null }),
    });
    expect(steps(late).slice(0, 5)).toEqual(['locate', 'locate', 'locate', 'take-over', 'claim']);
    const well = await run({ locate: () => ({ status: 'SUCCEEDED', source: {}, target: null }) });
    expect(steps(well)).toEqual(['locate']);
    expect(well.output).toMatchObject({ outcome: 'nothing' });
  });

  it('leaves an execution alone that was redriven while it waited for late calls', async () => {
    const ran = await run({
      ...holding('release', 'seeding', 9),
      locate: (_, count) => ({ status: count === 1 ? 'FAILED' : 'RUNNING', source: {}, target: null }),
    });
    expect(steps(ran).filter((step) => step === 'release')).toHaveLength(1);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'released' } });
  });

  it.each(['locate', 'take-over', 'release', 'give-back', 'claim', 'turn-round'] as const)(
    'pages a human when %s fails for good',
    async (step) => {
      const remains = { release: 'release', claim: 'keep', 'turn-round': 'turn-back' }[step as string] ?? 'give-back';
      const ran = await run({ ...holding(remains, 'fenced'), [step]: () => failWith('Blocked', 'cannot') });
      expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
      expect(said(ran)).toMatchObject([{ error: 'Blocked', ended: ENDED, reaper: ran.executionArn }]);
    },
  );

  it('pages a human when the release is refused, and when the dead one holds again and again', async () => {
    const refused = await run({
      ...holding('release', 'seeding'),
      release: () => ({ outcome: 'refused', detail: 'the target is in use', report: {} }),
    });
    expect(refused).toMatchObject({ status: 'FAILED', cause: 'the target is in use' });
    const again = await run(holding('release', 'seeding', 99));
    expect(again.status).toBe('FAILED');
    expect(steps(again).filter((step) => step === 'release')).toHaveLength(3);
  });

  it.each([{}, { ended: 7 }, { ended: ENDED, force: true }, 'x'])('refuses the input %j', async (input) => {
    expect(await run({}, input)).toMatchObject({ status: 'FAILED', error: 'Blocked', calls: [] });
  });
});

describe('the rules of the reaper', () => {
  interface Rule {
    readonly Name: string;
    readonly EventPattern: { readonly detail: Record<string, string[]> };
    readonly Targets: readonly Record<string, unknown>[];
  }
  const rules = ofType(template, 'AWS::Events::Rule')
    .map(([, { Properties }]) => resolveTokens(Properties, template) as unknown as Rule)
    .filter(({ Name }) => /-reap-/.test(Name ?? ''));
  const named = (name: string) => rules.find(({ Name }) => Name === `sealift-demo-reap-${name}`);
  const arnsOf = (...names: string[]) =>
    names.map((name) => `arn:aws:states:eu-central-1:123456789012:stateMachine:sealift-demo-${name}`);

  it('watch every machine that may hold the migration, and the reaper unless it failed and told so', () => {
    expect(rules).toHaveLength(2);
    expect(named('phases')?.EventPattern.detail).toEqual({
      status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
      stateMachineArn: arnsOf('prune', 'scan', 'replicate', 'cutover', 'rollback', 'migrate'),
    });
    expect(named('reaper')?.EventPattern.detail).toEqual({
      status: ['TIMED_OUT', 'ABORTED'],
      stateMachineArn: arnsOf('reaper'),
    });
  });

  it('hand over whose end it was and nothing else, and keep what cannot be delivered', () => {
    for (const { Targets } of rules) {
      expect(Targets).toHaveLength(1);
      expect(Targets[0]).toMatchObject({
        Arn: arnsOf('reaper')[0],
        RoleArn: expect.anything(),
        DeadLetterConfig: { Arn: expect.anything() },
        RetryPolicy: { MaximumEventAgeInSeconds: 900 },
        InputTransformer: {
          InputPathsMap: { 'detail-executionArn': '$.detail.executionArn' },
          InputTemplate: '{"ended":<detail-executionArn>}',
        },
      });
    }
  });
});
