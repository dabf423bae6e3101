import { CATCH_UP_POLL } from '../../lib/workflows/poll';
import { type Answers, failWith, machinesOf, runMachine, SMOOTH } from './support/run-machines';
import { synthesize, templateOf } from './support/synthesis';

const machines = machinesOf(templateOf(synthesize(), 'Migration'));
const run = (machine: string, input: unknown = {}, answers: Answers = {}) =>
  runMachine(machines, machine, input, answers);
const steps = ({ calls }: Awaited<ReturnType<typeof run>>) => calls.map(({ step }) => step);

const SCANNING = ['claim', 'plan-scan', 'scan-ranges', 'conclude-scan'];
const SEEDING = ['claim', 'prepare', 'snapshot', 'encrypt', 'restore', 'adopt', 'subscribe'];
const VERIFYING = ['watch', 'plan-verification', 'verify-chunks', 'conclude-verification'];

describe('Migrate', () => {
  test('runs every phase in order under one claim, and answers what each came to', async () => {
    const ran = await run('migrate');
    expect(steps(ran)).toEqual([
      'inspect',
      'assess',
      ...SCANNING,
      ...SEEDING,
      ...VERIFYING,
      'watch',
      'conclude-verification',
      'inspect',
      'cutover',
      'settle',
    ]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'live', cutover: { phase: 'live' } } });
    for (const { input } of ran.calls) {
      expect(input).toMatchObject({ schemaVersion: '1', execution: ran.executionArn });
    }
    expect(ran.calls.find(({ step }) => step === 'adopt')?.input).toMatchObject({ databases: ['shop'], epoch: '1' });
    expect(ran.calls.at(-1)?.input).toMatchObject({ epoch: '2' });
  });

  test('a dry run ends after looking', async () => {
    const ran = await run('migrate', { dryRun: true });
    expect(steps(ran)).toEqual(['inspect', 'assess']);
    expect(ran.output).toMatchObject({ outcome: 'assessed', assessment: { verdict: 'warn' } });
  });

  test('a dry run stays dry whatever else is asked', async () => {
    expect(steps(await run('migrate', { dryRun: true, stopAfter: 'cutover' }))).toEqual(['inspect', 'assess']);
  });

  test('stops where it is told to, and then releases the claim for a later cutover', async () => {
    expect(steps(await run('migrate', { stopAfter: 'assess' }))).toEqual(['inspect', 'assess']);
    const scanned = await run('migrate', { stopAfter: 'scan' });
    expect(steps(scanned)).toEqual(['inspect', 'assess', ...SCANNING, 'claim']);
    expect(scanned.output).toMatchObject({ outcome: 'scanned', scan: { outcome: 'clean' } });
    const ran = await run('migrate', { stopAfter: 'replicate' });
    expect(steps(ran)).toEqual(['inspect', 'assess', ...SCANNING, ...SEEDING, ...VERIFYING, 'claim']);
    expect(ran.calls.at(-1)?.input).toMatchObject({ mode: 'release' });
    expect(ran.output).toMatchObject({ outcome: 'replicating', replication: { seedLsn: '0/2' } });
  });

  test.each([
    [{ dryRun: 'false' }],
    [{ dryRun: 1 }],
    [{ stopAfter: 'prune' }],
    [{ stopAfter: ['assess'] }],
    [{ stopAfter: null }],
    [{ takeOver: 7 }],
    [{ force: true }],
    [JSON.parse('{"__proto__": {"dryRun": true}}')],
    [[]],
    [['dryRun']],
    ['dryRun'],
    [null],
  ])('refuses the input %j before any step runs', async (input) => {
    const ran = await run('migrate', input);
    expect(ran).toMatchObject({ status: 'FAILED', error: 'Blocked', calls: [] });
    expect(ran.cause).toContain('dryRun (boolean)');
  });

  test('hands a dead execution that is taken over to every phase', async () => {
    const ran = await run('migrate', { takeOver: 'arn:dead' });
    for (const step of ['assess', 'claim']) {
      expect(ran.calls.find((call) => call.step === step)?.input).toMatchObject({ takeOver: 'arn:dead' });
    }
  });

  test("fails with the phase's own error name and cause", async () => {
    const ran = await run(
      'migrate',
      {},
      {
        assess: () => ({
          verdict: 'block',
          counts: {},
          blocks: [
            {
              id: 'wal-level',
              verdict: 'block',
              detail: 'wal_level is replica',
              remedy: 'set rds.logical_replication',
            },
          ],
          databases: [],
          sizing: {},
          prediction: {},
          report: {},
          page: {},
        }),
      },
    );
    expect(ran).toMatchObject({
      status: 'FAILED',
      error: 'Blocked',
      cause: 'wal-level: wal_level is replica; remedy: set rds.logical_replication',
    });
    expect(steps(ran)).toEqual(['inspect', 'assess']);
  });
});

