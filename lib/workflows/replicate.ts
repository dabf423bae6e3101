/**
 * Brings the rows over and keeps them equal:
 *
 *   Assessed already? -> (Assess) -> Claim the migration -> Replicating already? -> (on to Watch replication)
 *     -> Prepare the source -> Take the snapshot <-> wait
 *     -> Encrypt the snapshot <-> wait -> Create the target <-> wait -> Adopt the target -> Subscribe
 *     -> Watch replication <-> wait -> (the scan of the copy, see `scan-copy.ts`) -> Plan the verification -> Verify (each worker: Verify chunks until none is left)
 *     -> Conclude the verification -> Equal? -> Handing over? -> (Release the claim) -> Replicating
 *
 *   apply stands still -> Tell that apply stands still, once, and go on watching; too long -> Gave up on apply
 *   anything fails -> Give the source back -> Replication failed, with what failed first
 */
import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, type IChainable, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { StepName } from '../../lambda/contract';
import { assessed } from './assessment';
import { releaseClaim, takeClaim } from './claim';
import { begin, giveSourceBack } from './compensation';
import { Workflow, type WorkflowProps } from './machine';
import { CATCH_UP_POLL, ENCRYPT_POLL, type Poll, SNAPSHOT_POLL, TARGET_POLL } from './poll';
import { REPEATABLE } from './retry';
import { COPY_SCAN_STEPS, scanCopy } from './scan-copy';
import { COUNT_STUCK, NOT_STUCK, standingStill } from './standing-still';
import {
  type Arguments,
  callStep,
  checkInput,
  countRound,
  failAsKept,
  KEEP_FAILURE,
  type Loop,
  makeFailure,
  repeatUntil,
  type TaskProps,
} from './states';
import { VERIFICATION_STEPS, verification } from './verification';

/** The loops' own bounds are ten days together (see `poll.ts`); this ends what they cannot see. */
export const REPLICATE_TIMEOUT = Duration.days(14);

const STEPS_CALLED: readonly StepName[] = [
  'claim',
  'prepare',
  'snapshot',
  'encrypt',
  'restore',
  'adopt',
  'subscribe',
  'watch',
  ...VERIFICATION_STEPS,
  'release',
];

const CLAIMED = { epoch: '{% $epoch %}' };
const SOURCE = { ...CLAIMED, source: '{% $source %}' };
const BOTH = { ...SOURCE, target: '{% $target %}' };
const ALL = { ...BOTH, databases: '{% $databases %}' };

/** The machine `Replicate`: output `{epoch, source, target, databases, seedLsn, verification}`. */
export class ReplicateWorkflow extends Workflow {
  readonly machine: StateMachine;
  private readonly compensation: LambdaInvoke;

  constructor(
    scope: Construct,
    props: WorkflowProps,
    assess: StateMachine,
    /** Whether the restored copy is scanned before it is verified. */
    private readonly scansCopy: boolean,
  ) {
    super(scope, 'replicate', props);
    const { task } = giveSourceBack(this.states, props, 'release');
    this.compensation = task;
    task.next(failAsKept(this.states, 'Replication failed'));
    const first = begin(this.states, {
      keepClaim: '{% $states.input.keepClaim = true %}',
      seedLsn: '{% null %}',
      seedOrigin: '{% null %}',
      [SNAPSHOT_POLL.counter]: 0,
      [ENCRYPT_POLL.counter]: 0,
      [TARGET_POLL.counter]: 0,
      [CATCH_UP_POLL.counter]: 0,
      ...NOT_STUCK,
    });
    const fields = {
      execution: 'string',
      takeOver: 'string or null',
      inspection: 'object',
      databases: 'array',
      keepClaim: 'boolean',
    } as const;
    const start = checkInput(
      this.states,
      fields,
      first.next(
        assessed(this.states, assess, {
          question: 'Assessed already?',
          inspected: { target: 'target.instance' },
          next: this.claim(),
        }),
      ),
    );
    this.machine = this.makeMachine(start, REPLICATE_TIMEOUT, [...STEPS_CALLED, ...(scansCopy ? COPY_SCAN_STEPS : [])]);
    this.acknowledgeChild(this.machine.role, assess);
  }

  private claim(): IChainable {
    const claim = takeClaim(this.states, this.props);
    this.giveBackOnFailure(claim);
    const follow = this.follow();
    const refuse = makeFailure(
      this.states,
      'A cutover is under way',
      "{% 'the migration stands in phase ' & $phase & ': run Cutover with takeOver, it finishes or gives back' %}",
    );
    refuse
      .next(releaseClaim(this.states, 'Leave it to the cutover', this.props))
      .next(failAsKept(this.states, 'Replication refused'));
    const resync = makeFailure(
      this.states,
      'Must begin again',
      "{% 'the migration stands in phase ' & $phase & ': its replication is lost, start it again' %}",
    );
    resync.next(this.compensation);
    claim.next(
      Choice.jsonata(this.states, 'Replicating already?')
        .when(
          Condition.jsonata("{% $phase in ['assessed', 'pruned', 'scanned', 'seeding'] %}"),
          this.seed(follow.adopt),
        )
        .when(Condition.jsonata("{% $phase in ['replicating', 'verified'] and $target != null %}"), follow.watch)
        .when(Condition.jsonata("{% $phase in ['fencing', 'fenced'] %}"), refuse)
        .otherwise(resync),
    );
    return claim;
  }

