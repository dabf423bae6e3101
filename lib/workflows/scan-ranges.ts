/**
 * The workers of the scan: each calls `Scan ranges`, which takes work from the queues until its time budget ends, until none is left
 * for it (design section 3).
 */
import { Choice, Condition, Fail, Map as MapState, Pass, ProvideItems } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ERRORS } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import { SCAN_ROUNDS } from './poll';
import { REPEATABLE } from './retry';
import { type Arguments, callStep } from './states';

/** The map over the workers that a plan named in the variable `workers`; `place` is what they scan. */
export function scanRanges(scope: Construct, props: WorkflowProps, place: Arguments<'plan-scan'>): MapState {
  const begin = Pass.jsonata(scope, 'Take a share to scan', {
    // Variables of a worker are its own; an outer scope has none of these names.
    assign: { worker: '{% $states.input.worker %}', workRounds: 0 },
  });
  const scan = callStep(
    scope,
    'Scan ranges',
    props.functions,
    'scan-ranges',
    { ...place, worker: '{% $worker %}' },
    { retry: REPEATABLE, assign: { left: '{% $states.result.left %}', workRounds: '{% $workRounds + 1 %}' } },
  );
  const tooLong = Fail.jsonata(scope, 'Scan takes too long', {
    error: ERRORS.blocked,
    cause: `a worker of the scan was not done after ${SCAN_ROUNDS} rounds of ten minutes; configure more scan.workers`,
  });
  // Every round takes items off the queue, and nothing adds any: it ends, at the latest by its bound.
  const done = Choice.jsonata(scope, 'Ranges left?')
    .when(Condition.jsonata('{% $left = 0 %}'), Pass.jsonata(scope, 'Share scanned', { outputs: {} }))
    .when(Condition.jsonata(`{% $workRounds >= ${SCAN_ROUNDS} %}`), tooLong)
    .otherwise(scan);
  const workers = MapState.jsonata(scope, 'Scan', {
    items: ProvideItems.jsonata('{% $workers %}'),
    itemSelector: { worker: '{% $states.context.Map.Item.Value %}' },
    outputs: {},
  });
  return workers.itemProcessor(begin.next(scan).next(done));
}
