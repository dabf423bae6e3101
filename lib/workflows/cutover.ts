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
import { Choice, Condition, type IChainable, Pass, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import { ASSESS_TIMEOUT } from './assess';
import { releaseClaim, takeClaim } from './claim';
import { begin, type Compensation, giveSourceBack } from './compensation';
import {
  abortedBeforeFlip,
  type CutOverWords,
  cutOverAndSettle,
  finishedOr,
  inspectBothSides,
} from './cut-over-and-settle';
import { Workflow, type WorkflowProps } from './machine';
import { checkInput, failAsKept, KEEP_CHILD_FAILURE, runMachine } from './states';
import { VERIFICATION_STEPS, verification } from './verification';

/** The assessment, a verification of nine hours, five steps of minutes, and their retries. */
export const CUTOVER_TIMEOUT = Duration.hours(18);

const STEPS_CALLED: readonly StepName[] = ['inspect', 'claim', ...VERIFICATION_STEPS, 'cutover', 'settle', 'give-back'];

const WORDS: CutOverWords = {
  flip: 'Cut over',
  live: 'Live',
  finished: 'Live after completion',
  phase: 'live',
  aborted: 'Cutover aborted',
  outputs: {},
};

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
    const cutOver = cutOverAndSettle(this.states, this.props, WORDS, compensation);
    // Alone, nothing tells what changed since the last verification: the tap went with the claim, so it is verified anew.
    const verify = verification(this.states, this.props, {
      outputs: '{% $states.result %}',
      equal: cutOver,
      compensation: compensation.task,
    });
    const claimed = Choice.jsonata(this.states, 'Claimed already?')
      .when(Condition.jsonata('{% $epoch != null %}'), cutOver)
      .otherwise(takeClaim(this.states, this.props).next(verify));
    return inspectBothSides(
      this.states,
      this.props,
      { source: 'source', target: 'target' },
      'the target instance does not exist; run Replicate first',
      claimed,
    );
  }

  private afterFailure(): Compensation {
    const compensation = giveSourceBack(this.states, this.props, 'give-back');
    const aborted = abortedBeforeFlip(this.states, WORDS);
    const release = releaseClaim(this.states, 'Release the claim', this.props);
    // The source is given back; a claim that cannot be released can be taken over.
    release.addCatch(aborted, { errors: ['States.ALL'] });
    compensation.task.next(finishedOr(this.states, WORDS, release.next(aborted)));
    return compensation;
  }
}
