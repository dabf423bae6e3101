/** Pages of the synthesized machines' own histories, as `npm run report` makes them of a real execution. */
import { join } from 'node:path';
import { reportFolder } from './support/report-folder';
import { type Answers, failWith, machinesOf, type Ran, runMachine, SMOOTH } from './support/run-machines';
import { synthesize, templateOf } from './support/synthesis';

const machines = machinesOf(templateOf(synthesize(), 'Migration'));
const HOSTILE = '<img src=x onerror=alert(1)>"\'&';
const POINTER = (name: string) => ({ bucket: 'evidence', key: `migrations/demo/run-1/${name}.json` });
const VERIFICATION = {
  verdict: 'equal',
  databases: [{ name: HOSTILE, tables: 1, rows: 1234, bytes: 4096, mismatchedTables: [], catalogDifferences: [] }],
  keysToCompareAgain: 2,
  report: POINTER('verification'),
};
const OUTAGE = { total: 321, fence: 100, barrier: 20, sequences: 1, gate: 120, switch: 80 };
const GOOD: Answers = {
  assess: (input, times) => ({
    ...Object(SMOOTH.assess(input, times)),
    counts: { pass: 40, warn: 2, block: 0 },
    report: POINTER('assess'),
  }),
  watch: (_, count) => ({ caughtUp: count > 2, lagBytes: 5_000_000 / count, lagSeconds: 1, slots: [] }),
  'conclude-verification': () => VERIFICATION,
  cutover: () => ({
    epoch: '2',
    fenceLsn: '0/3',
    flippedAt: 'now',
    outageMs: OUTAGE,
    keysCompared: 7,
    report: POINTER('cutover'),
  }),
};

const folder = reportFolder();
const report = folder.report;

const run = (machine: string, input: unknown = {}, answers: Answers = {}) =>
  runMachine(machines, machine, input, { ...GOOD, ...answers });

const filesOf = ({ histories }: Ran) => Object.fromEntries(histories.map(({ name, content }) => [name, content]));

function eventsOf(ran: Ran, machine: string): Record<string, unknown>[] {
  const file = ran.histories.find(({ name }) => name === `history-${machine}.json`);
  return (JSON.parse(file?.content ?? '{"events":[]}') as { events: Record<string, unknown>[] }).events;
}

