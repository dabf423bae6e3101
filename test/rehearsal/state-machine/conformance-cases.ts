import { createHash } from 'node:crypto';
import { end, type Functions, failure, functionArn, machineArn, task } from './interpreter';

/** One promise of the documentation, and the entries of `SUPPORTED` that it covers. */
export interface Case {
  readonly covers: readonly string[];
  readonly promise: string;
  readonly states: Readonly<Record<string, unknown>>;
  /** Further fields of the machine. */
  readonly machine?: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
  readonly functions?: Functions;
  /** The execution's output, or the error that it fails with. */
  readonly output?: unknown;
  readonly error?: string;
}

const echo: Functions = { echo: (payload) => payload };
const pass = (expression: string) => ({ P: end(`{% ${expression} %}`) });

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

const MACHINE_CASES: readonly Case[] = [
  {
    covers: [
      'machine.StartAt',
      'machine.States',
      'machine.Comment',
      'machine.QueryLanguage',
      'machine.Version',
      'Pass.Type',
      'Pass.Comment',
      'Pass.QueryLanguage',
      'Pass.Next',
      'Pass.End',
    ],
    promise: 'a machine begins at StartAt and follows Next to End',
    machine: { StartAt: 'Second', Comment: 'c', Version: '1.0' },
    states: {
      Second: { Type: 'Pass', Comment: 'c', QueryLanguage: 'JSONata', Output: '{% "second" %}', Next: 'Third' },
      Third: { Type: 'Pass', Output: '{% $states.input & "+third" %}', Next: 'First2' },
      First2: end(),
    },
    output: 'second+third',
  },
  {
    covers: ['machine.TimeoutSeconds'],
    promise: 'a machine that outlasts TimeoutSeconds is TIMED_OUT and no Catch runs',
    machine: { TimeoutSeconds: 1 },
    states: { T: task('never', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }] }), C: { Type: 'Succeed' } },
    functions: { never: () => new Promise(() => {}) },
    error: 'States.Timeout',
  },
  {
    covers: ['Pass.Output', 'Pass.Assign'],
    promise: 'Assign and Output are evaluated with the variables as they were on entry',
    states: {
      A: { Type: 'Pass', Assign: { x: 1, y: 'old' }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $x + 1 %}', y: '{% $x %}' }, Output: '{% {"x": $x, "y": $y} %}', Next: 'C' },
      C: end('{% {"before": $states.input, "x": $x, "y": $y} %}'),
    },
    output: { before: { x: 1, y: 'old' }, x: 2, y: 1 },
  },
  {
    covers: ['Succeed.Type', 'Succeed.Output', 'Succeed.Comment', 'Succeed.QueryLanguage'],
    promise: 'Succeed ends the machine with its Output',
    states: {
      S: {
        Type: 'Succeed',
        Comment: 'c',
        QueryLanguage: 'JSONata',
        Output: { n: '{% $states.input.n * 2 %}', text: 'as is' },
      },
    },
    input: { n: 21 },
    output: { n: 42, text: 'as is' },
  },
  {
    covers: ['Fail.Type', 'Fail.Error', 'Fail.Cause', 'Fail.Comment', 'Fail.QueryLanguage'],
    promise: 'Fail ends the machine with Error and Cause, which may be expressions',
    states: {
      F: { Type: 'Fail', Comment: 'c', QueryLanguage: 'JSONata', Error: '{% $states.input.error %}', Cause: 'why' },
    },
    input: { error: 'Blocked' },
    error: 'Blocked: why',
  },
  {
    covers: [
      'Wait.Type',
      'Wait.Seconds',
      'Wait.Comment',
      'Wait.QueryLanguage',
      'Wait.Next',
      'Wait.Assign',
      'Wait.Output',
    ],
    promise: 'Wait takes Seconds as a number or an expression',
    states: {
      W: {
        Type: 'Wait',
        Comment: 'c',
        QueryLanguage: 'JSONata',
        Seconds: 1,
        Assign: { s: 2 },
        Output: { s: 3 },
        Next: 'V',
      },
      V: { Type: 'Wait', Seconds: '{% $s %}', Output: '{% $states.input.s + $s %}', Next: 'E' },
      E: end(),
    },
    output: 5,
  },
  {
    covers: ['Wait.Timestamp', 'Wait.End'],
    promise: 'Wait takes a Timestamp, and one in the past does not wait',
    states: {
      W: { Type: 'Wait', Timestamp: '2001-02-03T04:05:06Z', Next: 'V' },
      V: { Type: 'Wait', Timestamp: '{% $fromMillis($millis() + 2000) %}', End: true },
    },
    input: 'through',
    output: 'through',
  },
  {
    covers: [
      'Choice.Type',
      'Choice.Choices',
      'Choice.Comment',
      'Choice.QueryLanguage',
      'choiceRule.Condition',
      'choiceRule.Next',
      'choiceRule.Assign',
      'choiceRule.Output',
      'choiceRule.Comment',
    ],
    promise: 'Choice takes the first rule that holds, with the Assign and Output of that rule',
    states: {
      C: {
        Type: 'Choice',
        Comment: 'c',
        QueryLanguage: 'JSONata',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Next: 'E', Output: '{% "large" %}' },
          {
            Condition: '{% $states.input.n > 5 %}',
            Comment: 'c',
            Next: 'E',
            Assign: { seen: 'middle' },
            Output: '{% "medium" %}',
          },
          { Condition: '{% $states.input.n > 0 %}', Next: 'E', Output: '{% "small" %}' },
        ],
        Default: 'E',
        Assign: { seen: 'default' },
        Output: '{% "none" %}',
      },
      E: end('{% [$states.input, $seen] %}'),
    },
    input: { n: 7 },
    output: ['medium', 'middle'],
  },
  {
    covers: ['Choice.Default', 'Choice.Assign', 'Choice.Output'],
    promise: "Choice takes Default, with the state's own Assign and Output, when no rule holds",
    states: {
      C: {
        Type: 'Choice',
        Choices: [{ Condition: '{% false %}', Next: 'E', Assign: { seen: 'rule' } }],
        Default: 'E',
        Assign: { seen: 'default' },
        Output: '{% "none" %}',
      },
      E: end('{% [$states.input, $seen] %}'),
    },
    output: ['none', 'default'],
  },
  {
    covers: ['errors.States.NoChoiceMatched'],
    promise: 'Choice without Default fails when no rule holds',
    states: { C: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'E' }] }, E: end() },
    error: 'States.NoChoiceMatched',
  },
];

