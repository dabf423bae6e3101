/**
 * Runs the phases in order; any of them can be the last:
 *
 *   Input understood? -> Assess -> Stop after assessing? -> (Prune -> Stop after pruning?) -> (Scan -> Stop after scanning?)
 *     -> Replicate -> Stop after replicating? -> (the approval) -> Cutover -> Live
 *
 * Input `{dryRun?: boolean, stopAfter?: 'assess' | 'prune' | 'scan' | 'replicate' | 'cutover', takeOver?: string}`; a dry run ends after
 * Assess and Prune's preview, which change nothing; `takeOver` is the ARN of a dead execution whose claim is taken over. A phase that fails has cleaned up
 * after itself; its own error name and cause become the migration's. The approval is in `approval.ts`.
 */
import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, type IChainable, Pass, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { STOP_AFTER } from '../../lambda/contract';
import { APPROVAL_STEPS, approvalTimeout, askForApproval, releaseAndFail } from './approval';
import type { ApprovalWords } from './approval-message';
import { ASSESS_TIMEOUT } from './assess';
import { CUTOVER_TIMEOUT } from './cutover';
import { Workflow, type WorkflowProps } from './machine';
import { PRUNE_TIMEOUT } from './prune';
import { REPLICATE_TIMEOUT } from './replicate';
import { SCAN_TIMEOUT } from './scan';
import { checkInput, failAsKept, KEEP_CHILD_FAILURE, ROOT_EXECUTION, runMachine, TAKEN_OVER } from './states';

/** The phases' time limits and an hour. */
const PHASES_TIMEOUT = Duration.seconds(
  ASSESS_TIMEOUT.toSeconds() +
    PRUNE_TIMEOUT.toSeconds() +
    SCAN_TIMEOUT.toSeconds() +
    REPLICATE_TIMEOUT.toSeconds() +
    CUTOVER_TIMEOUT.toSeconds() +
    3600,
);

/** A child is given a little longer than it gives itself, so that its own end is what is seen. */
function longerThan(timeout: Duration): Duration {
  return timeout.plus(Duration.minutes(5));
}

/** The machines of the phases. */
export interface Phases {
  readonly assess: StateMachine;
  /** Null when nothing is configured to be pruned. */
  readonly prune: StateMachine | null;
  /** Null when the configuration leaves it out. */
  readonly scan: StateMachine | null;
  readonly replicate: StateMachine;
  readonly cutover: StateMachine;
}

/** The machine `Migrate`: output `{outcome, assessment, pruning?, scan?, replication?, approval?, cutover?}`; `approval` null asks nobody. */
export class MigrateWorkflow extends Workflow {
  readonly machine: StateMachine;

  constructor(
    scope: Construct,
    props: WorkflowProps,
    phases: Phases,
    private readonly approval: ApprovalWords | null,
  ) {
    super(scope, 'migrate', props);
    const { states } = this;
    const failed = failAsKept(states, 'Migration failed');
    const { assess, replicate, cutover } = this.runPhases(phases, failed);
    const scanned = phases.scan === null ? replicate : this.scan(phases.scan, failed, replicate);
    const pruned = phases.prune === null ? scanned : this.prune(phases.prune, failed, scanned);
    // A dry run is shown what would be pruned.
    const last = phases.prune === null ? "$stopAfter = 'assess'" : "$stopAfter = 'assess' and $not($dryRun)";
    const chain = this.begin().next(assess);
    assess.next(
      Choice.jsonata(states, 'Stop after assessing?')
        .when(
          Condition.jsonata(`{% ${last} %}`),
          Succeed.jsonata(states, 'Assessed', { outputs: { outcome: 'assessed', assessment: '{% $assessment %}' } }),
        )
        .otherwise(pruned),
    );
    replicate.next(
      Choice.jsonata(states, 'Stop after replicating?')
        .when(
          Condition.jsonata("{% $stopAfter = 'replicate' %}"),
          Succeed.jsonata(states, 'Replicating', {
            outputs: {
              outcome: 'replicating',
              assessment: '{% $assessment %}',
              pruning: '{% $pruning %}',
              scan: '{% $scanned %}',
              replication: '{% $replication %}',
            },
          }),
        )
        .otherwise(this.approved(cutover)),
    );
    cutover.next(this.live());
    const known = STOP_AFTER.filter((phase) => (phase !== 'prune' && phase !== 'scan') || phases[phase] !== null);
    const words = known.map((phase) => `'${phase}'`).join(', ');
    const start = checkInput(states, { dryRun: 'boolean', stopAfter: 'string', takeOver: 'string or null' }, chain, [
      `($exists($states.input.stopAfter) ? $states.input.stopAfter in [${words}] : true)`,
    ]);
    this.machine = this.makeMachine(start, this.timeout(), approval === null ? [] : APPROVAL_STEPS);
    this.acknowledgeChild(this.machine.role, phases.assess);
    if (phases.prune !== null) this.acknowledgeChild(this.machine.role, phases.prune);
    if (phases.scan !== null) this.acknowledgeChild(this.machine.role, phases.scan);
    this.acknowledgeChild(this.machine.role, phases.replicate);
    this.acknowledgeChild(this.machine.role, phases.cutover);
  }

  private begin(): Pass {
    return Pass.jsonata(this.states, 'Begin', {
      assign: {
        execution: ROOT_EXECUTION,
        takeOver: TAKEN_OVER,
        dryRun: '{% $states.input.dryRun = true %}',
        stopAfter:
          "{% $states.input.dryRun = true ? 'assess' : $exists($states.input.stopAfter) ? $states.input.stopAfter : 'cutover' %}",
        approval: '{% null %}',
        pruning: '{% null %}',
        scanned: '{% null %}',
        questions: 0,
        misunderstood: false,
      },
    });
  }

