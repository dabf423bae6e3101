/**
 * Looks for damage in the source before anything follows it:
 *
 *   Assessment at hand? -> (Assess) -> Claim the migration -> May be scanned?
 *     -> Plan the scan -> Scan (each worker: Scan ranges until none is left) -> Conclude the scan -> Sound?
 *     -> (Repair) -> Keep the claim? -> (Release the claim) -> Scanned
 *
 *   the source is followed already -> Migrate goes on without a scan; alone it is refused
 *   anything fails, damage that may not be repaired among it -> Give the source back -> Scan failed, with what failed first
 *
 * What was saved in quarantine stays in the source's ledger, whatever becomes of the migration.
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
import { REPEATABLE } from './retry';
import { scanRanges } from './scan-ranges';
import { callStep, checkInput, failAsKept, KEEP_FAILURE, makeFailure } from './states';

/** The assessment, nineteen hours of reading (see `poll.ts`), and the steps around it with their retries. */
export const SCAN_TIMEOUT = Duration.hours(26);

const STEPS_CALLED: readonly StepName[] = [
  'claim',
  'plan-scan',
  'scan-ranges',
  'conclude-scan',
  'quarantine',
  'release',
];

const SOURCE = { epoch: '{% $epoch %}', source: '{% $source %}', databases: '{% $databases %}' };
const PLACE = { ...SOURCE, target: '{% null %}' };

/** The machine `Scan`: output `{outcome, databases, repaired, report}`, outcome `clean`, `repaired` or `skipped`. */
export class ScanWorkflow extends Workflow {
  readonly machine: StateMachine;
  private readonly compensation: LambdaInvoke;

  constructor(scope: Construct, props: WorkflowProps, assess: StateMachine) {
    super(scope, 'scan', props);
    const { task } = giveSourceBack(this.states, props, 'release');
    this.compensation = task;
    task.next(failAsKept(this.states, 'Scan failed'));
    const first = begin(this.states, { keepClaim: '{% $states.input.keepClaim = true %}', repaired: '{% null %}' });
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
      first.next(assessed(this.states, assess, { question: 'Assessment at hand?', next: this.claim() })),
    );
    this.machine = this.makeMachine(start, SCAN_TIMEOUT, STEPS_CALLED);
    this.acknowledgeChild(this.machine.role, assess);
  }

  private claim(): IChainable {
    const claim = takeClaim(this.states, this.props);
    this.giveBackOnFailure(claim);
    const refuse = makeFailure(
      this.states,
      'Something follows the source',
      "{% 'the migration stands in phase ' & $phase & ': the source is scanned before it is replicated, not after' %}",
    );
    refuse
      .next(releaseClaim(this.states, 'Leave it to the replication', this.props))
      .next(failAsKept(this.states, 'Scan refused'));
    // A migration that goes on where it stood was scanned, or not, before it began to replicate.
    const followed = Succeed.jsonata(this.states, 'Followed already', {
      outputs: { outcome: 'skipped', databases: [], repaired: '{% null %}', report: '{% null %}' },
    });
    claim.next(
      Choice.jsonata(this.states, 'May be scanned?')
        .when(Condition.jsonata("{% $phase in ['assessed', 'pruned', 'scanned'] %}"), this.scan())
        .when(Condition.jsonata('{% $keepClaim %}'), followed)
        .otherwise(refuse),
    );
    return claim;
  }

  private scan(): IChainable {
    const plan = callStep(this.states, 'Plan the scan', this.props.functions, 'plan-scan', PLACE, {
      retry: REPEATABLE,
      assign: { workers: '{% [$states.result.workers] %}' },
    });
    const workers = scanRanges(this.states, this.props, PLACE);
    const conclude = callStep(this.states, 'Conclude the scan', this.props.functions, 'conclude-scan', PLACE, {
      retry: REPEATABLE,
      assign: { conclusion: '{% $states.result %}' },
    });
    for (const state of [plan, conclude]) this.giveBackOnFailure(state);
    workers.addCatch(this.compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
    const damaged = makeFailure(
      this.states,
      'The source is damaged',
      "{% $substring($conclusion.detail & '; see ' & $conclusion.report.key, 0, 30000) %}",
    );
    damaged.next(this.compensation);
    const done = this.done();
    const sound = Choice.jsonata(this.states, 'Sound?')
      .when(Condition.jsonata("{% $conclusion.verdict = 'clean' %}"), done)
      .when(Condition.jsonata("{% $conclusion.verdict = 'repairable' %}"), this.repair(done))
      .otherwise(damaged);
    return plan.next(workers).next(conclude).next(sound);
  }

  private repair(done: IChainable): IChainable {
    const repair = callStep(this.states, 'Repair', this.props.functions, 'quarantine', SOURCE, {
      retry: REPEATABLE,
      assign: { repaired: '{% $states.result %}' },
    });
    this.giveBackOnFailure(repair);
    return repair.next(done);
  }

  private done(): IChainable {
    const scanned = Succeed.jsonata(this.states, 'Scanned', {
      outputs: {
        outcome: "{% $repaired = null ? 'clean' : 'repaired' %}",
        // The brackets keep a single database a list.
        databases: '{% [$conclusion.databases] %}',
        repaired: '{% $repaired %}',
        report: '{% $conclusion.report %}',
      },
    });
    const released = releaseClaim(this.states, 'Release the claim', this.props);
    // What was found stands: a claim that cannot be released can be taken over.
    released.addCatch(scanned, { errors: ['States.ALL'], outputs: '{% $states.input %}' });
    return Choice.jsonata(this.states, 'Keep the claim?')
      .when(Condition.jsonata('{% $keepClaim %}'), scanned)
      .otherwise(released.next(scanned));
  }

  private giveBackOnFailure(state: LambdaInvoke): void {
    state.addCatch(this.compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
  }
}
