import { join } from 'node:path';
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
