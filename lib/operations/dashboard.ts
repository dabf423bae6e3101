/**
 * The dashboard of a migration, in the order of an operator's questions:
 *
 *   what to do | phase reached     | executions started and failed
 *   lag, bytes | lag, seconds      | slots: WAL retained and still safe
 *   verified   | free storage      | processors
 *   outage     | keys that changed | differences
 *   way back, when there may be one: WAL | slots that nobody reads from
 */
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  PeriodOverride,
  Row,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PHASES } from '../../lambda/contract';
import type { MetricName } from '../../lambda/contract/metrics';
import type { SealiftConfig } from '../config';
import { dashboardName, MACHINES, type MachineName, targetInstanceId } from '../resource-names';
import { executionMetric, type InstanceMetric, instanceMetric, stepMetric } from './metrics';

/** Of 24 columns. */
const WIDTH = 8;
const HEIGHT = 6;

/** What the dashboard is made from. */
export interface MigrationDashboardProps {
  readonly config: SealiftConfig;
  readonly machines: Readonly<Record<MachineName, StateMachine>>;
}

/** One page that shows how a migration goes. */
export class MigrationDashboard extends Construct {
  /** Name by which the console finds it. */
  readonly dashboardName: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: MigrationDashboardProps,
  ) {
    super(scope, id);
    this.dashboardName = dashboardName(props.config.migration);
    const dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: this.dashboardName,
      periodOverride: PeriodOverride.AUTO,
    });
    for (const row of this.rows()) dashboard.addWidgets(new Row(...row));
  }

  private rows(): IWidget[][] {
    const { policy } = this.props.config;
    return [
      [this.explanation(), this.phase(), this.executions()],
      [
        this.graph('Lag in bytes', [this.step('LagBytes', 'Maximum', 'behind')], policy.cutoverMaxLagBytes),
        this.graph('Lag in seconds', [this.step('LagSeconds', 'Maximum', 'behind')]),
        this.graph(
          'Replication slots: WAL in bytes',
          [
            this.step('SlotRetainedBytes', 'Maximum', 'kept on the source'),
            this.step('SlotSafeBytes', 'Minimum', 'until a slot is lost'),
          ],
          policy.slotSafeBytes,
        ),
      ],
      [
        this.graph('Rows pruned, scanned and verified', [
          this.step('RowsPruned', 'Sum', 'pruned'),
          this.step('RowsScanned', 'Sum', 'scanned'),
          this.step('RowsVerified', 'Sum', 'verified'),
        ]),
        this.bothSides('Free storage in bytes', 'FreeStorageSpace'),
        this.bothSides('Processor in percent', 'CPUUtilization'),
      ],
      [this.outage(), this.keys(), this.differences()],
      ...(this.props.config.rollback.windowHours > 0 ? [this.wayBack()] : []),
    ];
  }

  private wayBack(): IWidget[] {
    return [
      this.graph('Way back: WAL in bytes', [
        this.step('WayBackRetainedBytes', 'Maximum', 'kept on the target'),
        this.step('WayBackLagBytes', 'Maximum', 'the source is behind'),
      ]),
      this.graph('Way back: slots that nobody reads from', [this.step('WayBackIdleSlots', 'Maximum', 'slots')]),
    ];
  }

  private explanation(): IWidget {
    const phases = PHASES.map((phase, position) => `${position} ${phase}`).join(', ');
    return new TextWidget({
      width: WIDTH,
      height: HEIGHT,
      markdown:
        `## Sealift ${this.props.config.migration}\n` +
        `Phases by number: ${phases}. From ${PHASES.indexOf('flipped')} on the target is live and nothing goes back.\n\n` +
        'An execution that failed says why, and what to do; the words are in `docs/runbook.md`. What was held by ' +
        'one that was stopped: `docs/runbook.md#after-a-stopped-execution`.',
    });
  }

  private phase(): IWidget {
    return this.graph('Phase', [this.step('PhaseReached', 'Maximum', 'phase by number')]);
  }

  private executions(): IWidget {
    const of = (name: Parameters<typeof executionMetric>[1], what: string) =>
      MACHINES.map((machine) =>
        executionMetric(this.props.machines[machine].stateMachineArn, name, `${machine} ${what}`),
      );
    return this.graph('Executions', [...of('ExecutionsStarted', 'started'), ...of('ExecutionsFailed', 'failed')]);
  }

  private outage(): IWidget {
    const parts: Partial<Record<MetricName, string>> = {
      Outage: 'whole',
      OutageFence: 'fence',
      OutageBarrier: 'barrier',
      OutageSequences: 'sequences',
      OutageGate: 'gate',
      OutageSwitch: 'switch',
    };
    return new SingleValueWidget({
      title: 'Outage in milliseconds',
      width: WIDTH,
      height: HEIGHT,
      setPeriodToTimeRange: true,
      metrics: Object.entries(parts).map(([name, label]) => this.step(name as MetricName, 'Maximum', label)),
    });
  }

  private keys(): IWidget {
    return this.graph('Keys that changed after they were compared', [
      this.step('KeysToCompareAgain', 'Maximum', 'compared under the fence'),
    ]);
  }

  private differences(): IWidget {
    return this.graph('Damage and differences found', [
      this.step('DamageFound', 'Maximum', 'damaged on the source'),
      this.step('DifferencesFound', 'Maximum', 'different on the target'),
    ]);
  }

  private bothSides(title: string, name: InstanceMetric): IWidget {
    const { migration, source } = this.props.config;
    return this.graph(title, [
      // CloudWatch knows nothing of a server that AWS does not manage.
      ...(source.kind === 'rds' ? [instanceMetric(source.instanceId, name, 'source')] : []),
      instanceMetric(targetInstanceId(migration), name, 'target'),
    ]);
  }

  private graph(title: string, left: IMetric[], limit?: number): IWidget {
    return new GraphWidget({
      title,
      left,
      width: WIDTH,
      height: HEIGHT,
      leftYAxis: { min: 0 },
      ...(limit !== undefined && { leftAnnotations: [{ value: limit, label: 'configured limit' }] }),
    });
  }

  private step(name: MetricName, statistic: Parameters<typeof stepMetric>[2], label: string): IMetric {
    return stepMetric(this.props.config.migration, name, statistic, label);
  }
}