describe('a whole migration', () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await run('migrate');
  });

  test('is shown with its verdict, outage, verification, lag and states', async () => {
    const { code, page, out } = await report(filesOf(ran));
    expect(code).toBe(0);
    expect(out).toContain('Live: the applications write on the target');
    for (const words of [
      '321 ms',
      '1,234',
      'Replication lag',
      'Take the snapshot',
      'compared 7 changed rows',
      '0/2',
      'Ada',
    ]) {
      expect(page).toContain(words);
    }
    expect(page).toContain(`Execution ${ran.executionArn}`);
  });

  test('is shown from the history of Migrate alone, which names the histories that are missing', async () => {
    const { 'history-migrate.json': own = '' } = filesOf(ran);
    const { code, page } = await report({ 'history-migrate.json': own });
    expect(code).toBe(0);
    expect(page).toContain('321 ms');
    expect(page).toContain('1,234');
    expect(page).not.toContain('Take the snapshot');
    for (const machine of ['assess', 'replicate', 'cutover']) expect(page).toContain(`States of ${machine}`);
    expect(page).toMatch(/execution:sealift-demo-replicate:/);
  });

  test('says what a history cannot tell instead of drawing it empty', async () => {
    const { page } = await report(filesOf(ran));
    expect(page).toContain('a history holds no books of the applications');
    expect(page).not.toContain('Proof of the writes');
    expect(page).toContain('40 passed, 2 warnings, 0 blocking');
    expect(page).toContain('--evidence');
  });

  test('lets no name of the database become markup', async () => {
    const table = { database: 'shop', schema: HOSTILE, name: HOSTILE, rows: '5', bytes: '10', different: '0' };
    const finding = { name: 'shop', mismatched: [], catalogDifferences: [HOSTILE], keysCompared: 1, keysPending: 0 };
    const check = { id: HOSTILE, verdict: 'warn', detail: HOSTILE, remedy: HOSTILE };
    const evidence = {
      'hostile/run-1/verification.json': JSON.stringify({ findings: [finding], tables: [table] }),
      'hostile/run-1/assess.json': JSON.stringify({ checks: [check] }),
      'hostile/run-1/prepare.json': JSON.stringify({
        slots: [{ database: HOSTILE, slot: HOSTILE, publication: HOSTILE }],
        changes: [{ database: HOSTILE, kind: HOSTILE, object: HOSTILE, prior: HOSTILE }],
      }),
    };
    const { page } = await report({ ...filesOf(ran), ...evidence }, '--evidence', join(folder.path, 'hostile'));
    expect(page).not.toContain('<img');
    expect(page.split('&#60;img').length).toBeGreaterThan(8);
    expect(page).not.toMatch(/<script|\sstyle=|src=x onerror=alert\(1\)>/);
  });

  test('is completed by the evidence of its own run, wherever the copy begins', async () => {
    const table = { database: 'shop', schema: 'public', name: 'orders', rows: '500', bytes: '10', different: '3' };
    const evidence = (root: string) => ({
      [`${root}/verification.json`]: JSON.stringify({
        findings: [{ name: 'shop', mismatched: [], catalogDifferences: [], keysCompared: 3, keysPending: 0 }],
        tables: [table],
      }),
      [`${root}/assess.json`]: JSON.stringify({
        checks: [{ id: 'ttl', verdict: 'warn', detail: 'TTL 300', remedy: 'lower it' }],
      }),
      [`${root}/prepare.json`]: JSON.stringify({
        slots: [{ database: 'shop', slot: 'sealift_slot', publication: 'sealift_pub' }],
        changes: [
          {
            database: 'shop',
            kind: 'replica-identity',
            object: '"public"."log"',
            prior: { before: { kind: 'd' }, after: { kind: 'f' } },
          },
        ],
      }),
      [`${root}/settle.json`]: JSON.stringify({ slots: ['sealift_slot'], closedLogins: ['shop_app'] }),
    });
    for (const [given, root] of [
      ['a', 'a/migrations/demo/run-1'],
      ['b', 'b/run-1'],
      ['c', 'c'],
    ] as const) {
      const { code, page } = await report(
        { ...filesOf(ran), ...evidence(root), [`${given}/migrations/demo/run-0/assess.json`]: '{"checks":[]}' },
        '--evidence',
        join(folder.path, given),
      );
      expect(code).toBe(0);
      for (const words of [
        'public.orders',
        'every row; 3 changed meanwhile, compared again',
        'lower it',
        'sealift_slot of shop',
        'default, set to full',
        'shop_app',
        'the source stays fenced',
      ]) {
        expect(page).toContain(words);
      }
    }
  });

  test('reads pages in several files, behind each other, backwards, twice, and with times in seconds', async () => {
    const events = eventsOf(ran, 'replicate');
    const half = Math.floor(events.length / 2);
    const seconds = events.map((event) => ({ ...event, timestamp: Date.parse(String(event.timestamp)) / 1000 }));
    const whole = filesOf(ran);
    const others = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== 'history-replicate.json'));
    const page = (part: object[], more = {}) => JSON.stringify({ events: part, ...more });
    const expected = (await report(whole)).page;
    const variants: Readonly<Record<string, string>>[] = [
      {
        'replicate-1.json': page(events.slice(0, half), { nextToken: 'x' }),
        'replicate-2.json': page(events.slice(half)),
      },
      { 'replicate-2.json': page(events.slice(half)), 'replicate-3.json': page(events.slice(0, half)) },
      { 'replicate.json': `${page(events.slice(0, half))}\n${page(events.slice(half))}` },
      { 'replicate.json': page([...events].reverse()) },
      { 'replicate.json': page(events), 'again.json': page(events) },
      { 'replicate.json': page(seconds) },
      { 'replicate.json': `\uFEFF${JSON.stringify(events)}` },
    ];
    for (const variant of variants) {
      const { page: drawn, error } = await report({ ...others, ...variant });
      expect(error).toBe('');
      expect(drawn).toBe(expected);
    }
  });
});

