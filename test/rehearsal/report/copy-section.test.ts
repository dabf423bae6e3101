import { evidenceFacts } from '../../../lib/rehearsal/report/evidence/evidence-facts';
import { readPage } from '../../../lib/rehearsal/report/history/history-events';
import { joinPages } from '../../../lib/rehearsal/report/history/join-pages';
import { migrationFacts } from '../../../lib/rehearsal/report/history/migration-facts';
import { pageOfExecution } from '../../../lib/rehearsal/report/page/page-of-execution';
import { renderPage } from '../../../lib/rehearsal/report/page/render-page';
import { copyAmount } from '../../../lib/rehearsal/run/copy-watch';

const ROOT = 'arn:aws:states:us-east-1:111122223333:execution:sealift-shop-replicate:run-1';
const SLOT = { database: 'shop', slot: 'sealift_shop_1', publication: 'sealift_shop', startLsn: '0/1' };
const pointer = (name: string) => ({ bucket: 'evidence', key: `migrations/shop/run-1/${name}.json` });

const ANSWERS: readonly (readonly [step: string, output: unknown])[] = [
  ['prepare', { slots: [], report: pointer('prepare') }],
  ['make-databases', { databases: 2, roles: 5, newPasswords: 2, leftOut: 1, report: pointer('databases') }],
  ['plan-schema', { items: 9, leftOut: 2, report: pointer('schema') }],
  ['hold-snapshot', { slots: [SLOT] }],
  [
    'plan-rows',
    { snapshot: 'held', items: 4, tables: 7, bytes: 10, leftOut: 1, workers: [0], report: pointer('rows') },
  ],
  ['copy-rows', { left: 0, done: 4, rows: 1234, snapshot: 'held' }],
  ['conclude-rows', { rows: 1234, bytes: 56_000 }],
];

const EVIDENCE = new Map<string, unknown>([
  ['prepare', { slots: [], changes: [] }],
  [
    'databases',
    {
      newPasswords: ['reporting', '<b>odd</b>'],
      leftOut: [
        { rule: 'role', loss: 'lost', type: 'ATTRIBUTE', object: 'batch bypassrls', reason: 'RDS lets nobody' },
      ],
    },
  ],
  [
    'schema',
    {
      databases: [
        {
          database: 'shop',
          items: 9,
          leftOut: [
            { rule: 'language', loss: 'lost', type: 'FUNCTION', object: 'public.peek()', reason: 'no such language' },
            { rule: 'settings', loss: 'nothing', type: 'SET', object: 'settings', reason: 'done by the session' },
          ],
        },
      ],
    },
  ],
  ['rows', { databases: [{ database: 'shop', tables: 7, leftOut: [{ relation: '"a"."v"', reason: 'a view' }] }] }],
]);

function history(answers: typeof ANSWERS): object {
  const timestamp = '2026-01-01T10:00:00.000Z';
  const name = (step: string) => `arn:aws:lambda:us-east-1:111122223333:function:sealift-shop-${step}`;
  const calls = answers.flatMap(([step, output], index) => {
    const id = 2 + 4 * index;
    return [
      { id, previousEventId: id - 1, type: 'TaskStateEntered', timestamp, stateEnteredEventDetails: { name: step } },
      {
        id: id + 1,
        previousEventId: id,
        type: 'LambdaFunctionScheduled',
        timestamp,
        lambdaFunctionScheduledEventDetails: { resource: name(step), input: JSON.stringify({ execution: ROOT }) },
      },
      { id: id + 2, previousEventId: id + 1, type: 'LambdaFunctionStarted', timestamp },
      {
        id: id + 3,
        previousEventId: id + 2,
        type: 'LambdaFunctionSucceeded',
        timestamp,
        lambdaFunctionSucceededEventDetails: { output: JSON.stringify(output) },
      },
    ];
  });
  const started = { id: 1, type: 'ExecutionStarted', timestamp, executionStartedEventDetails: { input: '{}' } };
  return { events: [started, ...calls] };
}

function pageFor(answers: typeof ANSWERS, evidence: ReadonlyMap<string, unknown> | null) {
  const facts = migrationFacts(joinPages([readPage('history.json', history(answers))]));
  return pageOfExecution(facts, evidence === null ? null : evidenceFacts(evidence));
}

test('a copy says what came, what the target lacks, and whose password is new', () => {
  const page = pageFor(ANSWERS, EVIDENCE);
  expect(page.copy).toEqual({
    summary: expect.stringContaining('1,234 rows of 7 tables were copied over connections into 2 databases'),
    passwords: expect.stringContaining('2 roles got a new password'),
    leftOut: [
      { database: null, what: 'ATTRIBUTE', object: 'batch bypassrls', reason: 'RDS lets nobody' },
      { database: 'shop', what: 'FUNCTION', object: 'public.peek()', reason: 'no such language' },
      { database: 'shop', what: 'rows', object: '"a"."v"', reason: 'a view' },
    ],
  });
  expect(page.tiles).toContainEqual({ value: '1,234', label: 'rows copied over connections' });
  expect(page.tiles.map(({ label }) => label).join()).not.toContain('seed');
  const shown = renderPage(page);
  expect(shown).not.toContain('<b>odd');
  for (const words of ['public.peek()', 'no such language', 'RolePasswords: reporting']) expect(shown).toContain(words);
});

test('slots and publications that came with the snapshots are among the changes of the source', () => {
  const { changes } = pageFor(ANSWERS, EVIDENCE);
  expect(changes?.map(({ what, object }) => `${what} ${object}`)).toEqual(
    expect.arrayContaining(['replication slot sealift_shop_1 of shop', 'publication sealift_shop in shop']),
  );
});

test('without evidence the roles are counted, and nothing is said of what was left out', () => {
  const page = pageFor(ANSWERS, null);
  expect(page.copy).toMatchObject({
    passwords: '2 roles got a new password on the target, kept in the secret RolePasswords.',
    leftOut: null,
  });
  expect(renderPage(page)).not.toContain('Nothing was left out');
});

test('a copy that did not come to its end says so, and another road says nothing', () => {
  expect(pageFor(ANSWERS.slice(0, 5), null).copy?.summary).toContain('did not come to its end');
  expect(pageFor([['adopt', { seedLsn: '0/5', seedOrigin: 'replay' }]], null).copy).toBeNull();
});

test('while it runs, the copy tells the part that is being done', () => {
  const none = { done: 0, total: 0 };
  const done = { done: 3, total: 3 };
  const queues = { before: done, rows: done, indexes: done, after: done };
  expect(copyAmount({ before: none, rows: none, indexes: none, after: none })).toBeNull();
  expect(copyAmount(queues)).toBeNull();
  expect(copyAmount({ ...queues, rows: none, indexes: { done: 0, total: 40 } })).toBeNull();
  expect(copyAmount({ ...queues, rows: { done: 5e6, total: 2e7 }, indexes: { done: 0, total: 40 } })).toMatchObject({
    doing: 'copying rows',
    done: 5e6,
    unit: 'bytes',
  });
  expect(copyAmount({ ...queues, indexes: { done: 12, total: 40 } })).toMatchObject({
    phase: 'Replicate',
    doing: 'making indexes',
    done: 12,
    total: 40,
    unit: 'indexes',
  });
});
