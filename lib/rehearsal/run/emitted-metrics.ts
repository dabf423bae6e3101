/** The metrics that functions emit in CloudWatch's embedded metric format, as CloudWatch would find them in the logs. */

/** One measured value. */
export interface EmittedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface EmbeddedMetrics {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

/** The metrics of one line of a log; none when it is no line of that format. */
export function metricsOf(line: string): EmittedMetric[] {
  const fields = parse(line);
  const { CloudWatchMetrics: sets = [] } = (fields._aws ?? {}) as { CloudWatchMetrics?: readonly EmbeddedMetrics[] };
  return sets.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(fields[name])]));
      return Metrics.flatMap(({ Name, Unit }) =>
        [fields[Name]].flat().map((value) => {
          return { namespace: Namespace, name: Name, unit: Unit, value: Number(value), dimensions };
        }),
      );
    }),
  );
}

function parse(line: string): Record<string, unknown> {
  if (!line.includes('"_aws"')) return {};
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