describe('Replicate', () => {
  test('alone, assesses first and releases its claim at the end', async () => {
    const ran = await run('replicate');
    expect(steps(ran)).toEqual(['inspect', 'assess', ...SEEDING, ...VERIFYING, 'claim']);
    expect(ran.status).toBe('SUCCEEDED');
  });

  test('waits until the snapshot, the copy, the target and the replication are ready', async () => {
    const later = (ready: object, pending: object) => (_: unknown, count: number) => (count < 4 ? pending : ready);
    const ran = await run(
      'replicate',
      {},
      {
        snapshot: later({ status: 'available', snapshotArn: 's' }, { status: 'pending', snapshotArn: 's' }),
        encrypt: later({ status: 'available', snapshotArn: 'e' }, { status: 'pending', snapshotArn: 'e' }),
        restore: later({ status: 'available', target: { instanceId: 'target' } }, { status: 'pending', target: null }),
        watch: later({ caughtUp: true, stuck: [] }, { caughtUp: false, stuck: [] }),
        'verify-chunks': later({ left: 0 }, { left: 2 }),
      },
    );
    expect(ran.status).toBe('SUCCEEDED');
    for (const step of ['snapshot', 'encrypt', 'restore', 'watch', 'verify-chunks']) {
      expect(steps(ran).filter((one) => one === step)).toHaveLength(4);
    }
    expect(ran.calls.find(({ step }) => step === 'restore')?.input).toMatchObject({ seed: 'e' });
    expect(ran.calls.find(({ step }) => step === 'adopt')?.input).toMatchObject({ target: { instanceId: 'target' } });
  });

  test('gives up waiting after a bound, and gives the source back', async () => {
    const ran = await run('replicate', {}, { snapshot: () => ({ status: 'pending', snapshotArn: 's' }) });
    expect(steps(ran).filter((step) => step === 'snapshot')).toHaveLength(151);
    expect(steps(ran).at(-1)).toBe('release');
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('the snapshot was not done') });
  });

  test.each([...SEEDING.slice(1), ...VERIFYING])(
    'gives the source back when %s fails, with what failed',
    async (step) => {
      const ran = await run('replicate', {}, { [step]: () => failWith('PostgresError', `${step} broke`) });
      expect(steps(ran).at(-1)).toBe('release');
      expect(ran.calls.at(-1)?.input).toMatchObject({
        epoch: '1',
        source: { instanceId: 'source' },
        databases: ['shop'],
        reason: expect.stringContaining('PostgresError'),
      });
      expect(ran).toMatchObject({ status: 'FAILED', error: 'PostgresError', published: [] });
      expect(ran.cause).toContain(`${step} broke`);
    },
  );

  test.each([
    'NotReady',
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.Unknown',
    'Sandbox.Timedout',
  ])('goes on after one %s in every step', async (name) => {
    const once = Object.fromEntries(
      [...SEEDING, ...VERIFYING].map((step) => [
        step,
        (input: Record<string, unknown>, count: number) =>
          count === 1 ? failWith(name) : SMOOTH[step as keyof typeof SMOOTH](input, count),
      ]),
    );
    expect((await run('replicate', {}, once)).status).toBe('SUCCEEDED');
  });

  test('leaves the source alone when another execution holds the claim', async () => {
    const ran = await run('replicate', {}, { claim: () => failWith('Blocked', 'held by arn:other') });
    expect(steps(ran)).toEqual(['inspect', 'assess', 'claim']);
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('arn:other') });
  });

  test('gives the source back when source and target differ', async () => {
    const ran = await run(
      'replicate',
      {},
      { 'conclude-verification': () => ({ verdict: 'different', report: { key: 'r' } }) },
    );
    expect(steps(ran).at(-1)).toBe('release');
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('differences') });
  });

  test('begins where a replication stands, and leaves a cutover under way to Cutover', async () => {
    const at = (phase: string): Answers => ({ claim: () => ({ epoch: '3', phase, systemIdentifier: '7' }) });
    for (const phase of ['replicating', 'verified']) {
      const ran = await run('replicate', {}, at(phase));
      expect(steps(ran)).toEqual(['inspect', 'assess', 'claim', ...VERIFYING, 'claim']);
    }
    const fenced = await run('replicate', {}, at('fenced'));
    expect(steps(fenced)).toEqual(['inspect', 'assess', 'claim', 'claim']);
    expect(fenced).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('phase fenced') });
    expect(steps(await run('replicate', {}, at('needs-resync'))).at(-1)).toBe('release');
  });

  test('tells a human once when apply stands still, and goes on by itself when it resumes', async () => {
    const standing = { caughtUp: false, stuck: ['subscription s of target database "shop" fails again and again'] };
    const ran = await run(
      'replicate',
      {},
      {
        watch: (input, count) => {
          if (count === 1 || count === 5) return { caughtUp: false, stuck: [] };
          return count < 8 ? standing : SMOOTH.watch(input, count);
        },
      },
    );
    expect(ran.status).toBe('SUCCEEDED');
    expect(steps(ran).filter((step) => step === 'watch')).toHaveLength(8);
    expect(steps(ran)).not.toContain('release');
    // Once for each time that it came to stand still.
    expect(ran.published).toHaveLength(2);
    expect(ran.published[0]).toMatchObject({ Subject: 'Sealift demo: a human is needed' });
    const message = String(ran.published[0]?.Message);
    expect(message).toContain('"shop" fails again and again');
    expect(message).toContain('docs/runbook.md#apply-stands-still');
  });

  test('goes on watching when nobody can be told that apply stands still', async () => {
    const ran = await runMachine(
      machines,
      'replicate',
      {},
      {
        watch: (input, count) =>
          count < 4 ? { caughtUp: false, stuck: ['subscription s was disabled'] } : SMOOTH.watch(input, count),
      },
      { publish: () => failWith('SNS.NotFoundException') },
    );
    expect(ran.status).toBe('SUCCEEDED');
    expect(ran.published).toHaveLength(1);
  });

  test('gives the source back when apply stands still beyond a bound', async () => {
    const ran = await run('replicate', {}, { watch: () => ({ caughtUp: false, stuck: ['a row is in the way'] }) });
    const looks = steps(ran).filter((step) => step === 'watch').length;
    const waited = Array.from({ length: looks }, (_, round) => round * CATCH_UP_POLL.stepSeconds);
    const total = (seconds: number[]) => seconds.reduce((sum, each) => sum + each, 0);
    expect(total(waited)).toBeGreaterThan(6 * 3600);
    expect(total(waited.slice(0, -1))).toBeLessThanOrEqual(6 * 3600);
    expect(ran.published).toHaveLength(1);
    expect(steps(ran).at(-1)).toBe('release');
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('a row is in the way') });
  });

  test('pages a human when the source cannot be given back', async () => {
    const ran = await run(
      'replicate',
      {},
      {
        adopt: () => failWith('PostgresError'),
        release: () => failWith('PostgresError', 'unreachable'),
      },
    );
    expect(ran.published).toHaveLength(1);
    expect(ran.published[0]).toMatchObject({ Subject: 'Sealift demo: a human is needed' });
    expect(ran.cause).toContain('unreachable');
  });
});

