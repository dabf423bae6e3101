import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from '../../../lambda/contract/metrics';
import { createMetricSink, type Measured } from '../../../lambda/platform/metrics';
import { metricsOf } from '../../../lib/rehearsal/run/emitted-metrics';

/** The lines that measuring writes to the function's log. */
function linesOf(...measured: readonly Measured[]): string[] {
  const written: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    const sink = createMetricSink('demo');
    for (const values of measured) sink.measured(values);
  } finally {
    spy.mockRestore();
  }
  return written.flatMap((text) => text.split('\n')).filter((line) => line !== '');
}

describe('metrics', () => {
  it('are one line per measurement, with the migration as their only dimension', () => {
    const lines = linesOf({ LagBytes: 7, LagSeconds: 0.5 }, { RowsVerified: 0 });
    expect(lines).toHaveLength(2);
    const dimensions = { [METRIC_DIMENSION]: 'demo' };
    const namespace = METRIC_NAMESPACE;
    expect(lines.flatMap(metricsOf)).toEqual([
      { namespace, dimensions, name: 'LagBytes', unit: 'Bytes', value: 7 },
      { namespace, dimensions, name: 'LagSeconds', unit: 'Seconds', value: 0.5 },
      { namespace, dimensions, name: 'RowsVerified', unit: 'Count', value: 0 },
    ]);
  });

  it('hold nothing but names, numbers and the migration', () => {
    const all = Object.fromEntries(Object.keys(METRICS).map((name, value) => [name as MetricName, value]));
    const [line = ''] = linesOf(all);
    const { _aws, ...fields } = JSON.parse(line) as Record<string, unknown>;
    expect(fields).toEqual({ ...all, [METRIC_DIMENSION]: 'demo' });
    expect(_aws).toBeDefined();
  });

  it('are found in no other line of a log', () => {
    for (const line of ['', 'text "_aws"', '{"_aws": 1}', '{"message":"slot created"}'])
      expect(metricsOf(line)).toEqual([]);
  });
});
