/**
 * Cleans up after an execution that was stopped, timed out or failed, because no state of its own runs any more (facts J9).
 * Started by the rules in `lib/operations/reaper-rules.ts`, or by hand with the ARN of the execution:
 *
 *   Look how it ended <-> wait -> Take over what is held -> What is held?
 *     -> Release the source                                      what was not proved equal goes
 *     -> Free the claim                                          what was proved equal stays, nobody fenced
 *     -> Give the source back -> Finished forward? -> (Free the claim)
 *     -> Turn the sides back                                     a way back that fenced nobody
 *     -> Give the target back -> Returned after all? -> (Turn the sides back)
 *   -> Tell what was done, or Page a human behind the flip
 *   -> Wait for late calls -> Look how it ended, again           until a look that came after the wait finds nothing
 *
 *   it runs, again or still -> Still running; nothing is taken from it
 *   anything fails          -> Page a human -> Needs a human
 *
 * Only what the ledger names the dead execution for is taken over, so that of several reapers one acts.
 */
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  type IChainable,
  Pass,
  type StateMachine,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import type { ExecutionStatus, Remains } from '../../lambda/contract/reap';
import { releaseClaim } from './claim';
import { Workflow, type WorkflowProps } from './machine';
import { PERSISTENT } from './retry';
import { callStep, checkInput, failAsKept, KEEP_FAILURE, makeFailure, publish } from './states';

const STEPS_CALLED: readonly StepName[] = ['locate', 'take-over', 'release', 'give-back', 'claim', 'turn-round'];

/** Each of its tasks asks again for ten minutes at most, three rounds of them with their waits; this ends what they cannot see. */
const REAPER_TIMEOUT = Duration.hours(6);

/** A call to take the claim that was under way when its execution was stopped has ended after this: its function has a minute. */
const LATE_CALLS = Duration.minutes(5);

/** What Step Functions says of an execution follows its events by moments; five looks of ten seconds, or it runs. */
const LOOKS = 5;
const BETWEEN_LOOKS = Duration.seconds(10);

/** A dead execution can hold a migration again only by a late call; more often means that something else is wrong. */
const ROUNDS = 3;

const DEAD: readonly ExecutionStatus[] = ['FAILED', 'TIMED_OUT', 'ABORTED'];
const RUNNING: readonly ExecutionStatus[] = ['RUNNING', 'PENDING_REDRIVE'];

const BOTH = { source: '{% $source %}', target: '{% $target %}' };
const REASON = "{% 'the execution ' & $ended & ' ended as ' & $status %}";
const TURNED = { source: '{% $target %}', target: '{% $source %}' };
const IN_PLACE = { ...BOTH, databases: '{% $databases %}', reason: REASON };

/** The machine `Reaper`: input `{ended}`, the ARN of the execution; output `{outcome, ended, phase, detail}`. */
export class ReaperWorkflow extends Workflow {
  readonly machine: StateMachine;
  private readonly needsHuman: IChainable;
  private readonly lateCalls: Wait;
  private told: IChainable | undefined;
  private paged: IChainable | undefined;

  constructor(scope: Construct, props: WorkflowProps) {
    super(scope, 'reaper', props);
    const { states } = this;
    this.needsHuman = this.page('Page a human', failAsKept(states, 'Needs a human'));
    this.lateCalls = Wait.jsonata(states, 'Wait for late calls', { time: WaitTime.duration(LATE_CALLS) });
    const begin = Pass.jsonata(states, 'Begin', {
      assign: {
        execution: '{% $states.context.Execution.Id %}',
        ended: '{% $states.input.ended %}',
        takeOver: '{% null %}',
        outcome: 'nothing',
        held: "{% {'phase': null, 'detail': ''} %}",
        waited: false,
        looks: 0,
        rounds: 0,
        failure: "{% {'error': '', 'cause': ''} %}",
      },
    });
    const look = this.lookHowItEnded();
    this.lateCalls.next(Pass.jsonata(states, 'Look again', { assign: { waited: true, looks: 0 } }).next(look));
    const start = checkInput(states, { ended: 'string' }, begin.next(look), ['$exists($states.input.ended)']);
    this.machine = this.makeMachine(start, REAPER_TIMEOUT, STEPS_CALLED);
  }