const TASK_CASES: readonly Case[] = [
  {
    covers: [
      'resource.function',
      'Task.Type',
      'Task.Resource',
      'Task.Arguments',
      'Task.Output',
      'Task.Assign',
      'Task.Next',
      'Task.End',
      'Task.Comment',
      'Task.QueryLanguage',
      '$states.result',
      '$states.input',
    ],
    promise: "Task sends Arguments and passes on the function's bare answer",
    states: {
      T: task('echo', {
        Comment: 'c',
        QueryLanguage: 'JSONata',
        Arguments: { n: '{% $states.input.n + 1 %}' },
        Assign: { got: '{% $states.result.n %}' },
        Output: '{% $states.result %}',
        Next: 'U',
      }),
      U: {
        ...task('echo'),
        Resource: `${functionArn('echo')}:live`,
        Output: '{% [$states.input.n, $states.result.n, $got] %}',
      },
    },
    input: { n: 1 },
    functions: echo,
    output: [2, 2, 2],
  },
  {
    covers: ['Task.TimeoutSeconds', 'errors.States.Timeout'],
    promise: 'Task longer than TimeoutSeconds fails with States.Timeout, which has no cause',
    states: {
      T: task('never', {
        TimeoutSeconds: '{% $states.input %}',
        Catch: [
          { ErrorEquals: ['States.TaskFailed'], Next: 'F' },
          { ErrorEquals: ['States.Timeout'], Next: 'C' },
        ],
      }),
      C: end('{% $states.input %}'),
      F: { Type: 'Fail' },
    },
    input: 1,
    functions: { never: () => new Promise(() => {}) },
    output: { Error: 'States.Timeout' },
  },
  {
    covers: ['resource.lambda:invoke'],
    promise: 'lambda:invoke answers with Payload, StatusCode and ExecutedVersion',
    states: {
      T: {
        Type: 'Task',
        Resource: 'arn:aws-cn:states:::lambda:invoke',
        Arguments: { FunctionName: functionArn('echo'), Payload: { a: 1 } },
        Output: '{% $sift($states.result, function($v, $k) { $k in ["Payload", "StatusCode", "ExecutedVersion"] }) %}',
        End: true,
      },
    },
    functions: echo,
    output: { ExecutedVersion: '$LATEST', Payload: { a: 1 }, StatusCode: 200 },
  },
  {
    covers: ['resource.sns:publish'],
    promise: 'sns:publish sends an object as JSON text and answers with the MessageId',
    states: {
      T: {
        Type: 'Task',
        Resource: 'arn:aws:states:::sns:publish',
        Arguments: { TopicArn: 'arn:aws:sns:eu-west-1:123456789012:topic', Message: { a: 1 }, Subject: 's' },
        Output: '{% $states.result.MessageId %}',
        End: true,
      },
    },
    output: 'message-1',
  },
  {
    covers: ['resource.states:startExecution.sync:2'],
    promise: 'startExecution.sync:2 of a machine that does not exist fails with the name of the service',
    states: {
      T: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Arguments: { StateMachineArn: machineArn('Missing'), Input: {}, Name: 'n' },
        End: true,
      },
    },
    error: 'StepFunctions.StateMachineDoesNotExistException',
  },
];

