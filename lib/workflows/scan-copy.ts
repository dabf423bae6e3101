/**
 * The scan of the restored copy, as Replicate runs it when `scan.on` is `target`, after catching up and before the verification:
 *
 *   Plan the scan of the copy -> Scan (each worker: Scan ranges until none is left) -> Conclude the scan of the copy
 *     -> Is the copy sound? -> on
 *
 *   damage -> The copy is damaged -> the compensation: what is damaged there is damaged on the source
 */
import { Choice, Condition, type IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import { REPEATABLE } from './retry';
import { scanRanges } from './scan-ranges';
import { callStep, KEEP_FAILURE, makeFailure } from './states';

/** The steps that a machine with a scan of the copy calls. */
export const COPY_SCAN_STEPS: readonly StepName[] = ['plan-scan', 'scan-ranges', 'conclude-scan'];

const PLACE = {
  epoch: '{% $epoch %}',
  source: '{% $source %}',
  target: '{% $target %}',
  databases: '{% $databases %}',
} as const;

/** Makes the states and returns the first; `sound` follows when nothing is damaged. */
export function scanCopy(
  scope: Construct,
  props: WorkflowProps,
  sound: IChainable,
  compensation: LambdaInvoke,
): LambdaInvoke {
  const plan = callStep(scope, 'Plan the scan of the copy', props.functions, 'plan-scan', PLACE, {
    retry: REPEATABLE,
    assign: { workers: '{% [$states.result.workers] %}' },
  });
  const workers = scanRanges(scope, props, PLACE);
  const conclude = callStep(scope, 'Conclude the scan of the copy', props.functions, 'conclude-scan', PLACE, {
    retry: REPEATABLE,
    assign: { conclusion: '{% $states.result %}' },
  });
  for (const state of [plan, workers, conclude]) {
    state.addCatch(compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
  }
  const damaged = makeFailure(
    scope,
    'The copy is damaged',
    "{% $substring($conclusion.detail & '; see ' & $conclusion.report.key, 0, 30000) %}",
  );
  damaged.next(compensation);
  const decide = Choice.jsonata(scope, 'Is the copy sound?')
    .when(Condition.jsonata("{% $conclusion.verdict = 'clean' %}"), sound)
    .otherwise(damaged);
  plan.next(workers).next(conclude).next(decide);
  return plan;
}
