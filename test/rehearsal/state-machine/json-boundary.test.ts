import { definitionOf, run, task } from './interpreter';

describe('the JSON boundary', () => {
  test("dates of a function's answer are strings, undefined members vanish, and nothing is null", async () => {
    const { result } = await run(
      definitionOf({
        T: task('f', { Next: 'U' }),
        U: task('nothing', { Output: { f: '{% $states.input %}', nothing: '{% $states.result %}' } }),
      }),
      {},
      {
        f: () => ({ at: new Date(0), gone: undefined }),
        nothing: () => undefined,
      },
    );
    expect(result.output).toEqual({ f: { at: '1970-01-01T00:00:00.000Z' }, nothing: null });
  });

  test('a function among the values of an answer fails the task', async () => {
    const { result } = await run(definitionOf({ T: task('f') }), {}, { f: () => ({ call: () => 1 }) });
    expect(result).toMatchObject({ status: 'FAILED', error: 'TypeError' });
  });

  test.each([
    ['Arguments', task('f', { Arguments: '{% $join($map([1..30000], function($x) { "1234567890" })) %}' })],
    ['Output', { Type: 'Pass', Output: '{% $join($map([1..30000], function($x) { "1234567890" })) %}', End: true }],
    [
      'Assign',
      { Type: 'Pass', Assign: { x: '{% $join($map([1..30000], function($x) { "1234567890" })) %}' }, End: true },
    ],
  ])('%s above 256 KiB are States.DataLimitExceeded', async (_, state) => {
    const { result } = await run(definitionOf({ S: state }), {}, { f: () => null });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});
