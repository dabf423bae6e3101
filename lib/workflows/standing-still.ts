/** Apply that stands still, or definitions that differ, are a human's matter: told once, then watched until it goes on by itself or a bound is reached. */
import { type IChainable, Pass, TaskInput, type Wait } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { WorkflowProps } from './machine';
import { CATCH_UP_POLL, secondsOf } from './poll';
import { type Loop, makeFailure, publish } from './states';

/** The variables before the first look. */
export const NOT_STUCK = { stuckSeconds: 0, stuckTold: false } as const;

/** What a look at the replication assigns; the wait that follows it counts as stood still. */
export const COUNT_STUCK = {
  stuck: '{% [$states.result.stuck] %}',
  stuckSeconds: `{% $count($states.result.stuck) > 0 ? $stuckSeconds + ${secondsOf(CATCH_UP_POLL)} : 0 %}`,
  stuckTold: '{% $count($states.result.stuck) > 0 and $stuckTold %}',
} as const;

/** The ways out of `Caught up?` while apply stands still; the last one leads to the compensation. */
export function standingStill(scope: Construct, props: WorkflowProps, compensation: LambdaInvoke): Loop['detours'] {
  const gaveUp = makeFailure(
    scope,
    'Gave up on apply',
    "{% 'the replication waited too long for a human: ' & $join($stuck, '; ') & '; the source is released, put the cause right and start " +
      "the migration again' %}",
  );
  gaveUp.next(compensation);
  const message = TaskInput.fromText(
    `{% 'Sealift ${props.migration}: the replication waits for a human.\\n\\n' & $join($stuck, '\\n') & ` +
      "'\\n\\nThe replication waits and goes on by itself. Open docs/runbook.md#apply-stands-still.\\nExecution: ' & $execution %}",
  );
  const tell = (wait: Wait): IChainable => {
    const told = Pass.jsonata(scope, 'Apply was told of', { assign: { stuckTold: true } });
    return publish(scope, 'Tell that apply stands still', props, message, told.next(wait));
  };
  return [
    // Every round but the first adds to it, so that it ends.
    { when: `$stuckSeconds > ${props.standStillMinutes * 60}`, next: () => gaveUp },
    { when: '$count($stuck) > 0 and $not($stuckTold)', next: tell },
  ];
}
