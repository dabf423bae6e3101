/**
 * Brings the rows over and keeps them equal:
 *
 *   Assessed already? -> (Assess) -> Claim the migration -> Replicating already? -> (on to Watch replication)
 *     -> (the configured road, see `snapshot-road.ts` and `copy-road.ts`) -> Subscribe
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
import type { SealiftConfig } from '../config';
import { assessed } from './assessment';
import { releaseClaim, takeClaim } from './claim';
import { begin, giveSourceBack } from './compensation';
import { COPY_ROAD_COUNTERS, COPY_ROAD_STEPS, copyRoad } from './copy-road';
import { Workflow, type WorkflowProps } from './machine';
import { CATCH_UP_POLL, type Poll } from './poll';
import { REPEATABLE } from './retry';
import { COPY_SCAN_STEPS, scanCopy } from './scan-copy';
import { ALL, type Seeding } from './seeding';
import { SNAPSHOT_ROAD_COUNTERS, SNAPSHOT_ROAD_STEPS, snapshotRoad } from './snapshot-road';
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

const STEPS_CALLED: readonly StepName[] = ['claim', 'subscribe', 'watch', ...VERIFICATION_STEPS, 'release'];

/** What the machine does beside what it always does. */
export interface ReplicateChoices {
  /** Whether the restored copy is scanned before it is verified. */
  readonly scansCopy: boolean;
  readonly road: SealiftConfig['road'];
  /** Workers that copy rows side by side, on the copy road. */
  readonly copyWorkers: number;
}

/** The machine `Replicate`: output `{epoch, source, target, databases, seedLsn, seedOrigin, verification}`; the copy road has no seed LSN. */
export class ReplicateWorkflow extends Workflow {
  readonly machine: StateMachine;
  private readonly compensation: LambdaInvoke;

  constructor(
    scope: Construct,
    props: WorkflowProps,
    assess: StateMachine,
    private readonly choices: ReplicateChoices,
  ) {
    super(scope, 'replicate', props);
    const { task } = giveSourceBack(this.states, props, 'release');
    this.compensation = task;
    task.next(failAsKept(this.states, 'Replication failed'));
    const first = begin(this.states, {
      keepClaim: '{% $states.input.keepClaim = true %}',
      seedLsn: '{% null %}',
      seedOrigin: '{% null %}',
      ...(choices.road === 'copy' ? COPY_ROAD_COUNTERS : SNAPSHOT_ROAD_COUNTERS),
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
    this.machine = this.makeMachine(start, REPLICATE_TIMEOUT, [
      ...STEPS_CALLED,
      ...(choices.road === 'copy' ? COPY_ROAD_STEPS : SNAPSHOT_ROAD_STEPS),
      ...(choices.scansCopy ? COPY_SCAN_STEPS : []),
    ]);
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
          this.seed(follow.subscribe),
        )
        .when(Condition.jsonata("{% $phase in ['replicating', 'verified'] and $target != null %}"), follow.watch)
        .when(Condition.jsonata("{% $phase in ['fencing', 'fenced'] %}"), refuse)
        .otherwise(resync),
    );
    return claim;
  }

  private seed(subscribe: IChainable): IChainable {
    const seeding: Seeding = {
      states: this.states,
      props: this.props,
      compensation: this.compensation,
      call: (name, step, args, props) => this.call(name, step, args, props),
      loop: (...loop) => this.loop(...loop),
    };
    const { road, copyWorkers } = this.choices;
    return road === 'copy' ? copyRoad(seeding, copyWorkers, subscribe) : snapshotRoad(seeding, subscribe);
  }

  private follow(): { readonly subscribe: IChainable; readonly watch: IChainable } {
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
    return { subscribe: subscribe.next(watch), watch };
  }

  private scanAndVerify(): IChainable {
    const verify = this.verify();
    return this.choices.scansCopy ? scanCopy(this.states, this.props, verify, this.compensation) : verify;
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
