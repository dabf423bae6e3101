import { join } from 'node:path';
import * as fc from 'fast-check';
import { reportCommand } from '../../../lib/rehearsal/report/report-command';
import { reportFolder } from '../../lib/support/report-folder';

const { report } = reportFolder();

describe('a file that is no history of one run', () => {
  const start = { id: 1, type: 'ExecutionStarted', timestamp: '2026-01-01T00:00:00Z' };
  const cases: [string, Readonly<Record<string, string>>, RegExp][] = [
    ['an empty file', { 'x.json': '' }, /is empty/],
    ['no JSON', { 'x.json': 'Unable to locate credentials' }, /is no JSON/],
    ['a file that was cut off', { 'x.json': '{"events": [{"id": 1, "ty' }, /cut off/],
    ['an empty history', { 'x.json': '{"events": []}' }, /holds no event/],
    ['another shape', { 'x.json': '{"events": 7}' }, /of another shape/],
    ['null', { 'x.json': 'null' }, /no JSON|of another shape/],
    ['a description', { 'x.json': '{"executionArn": "arn:aws:states:x", "status": "FAILED"}' }, /describe-execution/],
    ['a list', { 'x.json': '{"executions": []}' }, /list-executions/],
    ['a report', { 'x.json': '{"schemaVersion": "1"}' }, /not a history/],
    [
      'the log of an Express workflow',
      {
        'x.json':
          '[{"id": "1", "type": "ExecutionStarted", "event_timestamp": "1", "execution_arn": "arn:x:express:y"}]',
      },
      /Express/,
    ],
    ['events of another kind', { 'x.json': '{"events": [{"eventId": "7"}]}' }, /event 1 is not understood/],
    ['a time that is none', { 'x.json': JSON.stringify({ events: [{ ...start, timestamp: 'soon' }] }) }, /event 1/],
    ['a later page alone', { 'x.json': JSON.stringify({ events: [{ ...start, id: 101 }] }) }, /begins with event 101/],
    ['a page with more to come', { 'x.json': JSON.stringify({ events: [start], nextToken: 'abc' }) }, /nextToken/],
    ['a page with a hole', { 'x.json': JSON.stringify({ events: [start, { ...start, id: 3 }] }) }, /after number 1/],
  ];

  test.each(cases)('is refused in one line with what to do: %s', async (_, files, words) => {
    const { code, error, out } = await report(files);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(words);
    expect(error.trim()).not.toContain('\n');
    expect(error).toMatch(/: /);
  });

  test.each([
    [['--history', join('no', 'such', 'file')], /cannot be read \(ENOENT\)/],
    [[], /no history was given/],
    [['--histroy', 'x'], /--help/],
  ])('is refused before anything is written: %j', async (argv, words) => {
    let error = '';
    const print = {
      out: () => undefined,
      error: (text: string) => {
        error += text;
      },
    };
    expect(await reportCommand(argv, print)).toBe(2);
    expect(error).toMatch(words);
  });

  test('is refused without obeying what it holds', async () => {
    const { code, error } = await report({ 'odd\u001b[2J.json': '{}' });
    expect(code).toBe(2);
    expect(error).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

const eventual = fc.record(
  {
    id: fc.integer({ min: -1, max: 4 }),
    previousEventId: fc.integer({ min: -1, max: 5 }),
    timestamp: fc.oneof(fc.constant('2026-01-01T00:00:00Z'), fc.double(), fc.string()),
    type: fc.constantFrom(
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskStateExited',
      'TaskSubmitted',
      'ExecutionFailed',
      '',
    ),
    stateEnteredEventDetails: fc.oneof(fc.record({ name: fc.constantFrom('Assess', '__proto__', '') }), fc.jsonValue()),
    stateExitedEventDetails: fc.record({ name: fc.constantFrom('Assess', '__proto__') }),
    lambdaFunctionScheduledEventDetails: fc.record({ resource: fc.string(), input: fc.json() }),
    executionSucceededEventDetails: fc.oneof(fc.record({ output: fc.json() }), fc.jsonValue()),
    taskSubmittedEventDetails: fc.record({ resourceType: fc.constant('states'), output: fc.json() }),
  },
  { requiredKeys: ['id', 'type', 'timestamp'] },
);

test('whatever a file holds, it is rendered or refused in one line', async () => {
  const documents = fc.oneof(
    fc.jsonValue(),
    fc.record({ events: fc.oneof(fc.array(eventual, { maxLength: 5 }), fc.jsonValue()) }),
    fc.record({
      events: fc.array(eventual, { maxLength: 4 }).map((list) => list.map((one, at) => ({ ...one, id: at + 1 }))),
    }),
  );
  await fc.assert(
    fc.asyncProperty(documents, fc.boolean(), async (document, cut) => {
      const text = JSON.stringify(document);
      const { code, error, page } = await report({ 'any.json': cut ? text.slice(0, -1) : text });
      if (code === 0) expect(page).toContain('</html>');
      else expect(error.trim().split('\n')).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});
