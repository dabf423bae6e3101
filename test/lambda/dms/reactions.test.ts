import {
  isValidated,
  progressOf,
  reactToEnd,
  reactToTable,
  reactToTask,
  TABLE_STATES,
  TASK_STATUSES,
} from '../../../lambda/dms/reactions';

it.each([
  ['creating', 'wait', 'wait', 'wait'],
  ['ready', 'start', 'resume', 'delete'],
  ['starting', 'wait', 'wait', 'stop'],
  ['running', 'follow', 'follow', 'stop'],
  ['stopping', 'wait', 'wait', 'wait'],
  ['stopped', 'start', 'resume', 'delete'],
  ['failed', 'block', 'block', 'delete'],
  ['modifying', 'wait', 'wait', 'wait'],
  ['testing', 'wait', 'wait', 'wait'],
  ['moving', 'wait', 'wait', 'wait'],
  ['failed-move', 'block', 'block', 'delete'],
  ['deleting', 'block', 'block', 'wait'],
])('knows what to do about a task that is %s', (status, never, before, end) => {
  expect(TASK_STATUSES).toContain(status);
  expect([reactToTask(status, false), reactToTask(status, true), reactToEnd(status)]).toEqual([never, before, end]);
});

it('leaves a status that nobody knows to a person, and never loads anew', () => {
  expect(reactToTask('levitating', true)).toBe('block');
  expect(reactToEnd('levitating')).toBe('wait');
  expect(TASK_STATUSES.map((status) => reactToTask(status, true))).not.toContain('start');
});

it('takes no table for loaded that is not, whatever else is said of it', () => {
  expect(TABLE_STATES.filter((state) => reactToTable(state) === 'loaded')).toEqual(['Table completed']);
  expect(TABLE_STATES.filter((state) => reactToTable(state) === 'broken')).toEqual([
    'Table does not exist',
    'Table cancelled',
    'Table error',
  ]);
  expect(reactToTable('Table levitates')).toBe('broken');
});

it('names tables that are in error or unknown to the task, and counts as validated what is called so', () => {
  const table = (name: string, state: string, validation: string) => ({ schema: 'S', table: name, state, validation });
  const tables = [
    table('a', 'Table completed', 'Validated'),
    table('b', 'Table completed', 'Mismatched records'),
    table('c', 'Table error', 'Table error'),
    table('d', 'Full load', 'Pending validation'),
    table('somebody else’s', 'Table error', 'Error'),
  ];
  const wanted = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ schema: 'S', name }));
  expect(progressOf(tables, wanted)).toEqual({
    loaded: 2,
    waiting: 1,
    broken: ['"S"."c": Table error'],
    missing: ['"S"."e"'],
    validated: 1,
  });
  expect(['No primary key', 'Pending records', 'Suspended records', 'Error', ''].filter(isValidated)).toEqual([]);
});