  /** Publication, slot, snapshot, encrypted copy, target: in this order, because the order is the proof (facts A). */
  private seed(adopt: IChainable): IChainable {
    const prepare = this.call(
      'Prepare the source',
      'prepare',
      { ...SOURCE, databases: '{% $databases %}' },
      {
        assign: { slots: '{% $states.result.slots %}' },
      },
    );
    const snapshot = this.call(
      'Take the snapshot',
      'snapshot',
      { ...SOURCE, purpose: 'seed', notBefore: '{% null %}' },
      {
        assign: { snapshot: '{% $states.result %}', ...countRound(SNAPSHOT_POLL) },
      },
    );
    const encrypt = this.call(
      'Encrypt the snapshot',
      'encrypt',
      { ...CLAIMED, purpose: 'seed', snapshotArn: '{% $snapshot.snapshotArn %}' },
      {
        assign: { encrypted: '{% $states.result %}', ...countRound(ENCRYPT_POLL) },
      },
    );
    const restore = this.call(
      'Create the target',
      'restore',
      { ...SOURCE, seed: '{% $encrypted.snapshotArn %}' },
      {
        assign: {
          targetStatus: '{% $states.result.status %}',
          target: '{% $states.result.target %}',
          ...countRound(TARGET_POLL),
        },
      },
    );
    // RDS moves the snapshot, the copy and the instance forward by itself; each loop ends with it, or by its bound.
    this.loop(
      snapshot,
      'Snapshot available?',
      "$snapshot.status = 'available'",
      'the snapshot',
      SNAPSHOT_POLL,
      encrypt,
    );
    this.loop(
      encrypt,
      'Copy available?',
      "$encrypted.status = 'available'",
      'the encrypted copy',
      ENCRYPT_POLL,
      restore,
    );
    this.loop(restore, 'Target available?', "$targetStatus = 'available'", 'the target', TARGET_POLL, adopt);
    return prepare.next(snapshot);
  }

  private follow(): { readonly adopt: IChainable; readonly watch: IChainable } {
    const adopt = this.call(
      'Adopt the target',
      'adopt',
      { ...ALL, slots: '{% $slots %}' },
      {
        assign: { seedLsn: '{% $states.result.seedLsn %}', seedOrigin: '{% $states.result.seedOrigin %}' },
      },
    );
    const subscribe = this.call('Subscribe', 'subscribe', { ...ALL, seedLsn: '{% $seedLsn %}' });
    const watch = this.call('Watch replication', 'watch', ALL, {
      assign: {
        caughtUp: '{% $states.result.caughtUp %}',
        ...COUNT_STUCK,
        ...countRound(CATCH_UP_POLL),
      },
    });
    const detours = standingStill(this.states, this.props, this.compensation);
    // The target applies faster than a source of the same class writes; where it does not, the bound ends the loop.
    this.loop(watch, 'Caught up?', '$caughtUp', 'catching up', CATCH_UP_POLL, this.scanAndVerify(), detours);
    adopt.next(subscribe).next(watch);
    return { adopt, watch };
  }

  private scanAndVerify(): IChainable {
    const verify = this.verify();
    return this.scansCopy ? scanCopy(this.states, this.props, verify, this.compensation) : verify;
  }

  private verify(): IChainable {
    const done = Succeed.jsonata(this.states, 'Replicating');
    const released = releaseClaim(this.states, 'Release the claim', this.props);
    // The rows are over and equal: a claim that cannot be released is no reason to take them away again.
    released.addCatch(done, { errors: ['States.ALL'], outputs: '{% $states.input %}' });
    const handOver = Choice.jsonata(this.states, 'Handing over?')
      .when(Condition.jsonata('{% $keepClaim %}'), done)
      .otherwise(released.next(done));
    return verification(this.states, this.props, {
      outputs: {
        epoch: '{% $epoch %}',
        source: '{% $source %}',
        target: '{% $target %}',
        databases: '{% $databases %}',
        seedLsn: '{% $seedLsn %}',
        seedOrigin: '{% $seedOrigin %}',
        verification: '{% $states.result %}',
      },
      equal: handOver,
      compensation: this.compensation,
    });
  }

  private call<S extends StepName>(name: string, step: S, args: Arguments<S>, props: Omit<TaskProps, 'retry'> = {}) {
    const task = callStep(this.states, name, this.props.functions, step, args, { retry: REPEATABLE, ...props });
    this.giveBackOnFailure(task);
    return task;
  }

  private giveBackOnFailure(state: LambdaInvoke): void {
    state.addCatch(this.compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
  }

  private loop(
    ask: LambdaInvoke,
    question: string,
    ready: string,
    what: string,
    poll: Poll,
    next: IChainable,
    detours: Loop['detours'] = [],
  ): void {
    const gaveUp = makeFailure(
      this.states,
      `Gave up on ${what}`,
      `${what} was not done after ${poll.rounds} rounds of waiting; look at it in the RDS console before starting again`,
    );
    gaveUp.next(this.compensation);
    repeatUntil(this.states, { ask, question, ready, wait: `Wait for ${what}`, poll, next, gaveUp, detours });
  }
}
