import { end, task } from './interpreter';

/** A machine of these states. */
export const machine = (states: Record<string, unknown>, fields: Record<string, unknown> = {}) => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0],
  States: states,
  ...fields,
});
/** A machine of one state `S` that may go to `E`. */
export const one = (state: Record<string, unknown>) => machine({ S: state, E: { Type: 'Succeed' } });
/** A Task `S` of a service integration. */
export const service = (name: string, fields: Record<string, unknown>) => ({
  Type: 'Task',
  Resource: `arn:aws:states:::${name}`,
  Next: 'E',
  ...fields,
});
const map = (fields: Record<string, unknown>, states: Record<string, unknown> = { I: end() }) => ({
  Type: 'Map',
  ItemProcessor: { StartAt: Object.keys(states)[0], States: states },
  Next: 'E',
  ...fields,
});
/** A machine with one expression. */
export const output = (expression: string) => one({ Type: 'Pass', Output: `{% ${expression} %}`, Next: 'E' });

/** What the loader refuses: what it is, the definition, and part of what it says. */
export const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ['text that is no JSON', '{', 'is no JSON'],
  [
    'a machine without a query language',
    machine({ S: end() }, { QueryLanguage: undefined }),
    'state \'S\', field QueryLanguage: must be JSONata, got "JSONPath"',
  ],
  [
    'JSONPath of the machine',
    machine({ S: end() }, { QueryLanguage: 'JSONPath' }),
    'field QueryLanguage: must be JSONata',
  ],
  [
    'JSONPath of a state',
    one({ Type: 'Pass', QueryLanguage: 'JSONPath', Next: 'E' }),
    "state 'S', field QueryLanguage",
  ],
  ...['InputPath', 'OutputPath', 'Parameters', 'Result', 'ResultPath', 'ResultSelector'].map(
    (field) =>
      [
        `the JSONPath field ${field}`,
        one({ Type: 'Pass', [field]: '$', Next: 'E' }),
        `state 'S', field ${field}: belongs to JSONPath`,
      ] as const,
  ),
  [
    'an unknown field of the machine',
    machine({ S: end() }, { Timeout: 1 }),
    "state machine 'M', field Timeout: is not known",
  ],
  ['another version', machine({ S: end() }, { Version: '2.0' }), 'field Version'],
  ['an unknown field of a state', one({ Type: 'Pass', Foo: 1, Next: 'E' }), "state 'S', field Foo: is not known"],
  [
    'a field of another state type',
    one({ Type: 'Pass', Seconds: 1, Next: 'E' }),
    "state 'S', field Seconds: is not known",
  ],
  ['an unknown type', one({ Type: 'Loop', Next: 'E' }), "state 'S', field Type: must be Task, Choice"],
  ['a StartAt that names nothing', machine({ S: end() }, { StartAt: 'X' }), 'field StartAt: names no state'],
  ['a Next that names nothing', machine({ S: { Type: 'Pass', Next: 'X' } }), "state 'S', field Next: names no state"],
  ['Next beside End', one({ Type: 'Pass', Next: 'E', End: true }), "state 'S', field End"],
  ['a state that nothing leads to', machine({ S: end(), X: end() }), "state 'X': no state leads here"],
  [
    'a block that cannot end',
    machine({ S: { Type: 'Pass', Next: 'T' }, T: { Type: 'Pass', Next: 'S' } }),
    'field States: has no state that ends it',
  ],
  ['a name used twice', machine({ S: map({}, { S: end() }), E: end() }), "the name of state 'S' is used twice"],
  ['a name that is too long', machine({ ['x'.repeat(81)]: end() }), 'more than 80 characters'],
  ['a syntax error', output('1 +'), "state 'S', field Output: is no JSONata"],
  [
    'an expression without its end',
    one({ Type: 'Pass', Output: '{% 1', Next: 'E' }),
    'begins with {% and ends with %}',
  ],
  [
    'an expression with text around it',
    one({ Type: 'Pass', Output: ' {% 1 %}', Next: 'E' }),
    'begins with {% and ends with %}',
  ],
  ['$eval', output('$eval("1")'), '$eval is not available'],
  ['an unknown function', output('$fetch("x")'), '$fetch is neither a function nor a variable'],
  ['a variable that nothing assigns', output('$nothing'), '$nothing is neither a function nor a variable'],
  ['an unknown member of $states', output('$states.output'), '$states.output is not known'],
  ['$states.result without one', output('$states.result'), '$states.result is not available in this field'],
  [
    '$states.result in Arguments',
    one(task('f', { Arguments: '{% $states.result %}', Next: 'E' })),
    "state 'S', field Arguments: $states.result",
  ],
  [
    '$states.errorOutput outside Catch',
    one(task('f', { Output: '{% $states.errorOutput %}', Next: 'E' })),
    '$states.errorOutput is not available',
  ],
  [
    'an unknown member of the context',
    output('$states.context.Execution.RedriveCount'),
    'is no member of the context object',
  ],
  ['the item outside an ItemSelector', output('$states.context.Map.Item.Value'), 'only available in an ItemSelector'],
  [
    'the token outside a callback task',
    output('$states.context.Task.Token'),
    'only available in the Arguments of a task that waits',
  ],
  [
    'an Assign that is no object',
    one({ Type: 'Pass', Assign: '{% {} %}', Next: 'E' }),
    'field Assign: must be an object',
  ],
  ['a reserved variable', one({ Type: 'Pass', Assign: { states: 1 }, Next: 'E' }), "'states' is reserved"],
  [
    'a name that is no variable name',
    one({ Type: 'Pass', Assign: { 'a-b': 1 }, Next: 'E' }),
    "'a-b' is no variable name",
  ],
  [
    'an inner scope that assigns an outer variable',
    one(map({ Assign: { x: 1 } }, { I: { Type: 'Pass', Assign: { x: 2 }, End: true } })),
    "'x' is assigned in an outer scope",
  ],
  [
    'an outer scope that reads an inner variable',
    one(map({ Output: '{% $inner %}' }, { I: { Type: 'Pass', Assign: { inner: 2 }, End: true } })),
    '$inner is neither a function nor a variable',
  ],
  [
    'ToleratedFailurePercentage',
    one(map({ ToleratedFailurePercentage: 5 })),
    'field ToleratedFailurePercentage: is not known',
  ],
  ['ToleratedFailureCount', one(map({ ToleratedFailureCount: 5 })), 'field ToleratedFailureCount: is not known'],
  ...['ItemReader', 'ItemBatcher', 'ResultWriter', 'Label'].map(
    (field) => [`a distributed Map's ${field}`, one(map({ [field]: {} })), `field ${field}: is not known`] as const,
  ),
  [
    'a distributed Map',
    one({
      ...map({}),
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'I',
        States: { I: end() },
      },
    }),
    'field ItemProcessor/ProcessorConfig: must be {"Mode": "INLINE"}',
  ],
  ['object items', one(map({ Items: { a: 1 } })), 'object items are not known'],
  ['HeartbeatSeconds', one(task('f', { HeartbeatSeconds: 5, Next: 'E' })), 'field HeartbeatSeconds: is not known'],
  ['Credentials', one(task('f', { Credentials: {}, Next: 'E' })), 'field Credentials: is not known'],
  [
    'TimeoutSeconds of 0',
    one(task('f', { TimeoutSeconds: 0, Next: 'E' })),
    'field TimeoutSeconds: must be a whole number from 1',
  ],
  [
    'another service',
    one(service('sqs:sendMessage', { Arguments: {} })),
    "state 'S', field Resource: must be a Lambda function ARN",
  ],
  ['an SDK integration', one(service('aws-sdk:rds:describeDBInstances', { Arguments: {} })), 'field Resource'],
  ['a child that nobody waits for', one(service('states:startExecution', { Arguments: {} })), 'field Resource'],
  ['a child whose output is text', one(service('states:startExecution.sync', { Arguments: {} })), 'field Resource'],
  ['an activity', one({ Type: 'Task', Resource: 'arn:aws:states:r:1:activity:A', Next: 'E' }), 'field Resource'],
  [
    'an unknown argument',
    one(service('lambda:invoke', { Arguments: { FunctionName: 'f', Qualifier: '1' } })),
    'field Arguments/Qualifier: is not known',
  ],
  [
    'a missing argument',
    one(service('lambda:invoke', { Arguments: { Payload: {} } })),
    'field Arguments/FunctionName: is required',
  ],
  ['missing Arguments', one(service('sns:publish', {})), 'field Arguments: must be an object or an expression'],
  [
    'a callback task that keeps its token',
    one(service('lambda:invoke.waitForTaskToken', { Arguments: { FunctionName: 'f' } })),
    'must pass on $states.context.Task.Token',
  ],
  ['a Wait without a time', one({ Type: 'Wait', Next: 'E' }), 'either Seconds or Timestamp'],
  [
    'a Wait with two times',
    one({ Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z', Next: 'E' }),
    'either Seconds or Timestamp',
  ],
  [
    'a Timestamp of another form',
    one({ Type: 'Wait', Timestamp: '2026-01-01', Next: 'E' }),
    'field Timestamp: must be RFC 3339',
  ],
  [
    'a Choice without rules',
    one({ Type: 'Choice', Choices: [], Default: 'E' }),
    'field Choices: must hold at least one rule',
  ],
  [
    'a rule of JSONPath',
    one({ Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'E' }], Default: 'E' }),
    'field Choices[0]/Variable: is not known',
  ],
  [
    'a Condition that is no expression',
    one({ Type: 'Choice', Choices: [{ Condition: true, Next: 'E' }] }),
    'field Choices[0]/Condition: must be an expression',
  ],
  [
    'an unknown field of a retrier',
    one(task('f', { Retry: [{ ErrorEquals: ['A'], Backoff: 2 }], Next: 'E' })),
    'field Retry[0]/Backoff: is not known',
  ],
  [
    'a BackoffRate below 1',
    one(task('f', { Retry: [{ ErrorEquals: ['A'], BackoffRate: 0.5 }], Next: 'E' })),
    'field Retry[0]/BackoffRate',
  ],
  [
    'an unknown JitterStrategy',
    one(task('f', { Retry: [{ ErrorEquals: ['A'], JitterStrategy: 'SOME' }], Next: 'E' })),
    'field Retry[0]/JitterStrategy',
  ],
  [
    'a MaxDelaySeconds within the interval',
    one(task('f', { Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 5, MaxDelaySeconds: 5 }], Next: 'E' })),
    'field Retry[0]/MaxDelaySeconds',
  ],
  [
    'an IntervalSeconds of 0',
    one(task('f', { Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 0 }], Next: 'E' })),
    'field Retry[0]/IntervalSeconds',
  ],
  [
    'an error name that is never raised',
    one(task('f', { Retry: [{ ErrorEquals: ['States.HeartbeatTimeout'] }], Next: 'E' })),
    "'States.HeartbeatTimeout' is never raised",
  ],
  [
    'States.ALL beside another name',
    one(task('f', { Catch: [{ ErrorEquals: ['States.ALL', 'A'], Next: 'E' }], Next: 'E' })),
    'States.ALL must stand alone',
  ],
  [
    'States.ALL before the last entry',
    one(
      task('f', {
        Catch: [
          { ErrorEquals: ['States.ALL'], Next: 'E' },
          { ErrorEquals: ['A'], Next: 'E' },
        ],
        Next: 'E',
      }),
    ),
    'field Catch[0]/ErrorEquals: States.ALL must stand alone and in the last entry',
  ],
  [
    'a ResultPath of a catcher',
    one(task('f', { Catch: [{ ErrorEquals: ['A'], ResultPath: '$', Next: 'E' }], Next: 'E' })),
    'field Catch[0]/ResultPath: belongs to JSONPath',
  ],
  ['a Retry of a Pass', one({ Type: 'Pass', Retry: [], Next: 'E' }), 'field Retry: is not known'],
  ['an ErrorPath', machine({ F: { Type: 'Fail', ErrorPath: '$.e' } }), 'field ErrorPath: belongs to JSONPath'],
  [
    'a Parallel without branches',
    one({ Type: 'Parallel', Branches: [], Next: 'E' }),
    'field Branches: must hold at least one branch',
  ],
  [
    'an unknown field of a branch',
    one({ Type: 'Parallel', Branches: [{ StartAt: 'B', States: { B: end() }, Name: 'b' }], Next: 'E' }),
    'field Branches[0]/Name: is not known',
  ],
];
