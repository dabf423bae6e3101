/** The metrics of dashboard and alarms: those that the steps emit, and those of RDS and Step Functions. */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_DIMENSION, METRIC_NAMESPACE, type MetricName } from '../../lambda/contract/metrics';
import { undeliveredQueueName } from '../resource-names';

type Statistic = 'Average' | 'Maximum' | 'Minimum' | 'Sum';

/** What a metric of RDS can be asked for here. */
export type InstanceMetric = 'FreeStorageSpace' | 'CPUUtilization';

/** How executions of a machine end. */
export type ExecutionMetric =
  | 'ExecutionsStarted'
  | 'ExecutionsSucceeded'
  | 'ExecutionsFailed'
  | 'ExecutionsTimedOut'
  | 'ExecutionsAborted';

/** Messages that EventBridge could not deliver. */
export function undeliveredMetric(migration: string): Metric {
  return new Metric({
    namespace: 'AWS/SQS',
    metricName: 'ApproximateNumberOfMessagesVisible',
    dimensionsMap: { QueueName: undeliveredQueueName(migration) },
    statistic: 'Maximum',
    label: 'undelivered',
    period: Duration.minutes(5),
  });
}

/** A metric that a step emits. */
export function stepMetric(migration: string, name: MetricName, statistic: Statistic, label: string): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: { [METRIC_DIMENSION]: migration },
    statistic,
    label,
    period: Duration.minutes(1),
  });
}

/** A metric of an RDS instance. */
export function instanceMetric(instanceId: string, name: InstanceMetric, label: string): Metric {
  return new Metric({
    namespace: 'AWS/RDS',
    metricName: name,
    dimensionsMap: { DBInstanceIdentifier: instanceId },
    statistic: name === 'FreeStorageSpace' ? 'Minimum' : 'Average',
    label,
    period: Duration.minutes(1),
  });
}

/** A metric of a state machine's executions. */
export function executionMetric(machineArn: string, name: ExecutionMetric, label: string): Metric {
  return new Metric({
    namespace: 'AWS/States',
    metricName: name,
    dimensionsMap: { StateMachineArn: machineArn },
    statistic: 'Sum',
    label,
    period: Duration.minutes(5),
  });
}