  /** Ends because every round counts a look; an execution that runs is left alone. */
  private lookHowItEnded(): LambdaInvoke {
    const { states } = this;
    const look = this.call(
      'Look how it ended',
      'locate',
      { ended: '{% $ended %}' },
      {
        status: '{% $states.result.status %}',
        source: '{% $states.result.source %}',
        target: '{% $states.result.target %}',
        looks: '{% $looks + 1 %}',
      },
    );
    const wait = Wait.jsonata(states, 'Wait for its end', { time: WaitTime.duration(BETWEEN_LOOKS) });
    wait.next(look);
    const question = Choice.jsonata(states, 'Dead?')
      .when(Condition.jsonata(`{% $status in ${list(DEAD)} %}`), this.takeOver())
      .when(Condition.jsonata(`{% $status in ${list(RUNNING)} and $looks < ${LOOKS} %}`), wait)
      .when(
        Condition.jsonata(`{% $status in ${list(RUNNING)} %}`),
        this.end('Still running', "{% $outcome = 'nothing' ? 'running' : $outcome %}"),
      )
      .otherwise(this.end('Ended well', 'nothing'));
    look.next(question);
    return look;
  }

  private takeOver(): IChainable {
    const { states } = this;
    const takeOver = this.call(
      'Take over what is held',
      'take-over',
      { ...BOTH, ended: '{% $ended %}' },
      {
        remains: '{% $states.result.remains %}',
        held: "{% $states.result.remains = 'nothing' and $outcome != 'nothing' ? $held : $states.result %}",
        epoch: '{% $states.result.epoch %}',
        databases: '{% [$states.result.databases] %}',
        rounds: '{% $rounds + 1 %}',
      },
    );
    const tooOften = makeFailure(
      states,
      'Held too often',
      "{% $ended & ' held the migration again and again after it was dead; see who calls in its name' %}",
    );
    tooOften.next(this.needsHuman);
    const again = Choice.jsonata(states, 'Waited for late calls?')
      .when(Condition.jsonata('{% $waited %}'), this.end('Reaped', '{% $outcome %}'))
      .otherwise(this.lateCalls);
    const is = (remains: Remains) => Condition.jsonata(`{% $remains = '${remains}' %}`);
    const free = this.freeClaim();
    const turnBack = this.turnBack();
    takeOver.next(
      Choice.jsonata(states, 'What is held?')
        .when(is('nothing'), again)
        .when(Condition.jsonata(`{% $rounds > ${ROUNDS} %}`), tooOften)
        .when(is('release'), this.release())
        .when(is('keep'), free)
        .when(is('turn-back'), turnBack)
        .when(is('give-target-back'), this.giveTargetBack(turnBack))
        .otherwise(this.giveBack(free)),
    );
    return takeOver;
  }

  private release(): IChainable {
    const release = this.call(
      'Release the source',
      'release',
      { ...IN_PLACE, epoch: '{% $epoch %}' },
      {
        outcome: '{% $states.result.outcome %}',
        failure: "{% {'error': 'Blocked', 'cause': $states.result.detail} %}",
      },
    );
    release.next(
      Choice.jsonata(this.states, 'Released?')
        .when(Condition.jsonata("{% $outcome = 'released' %}"), this.tell())
        .otherwise(this.needsHuman),
    );
    return release;
  }

  /** The tap goes with the claim, so that nothing keeps WAL back that nobody reads (decision 10). */
  private freeClaim(): LambdaInvoke {
    const free = releaseClaim(this.states, 'Free the claim', this.props);
    free.addCatch(this.needsHuman, { errors: ['States.ALL'], ...KEEP_FAILURE });
    free.next(this.unlessKnown('Kept', 'kept').next(this.tell()));
    return free;
  }

