import { end, type Functions, functionArn, machineArn, task } from '../interpreter';
import type { Case } from './case';

const echo: Functions = { echo: (payload) => payload };

/** Tasks and their resources. */
export const TASK_CASES: readonly Case[] = [
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
