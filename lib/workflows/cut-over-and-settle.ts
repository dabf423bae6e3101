/** What a cutover and a way back have in common: the flip, what is settled behind it, and how they end when it fails. */
import { Choice, Condition, Fail, type IChainable, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ERRORS } from '../../lambda/contract';
import type { Compensation } from './compensation';
import type { WorkflowProps } from './machine';
import { ONCE, PERSISTENT, REPEATABLE } from './retry';
import { callStep, KEEP_FAILURE } from './states';

/** How the two differ. */
export interface CutOverWords {
  /** State that flips. */
  readonly flip: string;
  /** State in which it ends well. */
  readonly live: string;
  /** State in which it ends well when another call completed it, and the phase that it answers. */
  readonly finished: string;
  readonly phase: string;
  /** State in which it ends when the flip did not happen. */
  readonly aborted: string;
  /** What the answer of the machine tells beside the cutover's own. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Asks AWS about both instances, keeps them in the variables named, and fails with `cause` when there is no target. */
export function inspectBothSides(
  scope: Construct,
  { functions }: Pick<WorkflowProps, 'functions'>,
  variables: { readonly source: string; readonly target: string },
  cause: string,
  next: IChainable,
): IChainable {
  const inspect = callStep(
    scope,
    'Inspect AWS',
    functions,
    'inspect',
    {},
    {
      retry: REPEATABLE,
      assign: {
        [variables.source]: '{% $states.result.source %}',
        [variables.target]: '{% $states.result.target.instance %}',
      },
    },
  );
  const noTarget = Fail.jsonata(scope, 'No target', { error: ERRORS.blocked, cause });
  const there = Choice.jsonata(scope, 'Target there?')
    .when(Condition.jsonata(`{% $${variables.target} = null %}`), noTarget)
    .otherwise(next);
  return inspect.next(there);
}

/** What both steps are called with, from the variables. */
const BOTH = { epoch: '{% $epoch %}', source: '{% $source %}', target: '{% $target %}', databases: '{% $databases %}' };

/** Flips, settles and ends; every failure behind the flip pages a human, every other is compensated. */
export function cutOverAndSettle(
  scope: Construct,
  { functions }: Pick<WorkflowProps, 'functions'>,
  words: CutOverWords,
  { task, pageAndFail }: Compensation,
): IChainable {
  const flip = callStep(
    scope,
    words.flip,
    functions,
    'cutover',
    { ...BOTH, approval: '{% $approval %}' },
    {
      retry: ONCE,
      // The cutover began an epoch of its own; whoever still holds the old one can change nothing (I6).
      assign: { epoch: '{% $states.result.epoch %}', facts: '{% $states.result %}' },
    },
  );
  const settle = callStep(scope, 'Settle', functions, 'settle', BOTH, {
    retry: PERSISTENT,
    outputs: {
      phase: '{% $states.result.phase %}',
      finishedBy: 'settle',
      cutover: '{% $facts %}',
      ...words.outputs,
      settled: '{% $states.result %}',
      report: '{% $states.result.report %}',
    },
  });
  for (const state of [flip, settle]) {
    state.addCatch(pageAndFail, { errors: [ERRORS.pastTheFlip], ...KEEP_FAILURE });
    state.addCatch(task, { errors: ['States.ALL'], ...KEEP_FAILURE });
  }
  return flip.next(settle).next(Succeed.jsonata(scope, words.live));
}

/** The end of what was aborted before the flip; what a guardrail or a person refused keeps its own name. */
export function abortedBeforeFlip(scope: Construct, { aborted }: CutOverWords): Fail {
  return Fail.jsonata(scope, aborted, {
    error: `{% $failure.error = '${ERRORS.blocked}' ? '${ERRORS.blocked}' : '${ERRORS.cutoverAborted}' %}`,
    cause:
      `{% $failure.error in ['${ERRORS.blocked}', '${ERRORS.cutoverAborted}'] ? $failure.cause : ` +
      "$substring($failure.error & ': ' & $failure.cause, 0, 30000) %}",
  });
}

/** Behind the compensation: the flip had happened after all and was completed, or `givenBack` goes on. */
export function finishedOr(scope: Construct, { finished, phase }: CutOverWords, givenBack: IChainable): Choice {
  const live = Succeed.jsonata(scope, finished, {
    outputs: {
      phase,
      finishedBy: 'give-back',
      detail: '{% $states.input.detail %}',
      report: '{% $states.input.report %}',
    },
  });
  return Choice.jsonata(scope, 'Finished forward?')
    .when(Condition.jsonata("{% $outcome = 'finished' %}"), live)
    .otherwise(givenBack);
}
