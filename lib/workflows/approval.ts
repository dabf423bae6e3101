/**
 * Asks a person before the applications are moved. Both sides are equal and the target follows; nothing else was begun, so that
 * a no, however it comes, changes nothing:
 *
 *   Look at the lag -> Ask for approval -> Answer understood? -> Bring the verification up to date -> Still equal? -> Cutover
 *
 *   refused, expired, not to be asked, equal no more -> the machine's own end, Blocked; nothing was changed
 */
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  type IChainable,
  IntegrationPattern,
  type State,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { type LambdaInvoke, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERRORS, REFUSED, type StepName } from '../../lambda/contract';
import { type ApprovalWords, approvalMessage, approvalSubject } from './approval-message';
import { releaseClaim } from './claim';
import type { WorkflowProps } from './machine';
import { REPEATABLE } from './retry';
import { callStep, failAsKept, KEEP_FAILURE, makeFailure } from './states';

/** The steps that are called around the question. */
export const APPROVAL_STEPS: readonly StepName[] = ['watch', 'conclude-verification', 'claim'];

/** How often the question is asked when the answer names nobody: each asking needs a token of its own. */
export const MOST_QUESTIONS = 3;

/** Longest name of an approver, in characters. */
const LONGEST_NAME = 100;

const ALL = {
  epoch: '{% $epoch %}',
  source: '{% $source %}',
  target: '{% $target %}',
  databases: '{% $databases %}',
} as const;

/** What an answer leads to, and what is said of a no. */
export interface ApprovalEnds {
  readonly approved: IChainable;
  /** Where every other answer leads, with `failure` set. */
  readonly notApproved: State & IChainable;
  /** What a no means and what to do next, in words without quotes. */
  readonly whatNow: string;
}

/** `{approvedBy, approvedAt}` when the answer names somebody, else null: an unchanged placeholder is nobody. */
const READ_ANSWER =
  "{% ($name := $type($states.result) = 'object' ? $states.result.approvedBy : null; " +
  "$name := $type($name) = 'string' ? $trim($name) : ''; " +
  `$name = '' or $name = '<name>' or $length($name) > ${LONGEST_NAME} ? null : ` +
  "{'approvedBy': $name, 'approvedAt': $now()}) %}";

/** Time that the question may take, all askings together. */
export function approvalTimeout(expiresAfterMinutes: number): Duration {
  return Duration.minutes(expiresAfterMinutes * MOST_QUESTIONS + 60);
}

/**
 * Makes the states of the approval and returns the first. They set the variable `approval`, read `epoch`, `source`, `target`,
 * `databases`, `replication` and, there but not back, `assessment`, and count in `questions`.
 */
export function askForApproval(
  scope: Construct,
  props: WorkflowProps,
  words: ApprovalWords,
  { approved, notApproved, whatNow }: ApprovalEnds,
): IChainable {
  const look = callStep(scope, 'Look at the lag', props.functions, 'watch', ALL, {
    retry: REPEATABLE,
    assign: { health: '{% $states.result %}', questions: '{% $questions + 1 %}' },
  });
  const ask = askBySns(scope, props, words);
  catchNo(ask, words, whatNow, notApproved);
  const upToDate = callStep(scope, 'Bring the verification up to date', props.functions, 'conclude-verification', ALL, {
    retry: REPEATABLE,
    assign: { verdict: '{% $states.result.verdict %}' },
  });
  for (const state of [look, upToDate]) state.addCatch(notApproved, { errors: ['States.ALL'], ...KEEP_FAILURE });
  const differ = makeFailure(
    scope,
    'Equal no more',
    'it was approved, and what changed since the verification is not equal; see the verification in the evidence',
  );
  differ.next(notApproved);
  upToDate.next(
    Choice.jsonata(scope, 'Still equal?')
      .when(Condition.jsonata("{% $verdict = 'equal' %}"), approved)
      .otherwise(differ),
  );
  const nobody = makeFailure(
    scope,
    'No answer understood',
    `the approval named nobody ${MOST_QUESTIONS} times, expected {"approvedBy": "<name>"} of at most ${LONGEST_NAME} characters; ${whatNow}`,
  );
  nobody.next(notApproved);
  // A misunderstood answer has used up its token; the bound ends the asking.
  ask.next(
    Choice.jsonata(scope, 'Answer understood?')
      .when(Condition.jsonata('{% $approval != null %}'), upToDate)
      .when(Condition.jsonata(`{% $questions >= ${MOST_QUESTIONS} %}`), nobody)
      .otherwise(look),
  );
  return look.next(ask);
}

function askBySns(scope: Construct, props: WorkflowProps, words: ApprovalWords): SnsPublish {
  return SnsPublish.jsonata(scope, 'Ask for approval', {
    topic: props.topic,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    subject: approvalSubject(words),
    message: TaskInput.fromText(approvalMessage(words)),
    taskTimeout: Timeout.duration(Duration.minutes(words.expiresAfterMinutes)),
    assign: { approval: READ_ANSWER, misunderstood: true },
  });
}

/** Every way of not approving, in words; the first that matches counts. */
function catchNo(ask: SnsPublish, words: ApprovalWords, whatNow: string, next: IChainable): void {
  const because = (cause: string) => ({ assign: { failure: { error: ERRORS.blocked, cause } } });
  const said =
    "$substring($exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : 'no reason given', 0, 1000)";
  ask.addCatch(next, {
    errors: ['States.Timeout'],
    ...because(`the approval expired: nobody answered within ${words.expiresAfterMinutes} minutes; ${whatNow}`),
  });
  ask.addCatch(next, {
    errors: [REFUSED],
    ...because(`{% 'it was refused by ' & ${said} & '; ${whatNow}' %}`),
  });
  ask.addCatch(next, {
    errors: ['States.ALL'],
    ...because(
      `{% 'the approval could not be asked for or was not given, ' & $states.errorOutput.Error & ': ' & ${said} & '; ${whatNow}' %}`,
    ),
  });
}

/** Where a no leads before the cutover: the tap goes with the claim, so that nothing keeps WAL back that nobody reads. */
export function releaseAndFail(scope: Construct, props: WorkflowProps): LambdaInvoke {
  const failed = failAsKept(scope, 'Not approved');
  const release = releaseClaim(scope, 'Release the claim', props);
  release.addCatch(failed, { errors: ['States.ALL'] });
  release.next(failed);
  return release;
}
