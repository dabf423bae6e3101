/**
 * What every failure before the flip leads to. Both compensations ask the ledger first which side of the flip the migration
 * is on, and are therefore safe whatever was caught (style section 6). When one fails itself, a human is paged.
 *
 *   Replicate: step `release`    takes everything off the source
 *   Rollback:  step `give-back`  the same with the sides turned round: the target is the one that is given back
 *   Cutover:   step `give-back`  lifts the fence, replication goes on; or completes the way forward after the flip
 */
import { type IChainable, Pass } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { WorkflowProps } from './machine';
import { PERSISTENT } from './retry';
import { callStep, failAsKept, KEEP_FAILURE, pageHuman, ROOT_EXECUTION, TAKEN_OVER } from './states';

/** A compensation and the states behind it. */
export interface Compensation {
  /** `Give the source back`; its outcome is in the variable `outcome`, its output is the step's. */
  readonly task: LambdaInvoke;
  /** Pages a human about what is in `failure`, then fails with it. */
  readonly pageAndFail: IChainable;
}

/** Makes `Give the source back` with the step that does it in this machine; on the way back it has another name. */
export function giveSourceBack(
  scope: Construct,
  props: WorkflowProps,
  step: 'release' | 'give-back',
  name = 'Give the source back',
): Compensation {
  const pageAndFail = pageHuman(scope, props, failAsKept(scope, 'Needs a human'));
  const task = callStep(
    scope,
    name,
    props.functions,
    step,
    {
      epoch: '{% $epoch %}',
      source: '{% $source %}',
      target: '{% $target %}',
      databases: '{% $databases %}',
      reason: "{% $substring($failure.error & ': ' & $failure.cause, 0, 4000) %}",
    },
    { retry: PERSISTENT, assign: { outcome: '{% $states.result.outcome %}' } },
  );
  task.addCatch(pageAndFail, { errors: ['States.ALL'], ...KEEP_FAILURE });
  return { task, pageAndFail };
}

/** The first state after the input's check: sets the variables that a compensation reads, before anything is known. */
export function begin(scope: Construct, assign: Record<string, unknown> = {}): Pass {
  return Pass.jsonata(scope, 'Begin', {
    assign: {
      execution: ROOT_EXECUTION,
      takeOver: TAKEN_OVER,
      epoch: '{% null %}',
      target: '{% null %}',
      failure: "{% {'error': '', 'cause': ''} %}",
      ...assign,
    },
  });
}
