import { createHash } from 'node:crypto';
import { holds, type Report } from '../../../lib/rehearsal/report/report';
import { summaryOf } from '../../../lib/rehearsal/report/summary';
import { bytes, seconds } from '../../../lib/rehearsal/report/words';
import { pageOf } from '../../../lib/rehearsal/report/write-report';

const REPORT: Report = {
  schemaVersion: '1',
  startedAt: '2026-01-01T10:00:00.000Z',
  ms: 60_000,
  outcome: 'succeeded',
  reason: null,
  stopAfter: 'cutover',
  road: 'snapshot',
  engine: 'native',
  sourceVersion: '17.10',
  targetVersion: '17.10',
  seedLsn: '0/5000000',
  seedOrigin: 'rds_tools',
  writableSide: 'target',
  outageMs: {
    total: 400,
    fence: 50,
    barrier: 5,
    sequences: 40,
    gate: 100,
    switch: 90,
    cutover: 285,
    predicted: null,
    canary: { how: 'server', looks: 1, ms: 41 },
  },
  rollback: null,
  writers: {
    acknowledged: 1000,
    refused: 20,
    unknown: 0,
    unknownPresent: 0,
    lost: 0,
    doubled: 0,
    torn: 0,
    phantom: 0,
    onlyOnSource: 0,
    sequenceReuse: 0,
    maxLatencyMs: 300,
    allWritersBackMs: 410,
  },
  databases: [
    {
      name: 'a<b>&"c"',
      tables: 3,
      rows: 1200,
      rowsOnSource: 1000,
      bytes: 12_000_000,
      rowsIdentical: 900,
      rowsChangedSince: 300,
      mismatchedTables: [],
    },
  ],
  copy: null,
  pruning: null,
  scan: [
    {
      on: 'source',
      name: 'catalog',
      tables: 3,
      rows: 1200,
      badRows: 2,
      badPages: 1,
      badIndexes: 1,
      rowsRemoved: 2,
      pagesLost: 1,
      indexesRebuilt: 3,
      summary: 'Total tables scanned: 3, failed: [blob]',
    },
  ],
  phases: [{ name: 'Assess', startedAt: '2026-01-01T10:00:10.000Z', ms: 1000 }],
  states: [],
  checks: [{ id: 'slots', verdict: 'warn', detail: '<script>alert(1)</script>', remedy: 'none' }],
  refusedApiCalls: [],
  executions: [],
  failedSteps: [],
  series: {
    writersStartedAt: '2026-01-01T10:00:05.000Z',
    latency: [{ atMs: 0, acknowledged: 5, refused: 1, meanMs: 3, maxMs: 9 }],
    lag: [],
    outageStartedAt: '2026-01-01T10:00:20.000Z',
    outageEndedAt: '2026-01-01T10:00:20.400Z',
  },
};

const events = [
  {
    id: 1,
    type: 'ExecutionStarted',
    timestamp: '2026-01-01T10:00:09.000Z',
    executionStartedEventDetails: { input: '{}' },
  },
  {
    id: 2,
    type: 'TaskStateEntered',
    timestamp: '2026-01-01T10:00:10.000Z',
    stateEnteredEventDetails: { name: 'Assess' },
  },
  { id: 3, type: 'ExecutionSucceeded', timestamp: '2026-01-01T10:00:59.000Z', executionSucceededEventDetails: {} },
];
const HISTORY = { name: 'history-migrate.json', content: JSON.stringify({ events }) };

const render = (report: Report) => pageOf({ report, histories: [HISTORY], evidence: [] });

test('names and details of the database cannot become markup', () => {
  const page = render(REPORT);
  expect(page).not.toContain('<script>');
  expect(page).not.toContain('a<b>');
  expect(page).toContain('a&#60;b&#62;');
});

test('the page needs nothing from elsewhere, and its policy lets nothing in', () => {
  const page = render(REPORT);
  expect(page).not.toMatch(/<script|<link|src=|https?:|url\(|\sstyle=|\son[a-z]+=/);
  const digest = /sha256-([^&]+)&#39;/.exec(page)?.[1];
  const sheet = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? '';
  expect(digest).toBe(createHash('sha256').update(sheet).digest('base64'));
  expect(page).toContain('default-src &#39;none&#39;');
});

test('the page shows the verdict and the books of the writers before everything else', () => {
  const page = render(REPORT);
  const places = [
    'nothing lost, nothing doubled',
    'Proof of the writes',
    'Timeline',
    'Latency of the writes',
    'Outage',
    'Checks',
  ];
  const found = places.map((place) => page.indexOf(place));
  expect(found).not.toContain(-1);
  expect([...found].sort((a, b) => a - b)).toEqual(found);
});

test('a run holds only when it succeeded, lost, doubled and changed nothing, and no call was refused', () => {
  const { writers } = REPORT;
  if (!writers) throw new Error('the example has writers');
  const [database] = REPORT.databases;
  if (!database) throw new Error('the example has a database');
  const bad: Partial<Report>[] = [
    { outcome: 'aborted' },
    { outcome: 'failed' },
    { writers: { ...writers, lost: 1 } },
    { writers: { ...writers, doubled: 1 } },
    { databases: [{ ...database, mismatchedTables: ['public.t'] }] },
    { refusedApiCalls: [{ caller: 'role', call: 'rds:DeleteDBInstance', reason: 'AccessDenied' }] },
  ];
  expect(holds(REPORT)).toBe(true);
  expect(bad.map((change) => holds({ ...REPORT, ...change }))).toEqual(bad.map(() => false));
});

test('the summary of an aborted run says why and what to do', () => {
  const reason = { error: 'Blocked', cause: 'no slot is free', remedy: 'raise max_replication_slots' };
  const text = summaryOf({ ...REPORT, outcome: 'aborted', writableSide: 'source', checks: [], reason }, 'out');
  expect(text).toContain('Blocked: no slot is free');
  expect(text).toContain('raise max_replication_slots');
  expect(text).not.toContain('nothing lost');
});

test('on the copy road the summary says what came and what did not, and nothing of a seed or a snapshot', () => {
  const copy: Report['copy'] = {
    tables: 3,
    rows: 1000,
    bytes: 12_000_000,
    newPasswords: ['reporting'],
    leftOut: [{ database: 'shop', what: 'FUNCTION', object: 'public.peek()', reason: 'no such language' }],
  };
  const report: Report = { ...REPORT, road: 'copy', sourceVersion: '15.19', seedLsn: null, seedOrigin: null, copy };
  const text = summaryOf(report, 'out');
  for (const words of [
    'copy, PostgreSQL 15.19 to 17.10',
    '1,000 rows of 3 tables, 12.0 MB on the wire',
    'public.peek() (function)',
    'reporting, in the secret RolePasswords',
  ]) {
    expect(text).toContain(words);
  }
  const page = render(report);
  expect(page).toContain('PostgreSQL 15.19 to 17.10, copy road');
  for (const said of [text, page]) expect(said).not.toMatch(/seed LSN|RDS snapshots|snapshots and restores/);
});

test('amounts are said in units that people read', () => {
  expect([bytes(0), bytes(999), bytes(1000), bytes(12_345_678), bytes(2e12)]).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 MB',
    '2.0 TB',
  ]);
  expect([12, 999.7, 4200, 59_960, 72_000, 119_700].map(seconds)).toEqual([
    '12 ms',
    '1.0 s',
    '4.2 s',
    '1 min 0 s',
    '1 min 12 s',
    '2 min 0 s',
  ]);
  expect([24_901_000, 183_600_000].map(seconds)).toEqual(['6 h 55 min', '2 d 3 h']);
});
