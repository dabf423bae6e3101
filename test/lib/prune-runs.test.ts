import { type Answers, failWith, machinesOf, runMachine } from './support/run-machines';
import { example, synthesize, templateOf } from './support/synthesis';

const machines = machinesOf(templateOf(synthesize(), 'Migration'));
const run = (machine: string, input: unknown = {}, answers: Answers = {}) =>
  runMachine(machines, machine, input, answers);
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);

const SCANNING = ['claim', 'plan-scan', 'scan-ranges', 'conclude-scan'];
const SEEDING = ['claim', 'prepare', 'snapshot', 'encrypt', 'restore', 'adopt', 'subscribe'];
const VERIFYING = ['watch', 'plan-verification', 'verify-chunks', 'conclude-verification'];

describe('Prune', () => {
  const PRUNING = ['claim', 'plan-prune', 'snapshot', 'encrypt', 'plan-prune', 'prune-rows', 'conclude-prune'];

  test('alone, assesses first, takes the baseline before anything goes, and releases its claim', async () => {
    const ran = await run('prune');
    expect(steps(ran)).toEqual(['inspect', 'assess', ...PRUNING, 'claim']);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'pruned', pruning: { rows: 3 } } });
    for (const step of ['snapshot', 'encrypt']) {
      expect(ran.calls.find((call) => call.step === step)?.input).toMatchObject({ purpose: 'baseline' });
    }
    expect(ran.calls.filter(({ step }) => step === 'plan-prune').map(({ input }) => input.mode)).toEqual([
      'decide',
      'queue',
    ]);
  });

  test('a dry run only previews, without a claim', async () => {
    const ran = await run('prune', { dryRun: true });
    expect(steps(ran)).toEqual(['inspect', 'assess', 'plan-prune']);
    expect(ran.calls.at(-1)?.input).toMatchObject({ mode: 'preview', epoch: null });
    expect(ran.output).toMatchObject({ outcome: 'previewed' });
  });

  test('takes no baseline when nothing is old, and says so', async () => {
    const ran = await run('prune', {}, { 'plan-prune': () => ({ rows: 0, newestBoundary: null, workers: [0] }) });
    expect(steps(ran)).toEqual(['inspect', 'assess', 'claim', 'plan-prune', 'conclude-prune', 'claim']);
  });

  test('goes through the queue again while rows have moved away, and not for ever', async () => {
    const again = { again: true, rows: 0, tables: [], kept: 0, report: {} };
    const twice = await run('prune', {}, { 'conclude-prune': (_, count) => ({ ...again, again: count < 2 }) });
    expect(steps(twice).filter((step) => step === 'prune-rows')).toHaveLength(2);
    const forEver = await run('prune', {}, { 'conclude-prune': () => again });
    expect(steps(forEver).filter((step) => step === 'prune-rows')).toHaveLength(5);
  });

  test.each(['plan-prune', 'snapshot', 'encrypt', 'prune-rows', 'conclude-prune'])(
    'gives the source back when %s fails',
    async (step) => {
      const ran = await run('prune', {}, { [step]: () => failWith('Blocked', `${step} refused`) });
      expect(steps(ran).at(-1)).toBe('release');
      expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked', cause: expect.stringContaining(step) });
    },
  );

  test.each(['seeding', 'replicating', 'verified'])('leaves a migration that stands in %s alone', async (phase) => {
    const ran = await run('prune', {}, { claim: () => ({ epoch: '2', phase, systemIdentifier: '7' }) });
    expect(steps(ran)).toEqual(['inspect', 'assess', 'claim', 'claim']);
    expect(ran.output).toMatchObject({ outcome: 'skipped' });
  });

  test('a claim that fails takes nothing down', async () => {
    const ran = await run('prune', {}, { claim: (input) => (input.mode === 'hold' ? failWith('Odd') : {}) });
    expect(steps(ran)).toEqual(['inspect', 'assess', 'claim', 'claim']);
  });

  describe('within Migrate', () => {
    const entries = [{ database: 'shop', table: 'event', column: 'at', olderThan: '6 months' }];
    const pruning = machinesOf(templateOf(synthesize([example({ prune: { entries } })]), 'Migration'));
    const migrate = (input: unknown) => runMachine(pruning, 'migrate', input);

    test('comes before the scan and the replication', async () => {
      const ran = await migrate({ stopAfter: 'replicate' });
      expect(steps(ran)).toEqual(['inspect', 'assess', ...PRUNING, ...SCANNING, ...SEEDING, ...VERIFYING, 'claim']);
    });

    test('can be the last phase, and is previewed by a dry run', async () => {
      const last = await migrate({ stopAfter: 'prune' });
      expect(steps(last)).toEqual(['inspect', 'assess', ...PRUNING, 'claim']);
      expect(last.output).toMatchObject({ outcome: 'pruned', pruning: { pruning: { rows: 3 } } });
      const dry = await migrate({ dryRun: true });
      expect(steps(dry)).toEqual(['inspect', 'assess', 'plan-prune']);
      expect(dry.output).toMatchObject({ outcome: 'assessed', pruning: { outcome: 'previewed' } });
    });
  });

  test('cannot be asked for where nothing is configured', async () => {
    expect(await run('migrate', { stopAfter: 'prune' })).toMatchObject({ status: 'FAILED', calls: [] });
  });
});
