/** What a migration is watched for while it runs: slot, lag, the source's storage, its executions. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { MetricName } from '../../lambda/contract/metrics';
import type { SealiftConfig } from '../config';
import {
  failureAlarmName,
  MACHINES,
  type MachineName,
  type MIGRATION_ALARMS,
  type MigrationAlarm,
  migrationAlarmName,
  type WAY_BACK_ALARMS,
} from '../resource-names';
import { executionMetric, instanceMetric, stepMetric, undeliveredMetric } from './metrics';
import { withRunbook } from './runbook';

const GIB = 2 ** 30;
/** Of the target's storage; the alarm on its free storage comes at the last tenth. */
const RETAINED_SHARE = 0.1;
const PERIOD = Duration.minutes(5);
/** Three periods in a row: a quarter of an hour. */
const PERIODS = 3;

/** What the alarms are made from. */
export interface MigrationAlarmsProps {
  readonly config: SealiftConfig;
  readonly topic: ITopic;
  readonly machines: Readonly<Record<MachineName, StateMachine>>;
}

interface Watch {
  readonly metric: IMetric;
  readonly operator: ComparisonOperator;
  readonly threshold: number;
  readonly periods: number;
  /** In plain words, for a message at night. */
  readonly text: string;
}

/** The alarms of a migration; silence between migrations raises none of them. */
export class MigrationAlarms extends Construct {
  constructor(scope: Construct, id: string, props: MigrationAlarmsProps) {
    super(scope, id);
    const { migration } = props.config;
    const { windowHours } = props.config.rollback;
    const all = { ...watches(props.config), ...(windowHours > 0 && wayBackWatches(props.config)) };
    for (const [name, watch] of Object.entries(all)) {
      const alarm = name as MigrationAlarm;
      this.make(alarm, migrationAlarmName(migration, alarm), watch, withRunbook(watch.text, alarm), props.topic);
    }
    for (const machine of MACHINES) {
      const watch = failures(migration, machine, props.machines[machine].stateMachineArn);
      const text = withRunbook(watch.text, 'execution-failed');
      this.make(`${machine}-failed`, failureAlarmName(migration, machine), watch, text, props.topic);
    }
  }

  private make(id: string, alarmName: string, watch: Watch, alarmDescription: string, topic: ITopic): void {
    const alarm = new Alarm(this, id, {
      alarmName,
      alarmDescription,
      metric: watch.metric,
      comparisonOperator: watch.operator,
      threshold: watch.threshold,
      evaluationPeriods: watch.periods,
      // Steps emit only while they run.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }
}

function watches(config: SealiftConfig): Partial<Record<(typeof MIGRATION_ALARMS)[number], Watch>> {
  const { migration, policy, source, target } = config;
  return {
    'slot-unsafe': {
      metric: stepMetric(migration, 'SlotSafeBytes', 'Minimum', 'until a slot is lost').with({ period: PERIOD }),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: policy.slotSafeBytes,
      periods: 1,
      text:
        `Sealift ${migration}: a replication slot of the source will soon be lost, and the migration with it. Nothing is ` +
        'wrong with the data.',
    },
    'lag-growing': {
      metric: growingLag(config),
      operator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      periods: PERIODS,
      text:
        `Sealift ${migration}: the target has fallen further behind the source for a quarter of an hour and is too far ` +
        'behind for a cutover.',
    },
    // CloudWatch knows nothing of the disks of a server that AWS does not manage.
    ...(source.kind === 'rds' && {
      'source-free-storage': {
        metric: instanceMetric(source.instanceId, 'FreeStorageSpace', 'source').with({ period: PERIOD }),
        operator: ComparisonOperator.LESS_THAN_THRESHOLD,
        // The target's storage is at least the source's, which is not known here (facts E17).
        threshold: Math.round(target.allocatedStorageGib * GIB * 0.1),
        periods: PERIODS,
        text: `Sealift ${migration}: the source runs out of storage, perhaps because of the WAL that the migration keeps there.`,
      },
    }),
    'undelivered-messages': {
      metric: undeliveredMetric(migration).with({ period: PERIOD }),
      operator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      periods: 1,
      text:
        `Sealift ${migration}: a message about a phase could not be delivered, or the reaper could not be started after ` +
        'one; it waits in a queue.',
    },
  };
}

/** The slots of the target that the source reads from; a look that fails has the alarm of its machine. */
function wayBackWatches({ migration, policy, target }: SealiftConfig): Record<(typeof WAY_BACK_ALARMS)[number], Watch> {
  const metric = (name: MetricName, label: string) =>
    stepMetric(migration, name, 'Maximum', label).with({ period: PERIOD });
  return {
    'way-back-behind': {
      metric: new MathExpression({
        expression: `IF(idle > 0 OR (lag > ${policy.cutoverMaxLagBytes} AND DIFF(lag) > 0), 1, 0)`,
        usingMetrics: {
          idle: metric('WayBackIdleSlots', 'slots that nobody reads from'),
          lag: metric('WayBackLagBytes', 'behind'),
        },
        label: 'the source does not keep up',
        period: PERIOD,
      }),
      operator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      periods: PERIODS,
      text:
        `Sealift ${migration}: the old source has not followed the target for a quarter of an hour. Applications work; ` +
        'returning to the source would have to wait for it, or is not possible any more.',
    },
    'way-back-storage': {
      metric: metric('WayBackRetainedBytes', 'kept for the source'),
      operator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: Math.round(target.allocatedStorageGib * GIB * RETAINED_SHARE),
      periods: 1,
      text:
        `Sealift ${migration}: the target keeps WAL for the old source on a tenth of its storage. When that is full, ` +
        'applications stop.',
    },
  };
}

/** 1 where the lag is above what a cutover allows and has grown since the period before. */
function growingLag({ migration, policy }: SealiftConfig): IMetric {
  return new MathExpression({
    expression: `IF(lag > ${policy.cutoverMaxLagBytes} AND DIFF(lag) > 0, 1, 0)`,
    usingMetrics: { lag: stepMetric(migration, 'LagBytes', 'Maximum', 'behind').with({ period: PERIOD }) },
    label: 'lag too large and growing',
    period: PERIOD,
  });
}

function failures(migration: string, machine: MachineName, arn: string): Watch {
  return {
    metric: new MathExpression({
      // A metric without data would make the sum one without data.
      expression: 'FILL(failed, 0) + FILL(timedOut, 0) + FILL(aborted, 0)',
      usingMetrics: {
        failed: executionMetric(arn, 'ExecutionsFailed', 'failed'),
        timedOut: executionMetric(arn, 'ExecutionsTimedOut', 'timed out'),
        aborted: executionMetric(arn, 'ExecutionsAborted', 'stopped'),
      },
      label: 'executions that did not succeed',
      period: PERIOD,
    }),
    operator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    periods: 1,
    text: `Sealift ${migration}: an execution of ${machine} failed, was stopped or timed out.`,
  };
}
