import { type Answers, failWith, machinesOf, runMachine } from './support/run-machines';
import { example, synthesize, templateOf } from './support/synthesis';

const machines = machinesOf(templateOf(synthesize(), 'Migration'));
const run = (machine: string, input: unknown = {}, answers: Answers = {}) =>
  runMachine(machines, machine, input, answers);
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);
const at = (phase: string): Answers => ({ claim: () => ({ epoch: '3', phase, systemIdentifier: '7' }) });
const found = (verdict: string): Answers => ({
  'conclude-scan': () => ({ verdict, detail: 'damage in shop', databases: [], report: { key: 'scan.json' } }),
});

describe('Scan', () => {
  test('alone assesses first, and releases its claim', async () => {
    const ran = await run('scan');
    expect(steps(ran)).toEqual(['inspect', 'assess', 'claim', 'plan-scan', 'scan-ranges', 'conclude-scan', 'claim']);
    expect(ran.calls.at(-1)?.input).toMatchObject({ mode: 'release' });
    expect(ran.output).toMatchObject({ outcome: 'clean', databases: [{ name: 'shop' }], repaired: null });
  });

  test.each(['assessed', 'pruned', 'scanned'])('scans a source that stands in phase %s', async (phase) => {
    expect(steps(await run('scan', {}, at(phase)))).toContain('conclude-scan');
    expect(steps(await run('migrate', {}, at(phase)))).toContain('conclude-scan');
  });

  test('calls the workers until none has work left', async () => {
    const answers: Answers = {
      'plan-scan': () => ({ items: 9, bytes: 9, workers: [0, 1] }),
      'scan-ranges': (_input, count) => ({ left: count < 4 ? 1 : 0, done: 1, rows: 1 }),
    };
    const workers = (await run('scan', {}, answers)).calls.filter(({ step }) => step === 'scan-ranges');
    expect(workers.length).toBeGreaterThanOrEqual(4);
    expect(new Set(workers.map(({ input }) => input.worker))).toEqual(new Set([0, 1]));
  });

  test('repairs only what the conclusion calls repairable', async () => {
    const ran = await run('scan', {}, found('repairable'));
    expect(steps(ran)).toContain('quarantine');
    expect(ran.output).toMatchObject({ outcome: 'repaired', repaired: { databases: [{ rowsRemoved: 1 }] } });
  });

  test('fails with what is damaged and where it is listed, and gives the source back', async () => {
    const ran = await run('scan', {}, found('blocked'));
    expect(steps(ran)).not.toContain('quarantine');
    expect(steps(ran).at(-1)).toBe('release');
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked', cause: 'damage in shop; see scan.json' });
  });

  test.each(['plan-scan', 'scan-ranges', 'conclude-scan', 'quarantine'])(
    'gives the source back when %s fails, with what failed',
    async (step) => {
      const ran = await run('scan', {}, { ...found('repairable'), [step]: () => failWith('PostgresError', 'broke') });
      expect(steps(ran).at(-1)).toBe('release');
      expect(ran).toMatchObject({ status: 'FAILED', error: 'PostgresError' });
    },
  );

  test('alone is refused once something follows the source, and takes nothing down', async () => {
    const ran = await run('scan', {}, at('replicating'));
    expect(steps(ran)).toEqual(['inspect', 'assess', 'claim', 'claim']);
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('phase replicating') });
  });

  test('does not stand in the way of a migration that goes on where it stood', async () => {
    const ran = await run('migrate', {}, at('replicating'));
    expect(steps(ran)).not.toContain('plan-scan');
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'live', scan: { outcome: 'skipped' } } });
  });

  describe('of the copy', () => {
    const onCopy = machinesOf(templateOf(synthesize([example({ scan: { on: 'target' } })]), 'Migration'));

    test('comes after catching up and before the verification, and Migrate does not scan the source', async () => {
      const ran = await runMachine(onCopy, 'migrate', {});
      const called = steps(ran).filter((step) =>
        ['watch', 'plan-scan', 'conclude-scan', 'plan-verification'].includes(step),
      );
      expect(called).toEqual(['watch', 'plan-scan', 'conclude-scan', 'plan-verification', 'watch']);
      for (const { step, input } of ran.calls) {
        if (step.includes('scan')) expect(input.target).toMatchObject({ instanceId: 'target' });
      }
      expect(ran.output).toMatchObject({ outcome: 'live', scan: null });
    });

    test('fails with what is damaged, and gives the source back', async () => {
      const ran = await runMachine(onCopy, 'migrate', {}, found('blocked'));
      expect(steps(ran)).not.toContain('plan-verification');
      expect(steps(ran)).toContain('release');
      expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked' });
      expect(ran.cause).toContain('damage in shop; see scan.json');
    });

    test('leaves the machine Scan as it is: alone it scans the source', async () => {
      const ran = await runMachine(onCopy, 'scan', {});
      expect(ran.calls.find(({ step }) => step === 'plan-scan')?.input.target).toBeNull();
    });
  });

  test('is left out of Migrate when the configuration says so', async () => {
    const without = machinesOf(templateOf(synthesize([example({ scan: { enabled: false } })]), 'Migration'));
    const ran = await runMachine(without, 'migrate', {});
    expect(steps(ran)).not.toContain('plan-scan');
    expect(ran.output).toMatchObject({ outcome: 'live', scan: null });
    expect(await runMachine(without, 'migrate', { stopAfter: 'scan' })).toMatchObject({ error: 'Blocked', calls: [] });
  });
});