describe('Cutover', () => {
  test('alone, assesses, claims and verifies anew first', async () => {
    const ran = await run('cutover', {}, { claim: () => ({ epoch: '5', phase: 'verified', systemIdentifier: '7' }) });
    expect(steps(ran)).toEqual([
      'inspect',
      'assess',
      'inspect',
      'claim',
      'plan-verification',
      'verify-chunks',
      'conclude-verification',
      'cutover',
      'settle',
    ]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'live', finishedBy: 'settle' } });
  });

  test.each([
    ['CutoverAborted', 'CutoverAborted'],
    ['Blocked', 'Blocked'],
    ['NotReady', 'CutoverAborted'],
    ['Lambda.Unknown', 'CutoverAborted'],
    ['Sandbox.Timedout', 'CutoverAborted'],
  ])('gives the source back after %s, never begins again, and fails with %s', async (thrown, error) => {
    const ran = await run('cutover', { epoch: '1', databases: ['shop'] }, { cutover: () => failWith(thrown, 'broke') });
    expect(steps(ran)).toEqual(['inspect', 'cutover', 'give-back', 'claim']);
    expect(ran.calls.at(-1)?.input).toMatchObject({ mode: 'release' });
    expect(ran).toMatchObject({ status: 'FAILED', error, cause: expect.stringContaining('broke'), published: [] });
  });

  test('succeeds when the flip had happened and the way forward was completed', async () => {
    const ran = await run(
      'cutover',
      { epoch: '1', databases: ['shop'] },
      {
        cutover: () => failWith('Lambda.Unknown'),
        'give-back': () => ({ outcome: 'finished', detail: 'finished forward', report: {} }),
      },
    );
    expect(ran).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'live', finishedBy: 'give-back' } });
  });

  test.each(['cutover', 'settle', 'give-back'] as const)(
    'pages a human and undoes nothing when %s is past the flip',
    async (step) => {
      const ran = await run(
        'cutover',
        { epoch: '1', databases: ['shop'] },
        {
          ...(step === 'give-back' && { cutover: () => failWith('Lambda.Unknown') }),
          [step]: () => failWith('PastTheFlip', 'the record could not be read'),
        },
      );
      expect(ran).toMatchObject({ status: 'FAILED', error: 'PastTheFlip' });
      expect(ran.published).toHaveLength(1);
      expect(steps(ran).at(-1)).toBe(step);
    },
  );

  test('refuses when there is no target', async () => {
    const ran = await run(
      'cutover',
      { epoch: '1', databases: ['shop'] },
      {
        inspect: () => ({ source: { instanceId: 'source' }, target: { instance: null } }),
      },
    );
    expect(ran).toMatchObject({ error: 'Blocked', cause: expect.stringContaining('does not exist') });
    expect(steps(ran)).toEqual(['inspect']);
  });
});
