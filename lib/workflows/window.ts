/**
 * Looks after the way back while it is open, so that nobody has to remember it. Started every few minutes by the rule in
 * `lib/operations/window-rule.ts`:
 *
 *   Look for the target -> Target there? -> Look at the way back -> Window over?
 *     -> Looked                                          open, none, or told of today already
 *     -> Tell that the window is over -> Told            `Retire` is started by hand
 *     -> Retire -> Retired by itself                     with `rollback.retireAutomatically`
 *
 *   `Retire` fails -> Tell that the window is over -> Told; a day later it is started again
 *   a look fails   -> Look failed, which has an alarm
 *
 * Whoever is on the way back, or has closed it, is found by the ledger: then nothing is done.
 */
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  type IChainable,
  type StateMachine,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import { begin } from './compensation';
import { Workflow, type WorkflowProps } from './machine';
import { RETIRE_TIMEOUT } from './retire';
import { REPEATABLE } from './retry';
import { callStep, checkInput, failAsKept, KEEP_CHILD_FAILURE, KEEP_FAILURE, publish, runMachine } from './states';

/** Two calls of a minute with their retries, and `Retire`. */
const WINDOW_TIMEOUT = RETIRE_TIMEOUT.plus(Duration.hours(1));

const STEPS_CALLED: readonly StepName[] = ['locate', 'watch-way-back'];

const RUNBOOK = 'docs/runbook.md#when-the-window-is-over';

/** The machine `Window`: output `{state, until, detail}`. `retire` is started when the window is over; null: a human is told. */
export class WindowWorkflow extends Workflow {
  readonly machine: StateMachine;

  constructor(
    scope: Construct,
    props: WorkflowProps,
    private readonly retire: StateMachine | null,
  ) {
    super(scope, 'window', props);
    const nothing = "{% {'state': 'none', 'due': false, 'until': null, 'detail': 'the target does not exist'} %}";
    const first = begin(this.states, { found: nothing });
    this.machine = this.makeMachine(checkInput(this.states, {}, first.next(this.look())), WINDOW_TIMEOUT, STEPS_CALLED);
    if (retire !== null) this.acknowledgeChild(this.machine.role, retire);
  }

  private look(): IChainable {
    const { states, props } = this;
    const failed = failAsKept(states, 'Look failed');
    const find = callStep(
      states,
      'Look for the target',
      props.functions,
      'locate',
      { ended: '{% null %}' },
      {
        retry: REPEATABLE,
        assign: { target: '{% $states.result.target %}' },
      },
    );
    const look = callStep(
      states,
      'Look at the way back',
      props.functions,
      'watch-way-back',
      { target: '{% $target %}' },
      {
        retry: REPEATABLE,
        assign: { found: '{% $states.result %}' },
      },
    );
    for (const task of [find, look]) task.addCatch(failed, { errors: ['States.ALL'], ...KEEP_FAILURE });
    const looked = this.end('Looked');
    const over = Choice.jsonata(states, 'Window over?')
      .when(Condition.jsonata('{% $found.due %}'), this.whenOver())
      .otherwise(looked);
    const there = Choice.jsonata(states, 'Target there?')
      .when(Condition.jsonata('{% $target = null %}'), looked)
      .otherwise(look.next(over));
    return find.next(there);
  }

  private whenOver(): IChainable {
    const { states, retire } = this;
    const tell = this.tell();
    if (retire === null) return tell;
    const run = runMachine(states, 'Retire', retire, { input: {}, timeout: RETIRE_TIMEOUT, assign: {} });
    run.addCatch(tell, { errors: ['States.ALL'], ...KEEP_CHILD_FAILURE });
    return run.next(this.end('Retired by itself'));
  }

  private tell(): IChainable {
    const remedy = 'the way back has ended and still keeps WAL on the target: start Retire, it deletes nothing';
    const why = "{% $failure.error = '' ? null : $failure.error & ': ' & $failure.cause %}";
    const message = TaskInput.fromObject({
      migration: this.props.migration,
      until: '{% $found.until %}',
      detail: '{% $found.detail %}',
      remedy,
      ...(this.retire !== null && { retireFailed: why }),
      runbook: RUNBOOK,
    });
    return publish(this.states, 'Tell that the window is over', this.props, message, this.end('Told'));
  }

  private end(name: string): Succeed {
    const outputs = { state: '{% $found.state %}', until: '{% $found.until %}', detail: '{% $found.detail %}' };
    return Succeed.jsonata(this.states, name, { outputs });
  }
}