const RECOVERY_CASES: readonly Case[] = [
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

const BRANCHING_CASES: readonly Case[] = [
  {
    covers: [
      'Map.Type',
      'Map.Items',
      'Map.ItemSelector',
      'Map.ItemProcessor',
      'Map.MaxConcurrency',
      'Map.Output',
      'Map.Assign',
      'Map.Next',
      'Map.Comment',
      'Map.QueryLanguage',
      'itemProcessor.StartAt',
      'itemProcessor.States',
      'itemProcessor.ProcessorConfig',
      'itemProcessor.Comment',
      'processorMode.INLINE',
      'context.Map.Item.Index',
      'context.Map.Item.Value',
    ],
    promise: 'Map runs its processor per item and collects the outputs in order',
    states: {
      A: { Type: 'Pass', Assign: { factor: 10 }, Next: 'M' },
      M: {
        Type: 'Map',
        Comment: 'c',
        QueryLanguage: 'JSONata',
        Items: '{% $states.input.items %}',
        ItemSelector: { at: '{% $states.context.Map.Item.Index %}', n: '{% $states.context.Map.Item.Value %}' },
        MaxConcurrency: '{% 2 %}',
        ItemProcessor: {
          Comment: 'c',
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'I',
          States: {
            I: {
              Type: 'Wait',
              Seconds: '{% 10 - $states.input.n %}',
              Output: '{% $states.input.n * $factor + $states.input.at %}',
              End: true,
            },
          },
        },
        Assign: { total: '{% $sum($states.result) %}' },
        Next: 'E',
      },
      E: end('{% {"each": $states.input, "total": $total} %}'),
    },
    input: { items: [1, 2, 3] },
    output: { each: [10, 21, 32], total: 63 },
  },
  {
    covers: ['Map.End'],
    promise: 'Map without Items and ItemSelector takes its input as the items; none make an empty result',
    states: { M: { Type: 'Map', ItemProcessor: { StartAt: 'I', States: { I: end() } }, End: true } },
    input: [],
    output: [],
  },
  {
    covers: ['Map.Retry', 'Map.Catch'],
    promise: "a failing item fails the Map with the item's error, and Retry runs the whole Map again",
    states: {
      M: {
        Type: 'Map',
        Items: [1, 2],
        ItemProcessor: { StartAt: 'I', States: { I: task('broken') } },
        Retry: [{ ErrorEquals: ['A'], MaxAttempts: 1 }],
        Catch: [
          {
            ErrorEquals: ['A'],
            Next: 'E',
            Output: '{% [$states.errorOutput.Error, $states.context.State.RetryCount] %}',
          },
        ],
        End: true,
      },
      E: end(),
    },
    functions: throws('A'),
    output: ['A', 1],
  },
  {
    covers: [
      'Parallel.Type',
      'Parallel.Arguments',
      'Parallel.Branches',
      'Parallel.Output',
      'Parallel.Assign',
      'Parallel.Next',
      'Parallel.End',
      'Parallel.Comment',
      'Parallel.QueryLanguage',
      'branch.StartAt',
      'branch.States',
      'branch.Comment',
    ],
    promise: 'Parallel gives every branch its Arguments and collects their outputs in order',
    states: {
      P: {
        Type: 'Parallel',
        Comment: 'c',
        QueryLanguage: 'JSONata',
        Arguments: { n: '{% $states.input + 1 %}' },
        Branches: [
          {
            Comment: 'c',
            StartAt: 'L',
            States: { L: { Type: 'Wait', Seconds: 20, Output: '{% $states.input.n %}', End: true } },
          },
          { StartAt: 'R', States: { R: end('{% -$states.input.n %}') } },
        ],
        Assign: { both: '{% $states.result %}' },
        Output: '{% "done" %}',
        Next: 'Q',
      },
      Q: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'S', States: { S: end('{% {"input": $states.input, "both": $both} %}') } }],
        End: true,
      },
    },
    input: 1,
    output: [{ input: 'done', both: [2, -2] }],
  },
  {
    covers: ['Parallel.Retry', 'Parallel.Catch'],
    promise: "a failing branch fails the Parallel with the branch's error and interrupts the others",
    states: {
      P: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'L', States: { L: { Type: 'Fail', Error: 'A', Cause: 'c' } } },
          { StartAt: 'R', States: { R: { Type: 'Wait', Seconds: 99_999_999, End: true } } },
        ],
        Retry: [{ ErrorEquals: ['A'], MaxAttempts: 1 }],
        Catch: [
          { ErrorEquals: ['A'], Next: 'E', Output: '{% [$states.errorOutput, $states.context.State.RetryCount] %}' },
        ],
        End: true,
      },
      E: end(),
    },
    output: [{ Error: 'A', Cause: 'c' }, 1],
  },
];

