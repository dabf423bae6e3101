import { end, task } from '../interpreter';
import type { Case } from './case';

/** Machines and the states that call nothing. */
export const MACHINE_CASES: readonly Case[] = [
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
