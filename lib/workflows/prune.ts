/**
 * Removes old rows from the source before it moves, in small transactions, and nothing before it is in a snapshot:
 *
 *   Assessment given? -> (Assess) -> Dry run? -> (Preview the pruning -> Previewed)
 *     -> Claim the migration -> Still to be pruned? -> (Release the claim -> Replicating already)
 *     -> Plan the pruning -> Anything to prune? -> (on to Conclude the pruning)
 *     -> Take the baseline <-> wait -> Encrypt the baseline <-> wait -> Queue the pruning
 *     -> Prune (each worker: Prune rows until none is left) -> Conclude the pruning -> Rows moved away? -> (Prune again)
 *     -> Handing over? -> (Release the claim) -> Pruned
 *
 *   anything fails after the claim -> Give the source back -> Pruning failed, with what failed first
 *
 * A server that AWS does not manage has no baseline: no snapshot can be taken of it.
 */
import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, type IChainable, Pass, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import { assessed } from './assessment';
import { releaseClaim, takeClaim } from './claim';
import { begin, giveSourceBack } from './compensation';
import { Workflow, type WorkflowProps } from './machine';
import { ENCRYPT_POLL, type Poll, SNAPSHOT_POLL } from './poll';
import { pruneRows } from './prune-rows';
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

/** The loops' own bounds are two and a half days for the baseline and nine hours a sweep; this ends what they cannot see. */
export const PRUNE_TIMEOUT = Duration.days(5);

const STEPS_CALLED: readonly StepName[] = [
  'claim',
  'plan-prune',
  'snapshot',
  'encrypt',
  'prune-rows',
  'conclude-prune',
  'release',
];

/** The step queues three rounds at most; the machine trusts nobody. */
const MOST_SWEEPS = 5;

const CLAIMED = { epoch: '{% $epoch %}' };
const SOURCE = { source: '{% $source %}', databases: '{% $databases %}' };
const BASELINE = { purpose: 'baseline' } as const;

/** The machine `Prune`: output `{outcome, plan, pruning?, baseline?}`; `outcome` is `pruned`, `previewed` or `skipped`. */
export class PruneWorkflow extends Workflow {
  readonly machine: StateMachine;
  private readonly compensation: LambdaInvoke;

  constructor(scope: Construct, props: WorkflowProps, assess: StateMachine) {
    super(scope, 'prune', props);
    const { task } = giveSourceBack(this.states, props, 'release');
    this.compensation = task;
    task.next(failAsKept(this.states, 'Pruning failed'));
    const first = begin(this.states, {
      keepClaim: '{% $states.input.keepClaim = true %}',
      dryRun: '{% $states.input.dryRun = true %}',
      encrypted: '{% null %}',
      sweeps: 0,
      [SNAPSHOT_POLL.counter]: 0,
      [ENCRYPT_POLL.counter]: 0,
    });
    const fields = {
      execution: 'string',
      takeOver: 'string or null',
      inspection: 'object',
      databases: 'array',
      keepClaim: 'boolean',
      dryRun: 'boolean',
    } as const;
    const start = checkInput(
      this.states,
      fields,
      first.next(assessed(this.states, assess, { question: 'Assessment given?', next: this.rehearsed() })),
    );
    this.machine = this.makeMachine(start, PRUNE_TIMEOUT, STEPS_CALLED);
    this.acknowledgeChild(this.machine.role, assess);
  }

  /** A dry run needs no claim: its step changes nothing. */
  private rehearsed(): IChainable {
    const preview = callStep(
      this.states,
      'Preview the pruning',
      this.props.functions,
      'plan-prune',
      { ...SOURCE, epoch: '{% null %}', mode: 'preview' },
      { retry: REPEATABLE, outputs: { outcome: 'previewed', plan: '{% $states.result %}' } },
    );
    preview.addCatch(failAsKept(this.states, 'Preview failed'), { errors: ['States.ALL'], ...KEEP_FAILURE });
    preview.next(Succeed.jsonata(this.states, 'Previewed'));
    return Choice.jsonata(this.states, 'Dry run?')
      .when(Condition.jsonata('{% $dryRun %}'), preview)
      .otherwise(this.claim());
  }

  private claim(): IChainable {
    const claim = takeClaim(this.states, this.props);
    // What replicates must go on replicating: the claim is left, nothing else.
    const leave = releaseClaim(this.states, 'Leave the claim', this.props);
    claim.addCatch(leave.next(failAsKept(this.states, 'Claim failed')), { errors: ['States.ALL'], ...KEEP_FAILURE });
    const skipped = Pass.jsonata(this.states, 'Too late to prune', { outputs: { outcome: 'skipped' } });
    const done = Succeed.jsonata(this.states, 'Pruned');
    const end = this.handOver(done);
    return claim.next(
      Choice.jsonata(this.states, 'Still to be pruned?')
        .when(Condition.jsonata("{% $phase in ['assessed', 'pruned', 'scanned'] %}"), this.prune(end))
        .otherwise(skipped.next(end)),
    );
  }