const JSONATA_CASES: readonly Case[] = [
  {
    covers: [
      '$states.context',
      'context.Execution.Id',
      'context.Execution.Input',
      'context.Execution.Name',
      'context.Execution.RoleArn',
      'context.State.Name',
      'context.StateMachine.Id',
      'context.StateMachine.Name',
    ],
    promise: 'the context object names execution, state and machine',
    states: {
      A: { Type: 'Pass', Output: '{% "not the execution input" %}', Next: 'P' },
      P: end(
        '{% ($c := $states.context; [$c.Execution.Id, $c.Execution.Input.n, $c.Execution.Name, $c.Execution.RoleArn, $c.State.Name, $c.StateMachine.Id, $c.StateMachine.Name]) %}',
      ),
    },
    input: { n: 5 },
    output: [
      'arn:aws:states:eu-west-1:123456789012:execution:Tested:run',
      5,
      'run',
      'arn:aws:iam::123456789012:role/machine',
      'P',
      machineArn('Tested'),
      'Tested',
    ],
  },
  {
    covers: ['context.Execution.StartTime', 'context.State.EnteredTime'],
    promise: 'times of the context are ISO strings',
    states: pass('$toMillis($states.context.State.EnteredTime) >= $toMillis($states.context.Execution.StartTime)'),
    output: true,
  },
  {
    covers: ['$partition'],
    promise: '$partition cuts an array into chunks',
    states: pass('$partition([1..5], 2)'),
    output: [[1, 2], [3, 4], [5]],
  },
  {
    covers: ['$range'],
    promise: '$range counts by a step and includes the end',
    states: pass('[$range(1, 9, 4), $range(3, 1, -1), $range(0, 1, 3)]'),
    output: [1, 5, 9, 3, 2, 1, 0],
  },
  {
    covers: ['$hash'],
    promise: '$hash knows MD5 and the SHA family',
    states: pass('$map(["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"], function($a) { $hash("sealift", $a) })'),
    output: ['md5', 'sha1', 'sha256', 'sha384', 'sha512'].map((name) =>
      createHash(name).update('sealift').digest('hex'),
    ),
  },
  {
    covers: ['$random'],
    promise: '$random is at least 0 and below 1, and the same for the same seed',
    states: pass('[$random() >= 0, $random() < 1, $random(7) = $random(7), $random(7) = $random(8)]'),
    output: [true, true, true, false],
  },
  {
    covers: ['$uuid'],
    promise: '$uuid makes a version 4 UUID, another one each time',
    states: pass(
      '[$contains($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/), $uuid() = $uuid()]',
    ),
    output: [true, false],
  },
  {
    covers: ['$parse'],
    promise: '$parse reads JSON text',
    states: pass(`$parse('{"a": [1, null]}').a`),
    output: [1, null],
  },
  {
    covers: ['queryLanguage.JSONata'],
    promise: 'expressions stand anywhere in a value, everything else is literal',
    states: {
      P: end({
        list: [1, '{% $states.input.a %}', { deep: '{% "x" & "y" %}' }],
        literal: '$states.input',
        flag: true,
        none: null,
      }),
    },
    input: { a: 'b' },
    output: { list: [1, 'b', { deep: 'xy' }], literal: '$states.input', flag: true, none: null },
  },
  ...[
    ['an undefined result', '$states.input.missing'],
    ['a thrown error', '$error("no")'],
    ['a type error', '1 + "a"'],
    ['a function as a value', '{"f": $sum}'],
    ['a lambda as a value', 'function($x) { $x }'],
    ['an endless recursion', '($f := function($x) { 1 + $f($x) }; $f(1))'],
    ['a wrong argument of an added function', '$partition([1], 0)'],
    ['an unknown hash', '$hash("a", "CRC")'],
    ['a range that is too long', '$range(1, 1001, 1)'],
    ['text that is no JSON', '$parse("{")'],
  ].map(([what, expression]) => ({
    covers: ['errors.States.QueryEvaluationError'],
    promise: `${what} is States.QueryEvaluationError`,
    states: pass(expression ?? ''),
    error: 'States.QueryEvaluationError',
  })),
  {
    covers: ['errors.States.QueryEvaluationError'],
    promise: 'a Condition that is no boolean is States.QueryEvaluationError',
    states: { C: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'E' }], Default: 'E' }, E: end() },
    error: 'States.QueryEvaluationError',
  },
  ...[-1, 1.5, 'ten', 100_000_000].map((seconds) => ({
    covers: ['Wait.Seconds'],
    promise: `Seconds of ${JSON.stringify(seconds)} is States.QueryEvaluationError`,
    states: { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } },
    input: seconds,
    error: 'States.QueryEvaluationError',
  })),
  {
    covers: ['Wait.Timestamp'],
    promise: 'a Timestamp that is no RFC 3339 is States.QueryEvaluationError',
    states: { W: { Type: 'Wait', Timestamp: '{% "2026-01-01" %}', End: true } },
    error: 'States.QueryEvaluationError',
  },
  {
    covers: ['Map.Items'],
    promise: 'Items that are no array are States.QueryEvaluationError',
    states: {
      M: { Type: 'Map', Items: '{% {"a": 1} %}', ItemProcessor: { StartAt: 'I', States: { I: end() } }, End: true },
    },
    error: 'States.QueryEvaluationError',
  },
];

/** Every documented promise that the interpreter is held to. */
export const CASES: readonly Case[] = [
  ...MACHINE_CASES,
  ...TASK_CASES,
  ...RECOVERY_CASES,
  ...BRANCHING_CASES,
  ...JSONATA_CASES,
];