  private timeout(): Duration {
    if (this.approval === null) return PHASES_TIMEOUT;
    return PHASES_TIMEOUT.plus(approvalTimeout(this.approval.expiresAfterMinutes));
  }

  /** What comes before the cutover: the question, or nothing. */
  private approved(cutover: IChainable): IChainable {
    if (this.approval === null) return cutover;
    return askForApproval(this.states, this.props, this.approval, {
      approved: cutover,
      notApproved: releaseAndFail(this.states, this.props),
      whatNow:
        'nothing was changed and replication goes on; start Cutover, which verifies anew, or Migrate when it suits you',
    });
  }

  private live(): Succeed {
    return Succeed.jsonata(this.states, 'Live', {
      outputs: {
        outcome: 'live',
        assessment: '{% $assessment %}',
        pruning: '{% $pruning %}',
        scan: '{% $scanned %}',
        replication: '{% $replication %}',
        approval: '{% $approval %}',
        cutover: '{% $moved %}',
      },
    });
  }

  /** Removes what is old, or in a dry run shows it. */
  private prune(machine: StateMachine, failed: IChainable, next: IChainable): IChainable {
    const prune = runMachine(this.states, 'Prune', machine, {
      input: {
        execution: '{% $execution %}',
        takeOver: '{% $takeOver %}',
        inspection: '{% $inspection %}',
        databases: '{% $databases %}',
        dryRun: '{% $dryRun %}',
        keepClaim: "{% $stopAfter != 'prune' %}",
      },
      timeout: longerThan(PRUNE_TIMEOUT),
      assign: { pruning: '{% $states.result.Output %}' },
    });
    prune.addCatch(failed, { errors: ['States.ALL'], ...KEEP_CHILD_FAILURE });
    return prune.next(
      Choice.jsonata(this.states, 'Stop after pruning?')
        .when(
          Condition.jsonata("{% $stopAfter in ['assess', 'prune'] %}"),
          Succeed.jsonata(this.states, 'Pruned', {
            outputs: {
              outcome: "{% $dryRun ? 'assessed' : 'pruned' %}",
              assessment: '{% $assessment %}',
              pruning: '{% $pruning %}',
            },
          }),
        )
        .otherwise(next),
    );
  }

  /** Looks for damage; when nothing follows, the claim is released for whoever goes on later. */
  private scan(machine: StateMachine, failed: IChainable, next: IChainable): IChainable {
    const scan = runMachine(this.states, 'Scan', machine, {
      input: {
        execution: '{% $execution %}',
        takeOver: '{% $takeOver %}',
        inspection: '{% $inspection %}',
        databases: '{% $databases %}',
        keepClaim: "{% $stopAfter != 'scan' %}",
      },
      timeout: longerThan(SCAN_TIMEOUT),
      assign: { scanned: '{% $states.result.Output %}' },
    });
    scan.addCatch(failed, { errors: ['States.ALL'], ...KEEP_CHILD_FAILURE });
    return scan.next(
      Choice.jsonata(this.states, 'Stop after scanning?')
        .when(
          Condition.jsonata("{% $stopAfter = 'scan' %}"),
          Succeed.jsonata(this.states, 'Scanned', {
            outputs: {
              outcome: 'scanned',
              assessment: '{% $assessment %}',
              pruning: '{% $pruning %}',
              scan: '{% $scanned %}',
            },
          }),
        )
        .otherwise(next),
    );
  }

  private runPhases(
    phases: Phases,
    failed: IChainable,
  ): Record<'assess' | 'replicate' | 'cutover', StepFunctionsStartExecution> {
    const execution = '{% $execution %}';
    const takeOver = '{% $takeOver %}';
    const assess = runMachine(this.states, 'Assess', phases.assess, {
      input: { execution, takeOver },
      timeout: longerThan(ASSESS_TIMEOUT),
      assign: {
        inspection: '{% $states.result.Output.inspection %}',
        databases: '{% $states.result.Output.databases %}',
        assessment: '{% $states.result.Output.assessment %}',
      },
    });
    const replicate = runMachine(this.states, 'Replicate', phases.replicate, {
      input: {
        execution,
        takeOver,
        inspection: '{% $inspection %}',
        databases: '{% $databases %}',
        // When nothing follows, the claim is released for whoever runs Cutover later.
        keepClaim: "{% $stopAfter = 'cutover' %}",
      },
      timeout: longerThan(REPLICATE_TIMEOUT),
      assign: {
        epoch: '{% $states.result.Output.epoch %}',
        source: '{% $states.result.Output.source %}',
        target: '{% $states.result.Output.target %}',
        replication: '{% $states.result.Output %}',
      },
    });
    const cutover = runMachine(this.states, 'Cutover', phases.cutover, {
      input: {
        execution,
        takeOver,
        epoch: '{% $epoch %}',
        databases: '{% $databases %}',
        approval: '{% $approval %}',
      },
      timeout: longerThan(CUTOVER_TIMEOUT),
      assign: { moved: '{% $states.result.Output %}' },
    });
    for (const phase of [assess, replicate, cutover]) {
      phase.addCatch(failed, { errors: ['States.ALL'], ...KEEP_CHILD_FAILURE });
    }
    return { assess, replicate, cutover };
  }
}
