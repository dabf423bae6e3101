/** Numbers for the dashboard and the alarms: CloudWatch's embedded metric format, one line of the log per measurement. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from '../contract/metrics';

/** Values by metric; numbers only, so that no row, host or secret can be among them. */
export type Measured = Readonly<Partial<Record<MetricName, number>>>;

/** Where a step tells what it measured. */
export interface MetricSink {
  /** Writes the values at once, as of now. */
  measured(values: Measured): void;
}

/** A sink whose metrics belong to one migration. */
export function createMetricSink(migrationId: string): MetricSink {
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE });
  // Powertools would add the service as a second dimension, and alarms name all of them.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [METRIC_DIMENSION]: migrationId });
  return {
    measured: (values) => {
      for (const [name, value] of Object.entries(values)) {
        metrics.addMetric(name, METRICS[name as MetricName].unit, value);
      }
      metrics.publishStoredMetrics();
    },
  };
}
