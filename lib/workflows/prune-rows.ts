/** The workers of a pruning: each calls `Prune rows`, which takes pieces from the queue, until none is left for it. */
import { Choice, Condition, Fail, Map as MapState, Pass, ProvideItems } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ERRORS } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import { PRUNE_ROUNDS } from './poll';
import { REPEATABLE } from './retry';
import { callStep } from './states';

/** The map over the workers that the plan in the variable `plan` names. */
export function pruneRows(scope: Construct, props: WorkflowProps): MapState {
  const begin = Pass.jsonata(scope, 'Take a share', {
    // Variables of a worker are its own; an outer scope has none of these names.
    assign: { worker: '{% $states.input.worker %}', workRounds: 0 },
  });
  const prune = callStep(
    scope,
    'Prune rows',
    props.functions,
    'prune-rows',
    { epoch: '{% $epoch %}', source: '{% $source %}', databases: '{% $databases %}', worker: '{% $worker %}' },
    { retry: REPEATABLE, assign: { left: '{% $states.result.left %}', workRounds: '{% $workRounds + 1 %}' } },
  );
  const tooLong = Fail.jsonata(scope, 'Pruning takes too long', {
    error: ERRORS.blocked,
    cause: `a pruning worker was not done after ${PRUNE_ROUNDS} rounds of eight minutes; what it removed stays removed, start again to go on`,
  });
  // Every round takes pieces off the queue, and nothing adds any: it ends, at the latest by its bound.
  const done = Choice.jsonata(scope, 'Rows left?')
    .when(Condition.jsonata('{% $left = 0 %}'), Pass.jsonata(scope, 'Share pruned', { outputs: {} }))
    .when(Condition.jsonata(`{% $workRounds >= ${PRUNE_ROUNDS} %}`), tooLong)
    .otherwise(prune);
  const workers = MapState.jsonata(scope, 'Prune', {
    items: ProvideItems.jsonata('{% [$plan.workers] %}'),
    itemSelector: { worker: '{% $states.context.Map.Item.Value %}' },
    outputs: {},
  });
  return workers.itemProcessor(begin.next(prune).next(done));
}
