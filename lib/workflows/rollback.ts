/**
 * Brings the applications back to the source, with every write that was accepted since the cutover. It is the cutover with the
 * sides turned round: from `Turn the sides round` on, the variable `source` is the encrypted server and `target` the old source.
 *
 *   Inspect AWS -> Target there? -> Turn the sides round -> the verification -> (the approval) -> Return -> Settle -> Rolled back
 *
 *   fails before the flip              -> Give the target back -> Turn the sides back -> Rollback aborted; the target stays live
 *   fails, but the flip had happened   -> Give the target back completes the way -> Rolled back after completion
 *   PastTheFlip                        -> Page a human -> Needs a human; nothing is undone
 */
import { type IChainable, Pass, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERRORS, type StepName } from '../../lambda/contract';
import { APPROVAL_STEPS, approvalTimeout, askForApproval } from './approval';
import type { ApprovalWords } from './approval-message';
import { begin, type Compensation, giveSourceBack } from './compensation';
import {
  abortedBeforeFlip,
  type CutOverWords,
  cutOverAndSettle,
  finishedOr,
  inspectBothSides,
} from './cut-over-and-settle';
import { CUTOVER_TIMEOUT } from './cutover';
import { Workflow, type WorkflowProps } from './machine';
import { PERSISTENT, REPEATABLE } from './retry';
import { callStep, checkInput, failAsKept, KEEP_FAILURE } from './states';
import { VERIFICATION_STEPS, verification } from './verification';

const STEPS_CALLED: readonly StepName[] = [
  'inspect',
  'turn-round',
  ...VERIFICATION_STEPS,
  'cutover',
  'settle',
  'give-back',
];

const WORDS: CutOverWords = {
  flip: 'Return',
  live: 'Rolled back',
  finished: 'Rolled back after completion',
  phase: 'rolled-back',
  aborted: 'Rollback aborted',
  outputs: { verification: '{% $replication.verification %}' },
};

/** As the migration began: the source is the one that it left. */
const AS_BEGUN = { source: '{% $oldSource %}', target: '{% $encrypted %}', takeOver: '{% $takeOver %}' };

/** The machine `Rollback`: output `{phase, finishedBy, cutover?, verification?, report}`; `approval` null asks nobody. */
export class RollbackWorkflow extends Workflow {
  readonly machine: StateMachine;

  constructor(
    scope: Construct,
    props: WorkflowProps,
    private readonly approval: ApprovalWords | null,
  ) {
    super(scope, 'rollback', props);
    const compensation = this.afterFailure();
    const first = begin(this.states, { approval: '{% null %}', questions: 0, misunderstood: false });
    const fields = { execution: 'string', takeOver: 'string or null' } as const;
    const start = checkInput(this.states, fields, first.next(this.inspectAws(compensation)));
    const timeout =
      approval === null ? CUTOVER_TIMEOUT : CUTOVER_TIMEOUT.plus(approvalTimeout(approval.expiresAfterMinutes));
    const asked = approval === null ? [] : APPROVAL_STEPS.filter((step) => step === 'watch');
    this.machine = this.makeMachine(start, timeout, [...STEPS_CALLED, ...asked]);
  }

  private inspectAws(compensation: Compensation): IChainable {
    return inspectBothSides(
      this.states,
      this.props,
      { source: 'oldSource', target: 'encrypted' },
      'the target instance does not exist, so there is nothing to go back from',
      this.turnRound(compensation),
    );
  }

  private turnRound({ task, pageAndFail }: Compensation): IChainable {
    const turn = callStep(
      this.states,
      'Turn the sides round',
      this.props.functions,
      'turn-round',
      { ...AS_BEGUN, mode: 'begin' },
      {
        retry: REPEATABLE,
        assign: {
          epoch: '{% $states.result.epoch %}',
          databases: '{% [$states.result.databases] %}',
          source: '{% $encrypted %}',
          target: '{% $oldSource %}',
        },
      },
    );
    // Refused, nothing was changed.
    turn.addCatch(failAsKept(this.states, 'Way back refused'), { errors: [ERRORS.blocked], ...KEEP_FAILURE });
    turn.addCatch(pageAndFail, { errors: ['States.ALL'], ...KEEP_FAILURE });
    const verify = verification(this.states, this.props, {
      outputs: '{% $states.result %}',
      equal: this.approved(cutOverAndSettle(this.states, this.props, WORDS, { task, pageAndFail }), task),
      compensation: task,
    });
    return turn.next(verify);
  }

  /** Keeps the verification for the question and the output, and asks when somebody is to be asked. */
  private approved(next: IChainable, notApproved: LambdaInvoke): IChainable {
    const keep = Pass.jsonata(this.states, 'Keep the verification', {
      assign: { replication: "{% {'verification': $states.input} %}" },
    });
    if (this.approval === null) return keep.next(next);
    const asked = askForApproval(this.states, this.props, this.approval, {
      approved: next,
      notApproved,
      whatNow: 'nothing was changed and the target stays live; start Rollback again when it suits you',
    });
    return keep.next(asked);
  }

  private afterFailure(): Compensation {
    const compensation = giveSourceBack(this.states, this.props, 'give-back', 'Give the target back');
    const aborted = abortedBeforeFlip(this.states, WORDS);
    const undo = callStep(
      this.states,
      'Turn the sides back',
      this.props.functions,
      'turn-round',
      { ...AS_BEGUN, mode: 'undo' },
      { retry: PERSISTENT },
    );
    undo.addCatch(compensation.pageAndFail, { errors: ['States.ALL'], ...KEEP_FAILURE });
    compensation.task.next(finishedOr(this.states, WORDS, undo.next(aborted)));
    return compensation;
  }
}
