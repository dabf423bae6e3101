/** Error names of the Amazon States Language that the interpreter raises or matches. */
export const ERROR_NAMES = {
  all: 'States.ALL',
  dataLimitExceeded: 'States.DataLimitExceeded',
  noChoiceMatched: 'States.NoChoiceMatched',
  permissions: 'States.Permissions',
  queryEvaluationError: 'States.QueryEvaluationError',
  runtime: 'States.Runtime',
  taskFailed: 'States.TaskFailed',
  timeout: 'States.Timeout',
} as const;

/** Type names of states. */
export type StateType = 'Task' | 'Choice' | 'Wait' | 'Map' | 'Parallel' | 'Pass' | 'Succeed' | 'Fail';

/** Fields of one kind of object; `?` marks what may be left out. */
type Fields = Readonly<Record<string, 'required' | 'optional'>>;

const COMMON = { Type: 'required', Comment: 'optional', QueryLanguage: 'optional' } as const;
const FLOW = { ...COMMON, Next: 'optional', End: 'optional', Assign: 'optional', Output: 'optional' } as const;
const RECOVERY = { Retry: 'optional', Catch: 'optional' } as const;

/**
 * Everything that the interpreter runs, as data: the loader refuses what is not listed, the conformance test has a case
 * for each entry, and the documentation lists it.
 */
export const SUPPORTED = {
  queryLanguages: ['JSONata'],
  machine: {
    StartAt: 'required',
    States: 'required',
    Comment: 'optional',
    QueryLanguage: 'optional',
    TimeoutSeconds: 'optional',
    Version: 'optional',
  } satisfies Fields,
  states: {
    Task: { ...FLOW, ...RECOVERY, Resource: 'required', Arguments: 'optional', TimeoutSeconds: 'optional' },
    Choice: { ...COMMON, Choices: 'required', Default: 'optional', Assign: 'optional', Output: 'optional' },
    Wait: { ...FLOW, Seconds: 'optional', Timestamp: 'optional' },
    Map: {
      ...FLOW,
      ...RECOVERY,
      ItemProcessor: 'required',
      Items: 'optional',
      ItemSelector: 'optional',
      MaxConcurrency: 'optional',
    },
    Parallel: { ...FLOW, ...RECOVERY, Branches: 'required', Arguments: 'optional' },
    Pass: FLOW,
    Succeed: { ...COMMON, Output: 'optional' },
    Fail: { ...COMMON, Error: 'optional', Cause: 'optional' },
  } satisfies Record<StateType, Fields>,
  choiceRule: {
    Condition: 'required',
    Next: 'required',
    Assign: 'optional',
    Output: 'optional',
    Comment: 'optional',
  } satisfies Fields,
  retrier: {
    ErrorEquals: 'required',
    IntervalSeconds: 'optional',
    MaxAttempts: 'optional',
    BackoffRate: 'optional',
    MaxDelaySeconds: 'optional',
    JitterStrategy: 'optional',
    Comment: 'optional',
  } satisfies Fields,
  catcher: {
    ErrorEquals: 'required',
    Next: 'required',
    Assign: 'optional',
    Output: 'optional',
    Comment: 'optional',
  } satisfies Fields,
  itemProcessor: {
    StartAt: 'required',
    States: 'required',
    ProcessorConfig: 'optional',
    Comment: 'optional',
  } satisfies Fields,
  branch: { StartAt: 'required', States: 'required', Comment: 'optional' } satisfies Fields,
  processorModes: ['INLINE'],
  /** Members of `$states`; `result` only in Output and Assign of Task, Map and Parallel, `errorOutput` only in a Catch. */
  statesVariable: ['input', 'result', 'errorOutput', 'context'],
  /** Paths below `$states.context`; `Task.Token` only in callback tasks, `Map` only in an ItemSelector. */
  context: [
    'Execution.Id',
    'Execution.Input',
    'Execution.Name',
    'Execution.RoleArn',
    'Execution.StartTime',
    'State.EnteredTime',
    'State.Name',
    'State.RetryCount',
    'StateMachine.Id',
    'StateMachine.Name',
    'Task.Token',
    'Map.Item.Index',
    'Map.Item.Value',
  ],
  /** Functions that Step Functions adds to JSONata. */
  addedFunctions: ['partition', 'range', 'hash', 'random', 'uuid', 'parse'],
  /** JSONata's own functions; Step Functions takes `$eval` away. */
  jsonataFunctions: (
    'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match ' +
    'contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power ' +
    'boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert type ' +
    'sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl toMillis ' +
    'fromMillis now millis'
  ).split(' '),
  errorNames: Object.values(ERROR_NAMES),
  /** Task resources with the partition left out; a Lambda function's own ARN is the seventh kind. */
  serviceIntegrations: {
    'lambda:invoke': ['FunctionName', 'Payload'],
    'lambda:invoke.waitForTaskToken': ['FunctionName', 'Payload'],
    'states:startExecution.sync:2': ['StateMachineArn', 'Input', 'Name'],
    'sns:publish': ['TopicArn', 'Message', 'Subject', 'MessageAttributes'],
    'sns:publish.waitForTaskToken': ['TopicArn', 'Message', 'Subject', 'MessageAttributes'],
  },
} as const;

/** A service integration that a Task's Resource may name. */
export type ServiceIntegration = keyof typeof SUPPORTED.serviceIntegrations;

/** Fields of the JSONPath query language, named so that their refusal can say why. */
export const JSONPATH_FIELDS: readonly string[] = [
  'InputPath',
  'OutputPath',
  'Parameters',
  'Result',
  'ResultPath',
  'ResultSelector',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ErrorPath',
  'CausePath',
  'Iterator',
];
