import { end, type Functions, failure, task } from '../interpreter';
import type { Case } from './case';

const throws = (name: string): Functions => ({
  broken: () => {
    throw failure(name);
  },
});

/** Map and Parallel. */
export const BRANCHING_CASES: readonly Case[] = [
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