describe('the verdict', () => {
  const verdict = async (ran: Ran) => (await report(filesOf(ran))).out.split('\n')[0];
  const cutoverInput = { epoch: '1', databases: ['shop'] };

  test('of an assessment that blocks says that nothing was changed, and the remedy', async () => {
    const block = { id: 'wal-level', verdict: 'block', detail: 'wal_level is replica', remedy: 'set it to logical' };
    const ran = await run(
      'migrate',
      {},
      {
        assess: (input, times) => ({ ...Object(SMOOTH.assess(input, times)), verdict: 'block', blocks: [block] }),
      },
    );
    const { out, page } = await report(filesOf(ran));
    expect(out).toContain('Blocked: nothing was changed');
    expect(page).toContain('set it to logical');
  });

  test('of a replication that failed says that everything was taken off the source', async () => {
    const ran = await run('migrate', {}, { adopt: () => failWith('PostgresError', 'adopt broke') });
    expect(await verdict(ran)).toBe('Aborted: everything was taken off the source');
    expect((await report(filesOf(ran))).page).toContain('adopt broke');
  });

  test('of a replication that failed is followed by what was changed on the source and given back', async () => {
    const ran = await run(
      'migrate',
      {},
      {
        adopt: () => failWith('PostgresError', 'adopt broke'),
        release: () => ({ outcome: 'released', detail: 'taken off', report: POINTER('release') }),
      },
    );
    const prior = { before: { kind: 'n' }, after: { kind: 'f' } };
    const { page } = await report(
      {
        ...filesOf(ran),
        'undone/run-1/prepare.json': JSON.stringify({
          slots: [{ database: 'shop', slot: 'sealift_slot', publication: 'sealift_pub' }],
          changes: [{ database: 'shop', kind: 'replica-identity', object: '"public"."log"', prior }],
        }),
        'undone/run-1/release.json': JSON.stringify({ outcome: 'released', slots: ['sealift_slot'] }),
      },
      '--evidence',
      join(folder.path, 'undone'),
    );
    const rows = page.slice(page.indexOf('What was changed on the source')).split('<tr>');
    const row = (words: string) => rows.find((one) => one.includes(words)) ?? '';
    expect(row('sealift_slot of shop')).toContain('dropped');
    expect(row('replica identity')).toMatch(/nothing, set to full.*given back/);
  });

  test('of a cutover that aborted says that the source was given back', async () => {
    const ran = await run('cutover', cutoverInput, { cutover: () => failWith('CutoverAborted', 'too slow') });
    expect(await verdict(ran)).toBe('Aborted: the source was given back and is writable as before');
  });

  test('of a failure behind the flip calls a human', async () => {
    const ran = await run('cutover', cutoverInput, { cutover: () => failWith('PastTheFlip', 'the record is lost') });
    expect(await verdict(ran)).toBe('A human is needed: it failed behind the flip');
  });

  test('of a source that could not be given back calls a human', async () => {
    const ran = await run(
      'replicate',
      {},
      {
        adopt: () => failWith('PostgresError'),
        release: () => failWith('PostgresError', 'unreachable'),
      },
    );
    expect(await verdict(ran)).toBe('A human is needed: giving the source back failed');
  });

  test('of a failed replication without its history asks for that history', async () => {
    const ran = await run('migrate', {}, { adopt: () => failWith('PostgresError', 'adopt broke') });
    const { 'history-migrate.json': own = '' } = filesOf(ran);
    const { page, out } = await report({ 'history-migrate.json': own });
    expect(out).toContain('A human is needed');
    expect(page).toMatch(/whether the source was given back is in the history of arn:[^ ]*sealift-demo-replicate/);
  });

  test.each(['dryRun', 'stopAfter'] as const)(
    'of a run that was to end early by %s says where it stands',
    async (how) => {
      const ran = await run('migrate', how === 'dryRun' ? { dryRun: true } : { stopAfter: 'replicate' });
      expect(await verdict(ran)).toContain(how === 'dryRun' ? 'Assessed' : 'Replicating: source and target are equal');
    },
  );

  test('of an execution without an end is that it runs, and where', async () => {
    const ran = await run('migrate');
    const events = eventsOf(ran, 'replicate');
    const at = events.findIndex(({ type }) => type === 'WaitStateEntered' || type === 'MapStateEntered');
    const { out } = await report({ 'history.json': JSON.stringify({ events: events.slice(0, at + 1) }) });
    expect(out).toMatch(/^Running: (Wait for|Verify)/);
  });

  test('of a stopped execution that had changed something calls a human', async () => {
    const ran = await run('replicate');
    const events = eventsOf(ran, 'replicate');
    const at = events.findIndex(({ stateEnteredEventDetails: entered }) =>
      JSON.stringify(entered ?? '').includes('Adopt'),
    );
    const stopped = {
      ...events[at],
      id: at + 1,
      previousEventId: at,
      type: 'ExecutionAborted',
      stateEnteredEventDetails: undefined,
    };
    const { out } = await report({ 'history.json': JSON.stringify({ events: [...events.slice(0, at), stopped] }) });
    expect(out).toContain('A human is needed: it was stopped');
  });
});

describe('what does not belong together', () => {
  test('is refused when two runs are mixed', async () => {
    const [one, two] = [await run('migrate'), await run('migrate', { dryRun: true })];
    const { code, error } = await report({
      'one.json': one.histories[0]?.content ?? '',
      'two.json': two.histories[0]?.content ?? '',
    });
    expect(code).toBe(2);
    expect(error).toContain('render one run at a time');
  });

  test('is refused when the folder holds no evidence of the run', async () => {
    const ran = await run('migrate');
    const { code, error } = await report(
      { ...filesOf(ran), 'empty/notes.txt': '' },
      '--evidence',
      join(folder.path, 'empty'),
    );
    expect(code).toBe(2);
    expect(error).toContain('migrations/demo/run-1/');
  });
});
