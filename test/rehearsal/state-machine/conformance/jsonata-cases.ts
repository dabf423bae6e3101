import { createHash } from 'node:crypto';
import { end, machineArn } from '../interpreter';
import type { Case } from './case';

const pass = (expression: string) => ({ P: end(`{% ${expression} %}`) });

/** The context object, the added functions, and expressions that fail. */
export const JSONATA_CASES: readonly Case[] = [
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
