import { end, type Functions, failure, task } from '../interpreter';
import type { Case } from './case';

const echo: Functions = { echo: (payload) => payload };

const throws = (name: string): Functions => ({
  broken: () => {
    throw failure(name);
  },
});

/** A task that fails with a name, caught by a pattern: the output says which Catch entry took it. */
const caught = (patterns: readonly string[]) => ({
  T: task('broken', {
    Catch: patterns.map((pattern) => ({ ErrorEquals: [pattern], Next: 'C', Output: `{% "${pattern}" %}` })),
  }),
  C: { Type: 'Succeed' },
});

/** Retry, Catch and the names of errors. */
export const RECOVERY_CASES: readonly Case[] = [
  {
    covers: [
      'Task.Retry',
      'retrier.ErrorEquals',
      'retrier.IntervalSeconds',
      'retrier.MaxAttempts',
      'retrier.BackoffRate',
      'retrier.MaxDelaySeconds',
      'retrier.JitterStrategy',
      'retrier.Comment',
      'context.State.RetryCount',
    ],
    promise: 'Retry repeats the task until it works, evaluating Arguments anew',
    states: {
      T: task('flaky', {
        Arguments: '{% $states.context.State.RetryCount %}',
        Retry: [
          {
            ErrorEquals: ['NotReady'],
            IntervalSeconds: 1,
            MaxAttempts: 5,
            BackoffRate: 1.5,
            MaxDelaySeconds: 2,
            JitterStrategy: 'FULL',
            Comment: 'c',
          },
        ],
      }),
    },
    functions: {
      flaky: (payload, count) => {
        if (count < 4) throw failure('NotReady');
        return payload;
      },
    },
    output: 3,
  },
  {
    covers: ['Task.Retry'],
    promise: 'each Retry entry has attempts of its own, and a failure that none matches is not repeated',
    states: {
      T: task('broken', {
        Retry: [
          { ErrorEquals: ['A'], MaxAttempts: 1 },
          { ErrorEquals: ['B', 'C'], MaxAttempts: 1 },
        ],
        Catch: [{ ErrorEquals: ['D'], Next: 'E', Output: '{% $states.context.State.RetryCount %}' }],
      }),
      E: end(),
    },
    functions: {
      broken: (_, count) => {
        throw failure(['A', 'C', 'D'][count - 1] ?? 'none');
      },
    },
    output: 2,
  },
  {
    covers: ['Task.Retry'],
    promise: 'MaxAttempts 0 never repeats, and three is the default',
    states: {
      T: task('broken', {
        Retry: [{ ErrorEquals: ['A'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['A'], Next: 'U', Assign: { first: '{% $states.context.State.RetryCount %}' } }],
      }),
      U: task('again', {
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['B'], Next: 'E', Output: '{% [$first, $states.context.State.RetryCount] %}' }],
      }),
      E: end(),
    },
    functions: { ...throws('A'), again: () => Promise.reject(failure('B')) },
    output: [0, 3],
  },
  {
    covers: [
      'Task.Catch',
      'catcher.ErrorEquals',
      'catcher.Next',
      'catcher.Assign',
      'catcher.Output',
      'catcher.Comment',
      '$states.errorOutput',
    ],
    promise: 'Catch goes to Next with its own Assign and Output, after Retry is used up',
    states: {
      T: task('broken', {
        Assign: { kept: 'never' },
        Retry: [{ ErrorEquals: ['Blocked'], MaxAttempts: 1 }],
        Catch: [
          {
            ErrorEquals: ['Blocked'],
            Comment: 'c',
            Next: 'E',
            Assign: { kept: '{% $states.errorOutput.Error %}' },
            Output: '{% $parse($states.errorOutput.Cause).errorMessage %}',
          },
        ],
      }),
      E: end('{% [$states.input, $kept] %}'),
    },
    functions: throws('Blocked'),
    output: ['failed', 'Blocked'],
  },
  {
    covers: ['Task.Catch'],
    promise: 'Catch without Output passes the error output on',
    states: { T: task('broken', { Catch: [{ ErrorEquals: ['A'], Next: 'E' }] }), E: end('{% $states.input.Error %}') },
    functions: throws('A'),
    output: 'A',
  },
  {
    covers: ['errors.States.ALL'],
    promise: 'States.ALL matches every name',
    states: caught(['Other', 'States.ALL']),
    functions: throws('Anything.At.All'),
    output: 'States.ALL',
  },
  {
    covers: ['errors.States.TaskFailed'],
    promise: 'States.TaskFailed matches every name but States.Timeout',
    states: caught(['Other', 'States.TaskFailed', 'States.ALL']),
    functions: throws('Anything'),
    output: 'States.TaskFailed',
  },
  {
    covers: ['errors.States.Permissions'],
    promise: 'States.Permissions is what a callback may throw, and is caught by name',
    states: caught(['States.Permissions', 'States.ALL']),
    functions: throws('States.Permissions'),
    output: 'States.Permissions',
  },
  {
    covers: ['errors.States.DataLimitExceeded'],
    promise: 'a result above 256 KiB is States.DataLimitExceeded, which States.ALL and States.TaskFailed do not match',
    states: caught(['States.TaskFailed', 'States.ALL']),
    functions: { broken: () => 'x'.repeat(262_143) },
    error: 'States.DataLimitExceeded',
  },
  {
    covers: ['errors.States.DataLimitExceeded'],
    promise: 'States.DataLimitExceeded is caught by its own name',
    states: caught(['States.DataLimitExceeded']),
    functions: { broken: () => 'x'.repeat(262_143) },
    output: 'States.DataLimitExceeded',
  },
  {
    covers: ['errors.States.Runtime'],
    promise: 'States.Runtime is never caught and never repeated',
    states: {
      T: {
        ...task('unused', {
          Retry: [{ ErrorEquals: ['States.ALL'] }],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }],
        }),
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: '{% {"FunctionName": "f", "Unknown": 1} %}',
      },
      C: { Type: 'Succeed' },
    },
    error: 'States.Runtime',
  },
  {
    covers: ['errors.States.QueryEvaluationError'],
    promise: 'an expression that fails is States.QueryEvaluationError, which a task catches',
    states: {
      T: task('echo', {
        Arguments: '{% 1 + "a" %}',
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'E' }],
      }),
      E: end('{% $states.input.Error %}'),
    },
    functions: echo,
    output: 'States.QueryEvaluationError',
  },
  {
    covers: ['errors.States.QueryEvaluationError'],
    promise: 'an Output that fails after the call is caught too',
    states: {
      T: task('echo', { Output: '{% $states.result.missing %}', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'E' }] }),
      E: end('{% $states.input.Error %}'),
    },
    functions: echo,
    output: 'States.QueryEvaluationError',
  },
];
