/**
 * Ends the way back, and hands the old source over to its owner, encrypted in a last snapshot, with a list of what is left:
 *
 *   Inspect AWS -> Target there? -> Close the way back -> Take the last snapshot <-> wait -> Encrypt the last snapshot <-> wait
 *     -> List what is left -> Retired
 *
 * A server that AWS does not manage gives no last snapshot: the list follows at once.
 *
 * Whatever fails, it is started again and goes on where it ended: nothing here could be given back, and nothing is deleted.
 */
import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, Fail, type IChainable, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERRORS, type StepName } from '../../lambda/contract';
import { begin } from './compensation';
import { Workflow, type WorkflowProps } from './machine';
import { ENCRYPT_POLL, type Poll, SNAPSHOT_POLL } from './poll';
import { REPEATABLE } from './retry';
import {
  type Arguments,
  callStep,
  checkInput,
  countRound,
  failAsKept,
  KEEP_FAILURE,
  makeFailure,
  repeatUntil,
  type TaskProps,
} from './states';

/** The loops' own bounds are two and a half days. */
export const RETIRE_TIMEOUT = Duration.days(3);

const STEPS_CALLED: readonly StepName[] = ['inspect', 'retire', 'snapshot', 'encrypt', 'list-leftovers'];

const FINAL = { epoch: '{% $epoch %}', purpose: 'final' } as const;

/** The machine `Retire`: output `{phase, closedAt, snapshot, count, leftovers, report}`; input `{"early": true}` waits for no window. */
export class RetireWorkflow extends Workflow {
  readonly machine: StateMachine;
  private readonly failed: Fail;

  constructor(scope: Construct, props: WorkflowProps) {
    super(scope, 'retire', props);
    this.failed = failAsKept(this.states, 'Retiring failed');
    const first = begin(this.states, {
      early: '{% $states.input.early = true %}',
      [SNAPSHOT_POLL.counter]: 0,
      [ENCRYPT_POLL.counter]: 0,
    });
    const start = checkInput(
      this.states,
      { execution: 'string', early: 'boolean' },
      first.next(
        this.inspectAws(this.canTakeSnapshots ? this.lastSnapshot(this.listLeftovers()) : this.listLeftovers()),
      ),
    );
    this.machine = this.makeMachine(start, RETIRE_TIMEOUT, STEPS_CALLED);
  }

  private inspectAws(next: IChainable): IChainable {
    const inspect = this.call(
      'Inspect AWS',
      'inspect',
      {},
      {
        assign: { source: '{% $states.result.source %}', target: '{% $states.result.target.instance %}' },
      },
    );
    const close = this.call(
      'Close the way back',
      'retire',
      { source: '{% $source %}', target: '{% $target %}', early: '{% $early %}' },
      { assign: { epoch: '{% $states.result.epoch %}', closed: '{% $states.result %}' } },
    );
    const noTarget = Fail.jsonata(this.states, 'No target', {
      error: ERRORS.blocked,
      cause: 'the target instance does not exist, so there is nothing to retire',
    });
    const there = Choice.jsonata(this.states, 'Target there?')
      .when(Condition.jsonata('{% $target = null %}'), noTarget)
      .otherwise(close.next(next));
    return inspect.next(there);
  }

  /** Younger than the end of the way back, so that it holds everything that the source ever had. */
  private lastSnapshot(next: IChainable): IChainable {
    const snapshot = this.call(
      'Take the last snapshot',
      'snapshot',
      { ...FINAL, source: '{% $source %}', notBefore: '{% $closed.closedAt %}' },
      { assign: { snapshot: '{% $states.result %}', ...countRound(SNAPSHOT_POLL) } },
    );
    const encrypt = this.call(
      'Encrypt the last snapshot',
      'encrypt',
      { ...FINAL, snapshotArn: '{% $snapshot.snapshotArn %}' },
      { assign: { encrypted: '{% $states.result %}', ...countRound(ENCRYPT_POLL) } },
    );
    // RDS moves both forward by itself; each loop ends with it, or by its bound.
    this.loop(
      snapshot,
      'Last snapshot taken?',
      "$snapshot.status = 'available'",
      'the last snapshot',
      SNAPSHOT_POLL,
      encrypt,
    );
    const what = 'the encrypted last snapshot';
    this.loop(encrypt, 'Last snapshot encrypted?', "$encrypted.status = 'available'", what, ENCRYPT_POLL, next);
    return snapshot;
  }

  /** Of a server that AWS does not manage there is none; the list says what is left on its host. */
  private get canTakeSnapshots(): boolean {
    return this.props.functions.snapshot !== undefined;
  }

  private listLeftovers(): IChainable {
    const list = this.call(
      'List what is left',
      'list-leftovers',
      { epoch: '{% $epoch %}', source: '{% $source %}' },
      {
        outputs: {
          phase: '{% $closed.phase %}',
          closedAt: '{% $closed.closedAt %}',
          snapshot: this.canTakeSnapshots ? '{% $encrypted %}' : null,
          count: '{% $states.result.count %}',
          leftovers: '{% [$states.result.leftovers] %}',
          report: '{% $states.result.report %}',
        },
      },
    );
    return list.next(Succeed.jsonata(this.states, 'Retired'));
  }

  private call<S extends StepName>(name: string, step: S, args: Arguments<S>, props: Omit<TaskProps, 'retry'>) {
    const task = callStep(this.states, name, this.props.functions, step, args, { retry: REPEATABLE, ...props });
    task.addCatch(this.failed, { errors: ['States.ALL'], ...KEEP_FAILURE });
    return task;
  }

  private loop(ask: LambdaInvoke, question: string, ready: string, what: string, poll: Poll, next: IChainable): void {
    const cause = `${what} was not done after ${poll.rounds} rounds of waiting; look at it in the RDS console before starting again`;
    const gaveUp = makeFailure(this.states, `Gave up on ${what}`, cause);
    gaveUp.next(this.failed);
    repeatUntil(this.states, { ask, question, ready, wait: `Wait for ${what}`, poll, next, gaveUp });
  }
}
