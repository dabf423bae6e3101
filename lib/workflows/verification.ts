/**
 * The verification, as Replicate runs it after catching up and Cutover before it cuts over alone:
 *
 *   Plan the verification -> Verify (each worker: Verify chunks until none is left) -> Conclude the verification -> Equal?
 */
import { Choice, Condition, type IChainable, Pass } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERRORS, type StepName } from '../../lambda/contract';
import type { WorkflowProps } from './machine';
import { REPEATABLE } from './retry';
import { callStep, KEEP_FAILURE } from './states';
import { verifyChunks } from './verify-chunks';

/** The steps that a machine with a verification calls. */
export const VERIFICATION_STEPS: readonly StepName[] = ['plan-verification', 'verify-chunks', 'conclude-verification'];

const ALL = {
  epoch: '{% $epoch %}',
  source: '{% $source %}',
  target: '{% $target %}',
  databases: '{% $databases %}',
} as const;

/** Where a verification leads. */
export interface VerificationEnds {
  /** Output of `Conclude the verification`; its result is `$states.result`. */
  readonly outputs: string | Record<string, unknown>;
  /** The state after an equal verdict. */
  readonly equal: IChainable;
  /** Where a difference and every failure lead, with `failure` set. */
  readonly compensation: LambdaInvoke;
}

/** Makes the states of the verification and returns the first. */
export function verification(scope: Construct, props: WorkflowProps, ends: VerificationEnds): LambdaInvoke {
  const plan = callStep(scope, 'Plan the verification', props.functions, 'plan-verification', ALL, {
    retry: REPEATABLE,
    assign: { workers: '{% [$states.result.workers] %}' },
  });
  const workers = verifyChunks(scope, props);
  const conclude = callStep(scope, 'Conclude the verification', props.functions, 'conclude-verification', ALL, {
    retry: REPEATABLE,
    assign: { verdict: '{% $states.result.verdict %}', verificationReport: '{% $states.result.report %}' },
    outputs: ends.outputs,
  });
  for (const state of [plan, workers, conclude]) {
    state.addCatch(ends.compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
  }
  const different = Pass.jsonata(scope, 'Source and target differ', {
    assign: {
      failure: {
        error: ERRORS.blocked,
        cause: "{% 'the verification found differences, see ' & $string($verificationReport) %}",
      },
    },
  });
  const equal = Choice.jsonata(scope, 'Equal?')
    .when(Condition.jsonata("{% $verdict = 'equal' %}"), ends.equal)
    .otherwise(different.next(ends.compensation));
  plan.next(workers).next(conclude).next(equal);
  return plan;
}