  private prune(end: IChainable): IChainable {
    const plan = this.call(
      'Plan the pruning',
      'plan-prune',
      { ...CLAIMED, ...SOURCE, mode: 'decide' },
      {
        assign: { plan: '{% $states.result %}' },
      },
    );
    const conclude = this.conclude();
    const queue = this.call(
      'Queue the pruning',
      'plan-prune',
      { ...CLAIMED, ...SOURCE, mode: 'queue' },
      {
        assign: { plan: '{% $states.result %}' },
      },
    );
    const workers = pruneRows(this.states, this.props);
    workers.addCatch(this.compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
    const anything = Choice.jsonata(this.states, 'Anything to prune?')
      .when(Condition.jsonata('{% $plan.rows > 0 %}'), this.canTakeSnapshots ? this.baseline(queue) : queue)
      .otherwise(conclude);
    const moved = Choice.jsonata(this.states, 'Rows moved away?')
      .when(Condition.jsonata(`{% $again and $sweeps < ${MOST_SWEEPS} %}`), workers)
      .otherwise(end);
    queue.next(workers).next(conclude).next(moved);
    return plan.next(anything);
  }

  /** Of a server that AWS does not manage there is none: the configuration says that its owner has a backup (`source.ownBackup`). */
  private get canTakeSnapshots(): boolean {
    return this.props.functions.snapshot !== undefined;
  }

  private conclude(): LambdaInvoke {
    return this.call(
      'Conclude the pruning',
      'conclude-prune',
      { ...CLAIMED, ...SOURCE },
      {
        assign: { again: '{% $states.result.again %}', sweeps: '{% $sweeps + 1 %}' },
        outputs: {
          outcome: 'pruned',
          plan: '{% $plan %}',
          pruning: '{% $states.result %}',
          baseline: '{% $encrypted %}',
        },
      },
    );
  }

  /** Nothing is deleted before it lies in an encrypted snapshot. */
  private baseline(next: IChainable): IChainable {
    const snapshot = this.call(
      'Take the baseline',
      'snapshot',
      { ...CLAIMED, ...BASELINE, source: '{% $source %}', notBefore: '{% $plan.newestBoundary %}' },
      { assign: { snapshot: '{% $states.result %}', ...countRound(SNAPSHOT_POLL) } },
    );
    const encrypt = this.call(
      'Encrypt the baseline',
      'encrypt',
      { ...CLAIMED, ...BASELINE, snapshotArn: '{% $snapshot.snapshotArn %}' },
      { assign: { encrypted: '{% $states.result %}', ...countRound(ENCRYPT_POLL) } },
    );
    // RDS moves both forward by itself; each loop ends with it, or by its bound.
    this.loop(snapshot, 'Baseline taken?', "$snapshot.status = 'available'", 'the baseline', SNAPSHOT_POLL, encrypt);
    const what = 'the encrypted baseline';
    this.loop(encrypt, 'Baseline encrypted?', "$encrypted.status = 'available'", what, ENCRYPT_POLL, next);
    return snapshot;
  }

  private handOver(done: Succeed): IChainable {
    const released = releaseClaim(this.states, 'Release the claim', this.props);
    // What was to go is gone: a claim that cannot be released is no reason to call it failed.
    released.addCatch(done, { errors: ['States.ALL'], outputs: '{% $states.input %}' });
    return Choice.jsonata(this.states, 'Handing over?')
      .when(Condition.jsonata('{% $keepClaim %}'), done)
      .otherwise(released.next(done));
  }

  private call<S extends StepName>(name: string, step: S, args: Arguments<S>, props: Omit<TaskProps, 'retry'> = {}) {
    const task = callStep(this.states, name, this.props.functions, step, args, { retry: REPEATABLE, ...props });
    task.addCatch(this.compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
    return task;
  }

  private loop(ask: LambdaInvoke, question: string, ready: string, what: string, poll: Poll, next: IChainable): void {
    const cause = `${what} was not done after ${poll.rounds} rounds of waiting; look at it in the RDS console before starting again`;
    const gaveUp = makeFailure(this.states, `Gave up on ${what}`, cause);
    gaveUp.next(this.compensation);
    repeatUntil(this.states, { ask, question, ready, wait: `Wait for ${what}`, poll, next, gaveUp });
  }
}
