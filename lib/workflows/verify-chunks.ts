/**
 * The workers of the verification: each calls `Verify chunks`, which takes work from the queue until its time budget ends,
 * until none is left for it (design section 3).
 */
import { Choice, Condition, Fail, Map as MapState, Pass, ProvideItems } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ERRORS } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import { VERIFY_ROUNDS } from './poll';
import { REPEATABLE } from './retry';
import { callStep } from './states';

/** The map over the workers that `Plan the verification` named in the variable `workers`. */
export function verifyChunks(scope: Construct, props: WorkflowProps): MapState {
  const begin = Pass.jsonata(scope, 'Take a share', {
    // Variables of a worker are its own; an outer scope has none of these names.
    assign: { worker: '{% $states.input.worker %}', workRounds: 0 },
  });
  const verify = callStep(
    scope,
    'Verify chunks',
    props.functions,
    'verify-chunks',
    { epoch: '{% $epoch %}', source: '{% $source %}', target: '{% $target %}', worker: '{% $worker %}' },
    { retry: REPEATABLE, assign: { left: '{% $states.result.left %}', workRounds: '{% $workRounds + 1 %}' } },
  );
  const tooLong = Fail.jsonata(scope, 'Verification takes too long', {
    error: ERRORS.blocked,
    cause: `a verification worker was not done after ${VERIFY_ROUNDS} rounds of ten minutes; configure more verifyWorkers`,
  });
  // Every round takes items off the queue, and nothing adds any: it ends, at the latest by its bound.
  const done = Choice.jsonata(scope, 'Chunks left?')
    .when(Condition.jsonata('{% $left = 0 %}'), Pass.jsonata(scope, 'Share verified', { outputs: {} }))
    .when(Condition.jsonata(`{% $workRounds >= ${VERIFY_ROUNDS} %}`), tooLong)
    .otherwise(verify);
  const workers = MapState.jsonata(scope, 'Verify', {
    items: ProvideItems.jsonata('{% $workers %}'),
    itemSelector: { worker: '{% $states.context.Map.Item.Value %}' },
    outputs: {},
  });
  return workers.itemProcessor(begin.next(verify).next(done));
}
