/**
 * Moves the applications. The outage is inside `Cut over`, one warm invocation; this machine brackets it:
 *
 *   Handed over? -> (Assess) -> Inspect AWS -> Target there? -> Claimed already?
 *     -> (Claim the migration -> the verification, anew) -> Cut over -> Settle -> Live
 *
 *   fails before the flip             -> Give the source back -> Release the claim -> Cutover aborted; replication goes on
 *   fails, but the flip had happened  -> Give the source back completes the way forward -> Live after completion
 *   PastTheFlip                       -> Page a human -> Needs a human; nothing is undone
 */
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Fail,
  type IChainable,
  Pass,
  type StateMachine,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ERRORS, type StepName } from '../../lambda/contract';
import { ASSESS_TIMEOUT } from './assess';
import { releaseClaim, takeClaim } from './claim';
import { begin, type Compensation, giveSourceBack } from './compensation';
import { Workflow, type WorkflowProps } from './machine';
import { ONCE, PERSISTENT, REPEATABLE } from './retry';
import { callStep, checkInput, failAsKept, KEEP_CHILD_FAILURE, KEEP_FAILURE, runMachine } from './states';
import { VERIFICATION_STEPS, verification } from './verification';

/** The assessment, a verification of nine hours, five steps of minutes, and their retries. */
export const CUTOVER_TIMEOUT = Duration.hours(18);

const STEPS_CALLED: readonly StepName[] = ['inspect', 'claim', ...VERIFICATION_STEPS, 'cutover', 'settle', 'give-back'];

const BOTH = { epoch: '{% $epoch %}', source: '{% $source %}', target: '{% $target %}', databases: '{% $databases %}' };

/** The machine `Cutover`: output `{phase, finishedBy, cutover?, report}`. */
export class CutoverWorkflow extends Workflow {
  readonly machine: StateMachine;

  constructor(scope: Construct, props: WorkflowProps, assess: StateMachine) {
    super(scope, 'cutover', props);
    const compensation = this.afterFailure();
    const first = begin(this.states, {
      approval: '{% $exists($states.input.approval) ? $states.input.approval : null %}',
    });
    const fields = {
      execution: 'string',
      takeOver: 'string or null',
      epoch: 'string',
      databases: 'array',
      approval: 'object or null',
    } as const;
    const start = checkInput(this.states, fields, first.next(this.handedOver(assess, compensation)));
    this.machine = this.makeMachine(start, CUTOVER_TIMEOUT, STEPS_CALLED);
    this.acknowledgeChild(this.machine.role, assess);
  }

  private handedOver(assess: StateMachine, compensation: Compensation): IChainable {
    const inspect = this.inspectAws(compensation);
    const takeOver = Pass.jsonata(this.states, 'Take over the claim', {
      assign: { epoch: '{% $states.input.epoch %}', databases: '{% $states.input.databases %}' },
    });
    const alone = runMachine(this.states, 'Assess', assess, {
      input: { execution: '{% $execution %}', takeOver: '{% $takeOver %}' },
      timeout: ASSESS_TIMEOUT,
      assign: { databases: '{% $states.result.Output.databases %}' },
    });
    alone.addCatch(failAsKept(this.states, 'Assessment failed'), { errors: ['States.ALL'], ...KEEP_CHILD_FAILURE });
    return Choice.jsonata(this.states, 'Handed over?')
      .when(
        Condition.jsonata('{% $exists($states.input.epoch) and $exists($states.input.databases) %}'),
        takeOver.next(inspect),
      )
      .otherwise(alone.next(inspect));
  }

  /** AWS is asked again: days may have passed since the replication began. */
  private inspectAws(compensation: Compensation): IChainable {
    const inspect = callStep(
      this.states,
      'Inspect AWS',
      this.props.functions,
      'inspect',
      {},
      {
        retry: REPEATABLE,
        assign: { source: '{% $states.result.source %}', target: '{% $states.result.target.instance %}' },
      },
    );
    const noTarget = Fail.jsonata(this.states, 'No target', {
      error: ERRORS.blocked,
      cause: 'the target instance does not exist; run Replicate first',
    });
    const cutOver = this.cutOver(compensation);
    // Alone, nothing tells what changed since the last verification: the tap went with the claim, so it is verified anew.
    const verify = verification(this.states, this.props, {
      outputs: '{% $states.result %}',
      equal: cutOver,
      compensation: compensation.task,
    });
    const claimed = Choice.jsonata(this.states, 'Claimed already?')
      .when(Condition.jsonata('{% $epoch != null %}'), cutOver)
      .otherwise(takeClaim(this.states, this.props).next(verify));
    const there = Choice.jsonata(this.states, 'Target there?')
      .when(Condition.jsonata('{% $target = null %}'), noTarget)
      .otherwise(claimed);
    return inspect.next(there);
  }

  private cutOver({ task, pageAndFail }: Compensation): IChainable {
    const approved = { ...BOTH, approval: '{% $approval %}' };
    const cutOver = callStep(this.states, 'Cut over', this.props.functions, 'cutover', approved, {
      retry: ONCE,
      // The cutover began an epoch of its own; whoever still holds the old one can change nothing (I6).
      assign: { epoch: '{% $states.result.epoch %}', facts: '{% $states.result %}' },
    });
    const settle = callStep(this.states, 'Settle', this.props.functions, 'settle', BOTH, {
      retry: PERSISTENT,
      outputs: {
        phase: '{% $states.result.phase %}',
        finishedBy: 'settle',
        cutover: '{% $facts %}',
        settled: '{% $states.result %}',
        report: '{% $states.result.report %}',
      },
    });
    for (const state of [cutOver, settle]) {
      state.addCatch(pageAndFail, { errors: [ERRORS.pastTheFlip], ...KEEP_FAILURE });
    }
    for (const state of [cutOver, settle]) state.addCatch(task, { errors: ['States.ALL'], ...KEEP_FAILURE });
    return cutOver.next(settle).next(Succeed.jsonata(this.states, 'Live'));
  }

  private afterFailure(): Compensation {
    const compensation = giveSourceBack(this.states, this.props, 'give-back');
    const finished = Succeed.jsonata(this.states, 'Live after completion', {
      outputs: {
        phase: 'live',
        finishedBy: 'give-back',
        detail: '{% $states.input.detail %}',
        report: '{% $states.input.report %}',
      },
    });
    // Refused by a guardrail, nothing was changed: its own name. Whatever else failed was aborted before the flip.
    const aborted = Fail.jsonata(this.states, 'Cutover aborted', {
      error: `{% $failure.error = '${ERRORS.blocked}' ? '${ERRORS.blocked}' : '${ERRORS.cutoverAborted}' %}`,
      cause:
        `{% $failure.error in ['${ERRORS.blocked}', '${ERRORS.cutoverAborted}'] ? $failure.cause : ` +
        "$substring($failure.error & ': ' & $failure.cause, 0, 30000) %}",
    });
    const release = releaseClaim(this.states, 'Release the claim', this.props);
    // The source is given back; a claim that cannot be released can be taken over.
    release.addCatch(aborted, { errors: ['States.ALL'] });
    compensation.task.next(
      Choice.jsonata(this.states, 'Finished forward?')
        .when(Condition.jsonata("{% $outcome = 'finished' %}"), finished)
        .otherwise(release.next(aborted)),
    );
    return compensation;
  }
}
