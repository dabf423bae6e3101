import { assertSameContent } from '../../../lib/rehearsal/measure/copy-content';
import { copyMs, inTurn, SEALIFT } from '../../../lib/rehearsal/measure/copy-contest';
import { copyInWords } from '../../../lib/rehearsal/measure/copy-contest-words';

const contest = (times: Readonly<Record<string, number>>) => ({
  times: Object.entries(times).map(([who, ms]) => ({ who, ms, analyzeMs: null })),
  states: {
    'Plan the schema': 1,
    'Make the tables': 1,
    'Hold the snapshots': 1,
    'Plan the rows': 1,
    Copy: 1,
    'Conclude the rows': 1,
    'Make the indexes': 1,
  },
  bytes: 1,
});

test('a copy is held beside the fastest peer by medians', () => {
  const runs = [9_000, 30_000, 8_000].map((ms) => contest({ slow: 20_000, [SEALIFT]: ms, fast: 10_000 }));
  const [line] = copyInWords('rows', runs, 0.9);
  expect(line).toMatch(/sealift 9\.0 s.*to the fastest, fast: ratio 0\.90, target 0\.9: met$/);
  expect(copyInWords('rows', [contest({ [SEALIFT]: 9_001, fast: 10_000 })], 0.9)[0]).toMatch(/NOT MET$/);
  expect(copyInWords('rows', [contest({ [SEALIFT]: 1 })], 0.9)[0]).toMatch(/NOT HELD beside anything$/);
});

test('each of them copies at every place of the order', () => {
  const turns = [0, 1, 2, 3, 4].map((turn) => inTurn(['a', 'b', 'c', 'd'], turn).join(''));
  expect(turns).toEqual(['abcd', 'bcda', 'cdab', 'dabc', 'abcd']);
});

test('the time of a copy reaches from its first state to the end of its last, with what lies between', () => {
  const state = (name: string, second: number, ms: number, machine = 'replicate') => ({
    machine,
    name,
    startedAt: new Date(second * 1_000).toISOString(),
    ms,
  });
  const states = [
    state('Make the databases', 1, 1_000),
    state('Plan the schema', 2, 500),
    state('Copy', 5, 1_000),
    state('Copy', 1, 9_000, 'another'),
    state('Make the indexes', 9, 100),
    state('Make the indexes', 10, 250),
    state('Subscribe', 11, 5_000),
  ];
  expect(copyMs(states)).toBe(8_250);
});

test('fails a copy that lacks rows, an index or a constraint', () => {
  const whole = { rows: { 'a.b': 3 }, indexes: 2, constraints: 1 };
  expect(() => assertSameContent('it', whole, whole)).not.toThrow();
  expect(() => assertSameContent('it', whole, { ...whole, rows: { 'a.b': 2 } })).toThrow('2 rows of a.b, which has 3');
  expect(() => assertSameContent('it', whole, { ...whole, rows: {} })).toThrow('1 tables differ');
  expect(() => assertSameContent('it', whole, { ...whole, indexes: 1 })).toThrow('1 indexes of 2');
  expect(() => assertSameContent('it', whole, { ...whole, constraints: 0 })).toThrow('0 constraints of 1');
});