  /** What a fence that was lifted before is called, stays. */
  private unlessKnown(name: string, outcome: string): Pass {
    return Pass.jsonata(this.states, name, {
      assign: { outcome: `{% $outcome = 'nothing' ? '${outcome}' : $outcome %}` },
    });
  }

  /** The target stays live, and the way back open. */
  private turnBack(): LambdaInvoke {
    const input = { ...BOTH, takeOver: '{% null %}', mode: 'undo' } as const;
    const turnBack = this.call('Turn the sides back', 'turn-round', input, {});
    turnBack.next(this.unlessKnown('Turned back', 'turned-back').next(this.tell()));
    return turnBack;
  }

  private giveTargetBack(turnBack: LambdaInvoke): IChainable {
    const giveBack = this.callGiveBack('Give the target back', TURNED);
    giveBack.next(
      Choice.jsonata(this.states, 'Returned after all?')
        .when(Condition.jsonata("{% $outcome = 'finished' %}"), this.pageBehindFlip())
        .otherwise(turnBack),
    );
    return giveBack;
  }

  private giveBack(free: LambdaInvoke): IChainable {
    const giveBack = this.callGiveBack('Give the source back', BOTH);
    giveBack.next(
      Choice.jsonata(this.states, 'Finished forward?')
        .when(Condition.jsonata("{% $outcome = 'finished' %}"), this.pageBehindFlip())
        .otherwise(free),
    );
    return giveBack;
  }

  private callGiveBack(name: string, sides: typeof BOTH): LambdaInvoke {
    // Which cutover it was that the dead execution began is asked of the ledger, so no epoch is named.
    const input = { ...sides, databases: '{% $databases %}', reason: REASON, epoch: '{% null %}' };
    return this.call(name, 'give-back', input, {
      outcome: '{% $states.result.outcome %}',
      failure: "{% {'error': 'PastTheFlip', 'cause': $states.result.detail} %}",
    });
  }

  private pageBehindFlip(): IChainable {
    this.paged ??= this.page('Page a human behind the flip', this.lateCalls);
    return this.paged;
  }

  /** One state, whatever was done. */
  private tell(): IChainable {
    this.told ??= publish(
      this.states,
      'Tell what was done',
      this.props,
      TaskInput.fromObject({
        migration: this.props.migration,
        ended: '{% $ended %}',
        status: '{% $status %}',
        outcome: '{% $outcome %}',
        detail: '{% $held.detail %}',
        runbook: 'docs/runbook.md#after-a-stopped-execution',
      }),
      this.lateCalls,
      'cleaned up after an execution',
    );
    return this.told;
  }

  private page(name: string, next: IChainable): IChainable {
    const message = TaskInput.fromObject({
      migration: this.props.migration,
      ended: '{% $ended %}',
      reaper: '{% $execution %}',
      error: '{% $failure.error %}',
      cause: '{% $failure.cause %}',
      runbook: 'docs/runbook.md#after-a-stopped-execution',
    });
    return publish(this.states, name, this.props, message, next);
  }

  private end(name: string, outcome: string): Succeed {
    const outputs = { outcome, ended: '{% $ended %}', phase: '{% $held.phase %}', detail: '{% $held.detail %}' };
    return Succeed.jsonata(this.states, name, { outputs });
  }

  private call<S extends StepName>(
    name: string,
    step: S,
    args: Parameters<typeof callStep<S>>[4],
    assign: Record<string, string>,
  ): LambdaInvoke {
    const task = callStep(this.states, name, this.props.functions, step, args, { retry: PERSISTENT, assign });
    task.addCatch(this.needsHuman, { errors: ['States.ALL'], ...KEEP_FAILURE });
    return task;
  }
}

function list(statuses: readonly ExecutionStatus[]): string {
  return `[${statuses.map((status) => `'${status}'`).join(', ')}]`;
}
