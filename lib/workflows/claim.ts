/** Taking and releasing the claim of a migration: one execution at a time may change anything (fault 9). */
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERRORS } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import { PERSISTENT, REPEATABLE } from './retry';
import { callStep, failAsKept, KEEP_FAILURE } from './states';

const WHOSE = { source: '{% $source %}', databases: '{% $databases %}', takeOver: '{% $takeOver %}' };

/** Takes or keeps the claim: sets `epoch` and `phase`. Refused means that another execution holds it, so nothing is given back. */
export function takeClaim(scope: Construct, props: WorkflowProps): LambdaInvoke {
  const claim = callStep(
    scope,
    'Claim the migration',
    props.functions,
    'claim',
    { ...WHOSE, mode: 'hold' },
    { retry: REPEATABLE, assign: { epoch: '{% $states.result.epoch %}', phase: '{% $states.result.phase %}' } },
  );
  claim.addCatch(failAsKept(scope, 'Claim refused'), { errors: [ERRORS.blocked], ...KEEP_FAILURE });
  return claim;
}

/** Releases the claim for a later execution; the state's output is its input. */
export function releaseClaim(scope: Construct, name: string, props: WorkflowProps): LambdaInvoke {
  return callStep(
    scope,
    name,
    props.functions,
    'claim',
    { ...WHOSE, mode: 'release' },
    { retry: PERSISTENT, outputs: '{% $states.input %}' },
  );
}
