import { PHASES } from '../../lambda/contract';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS } from '../../lambda/contract/metrics';
import {
  MACHINES,
  MIGRATION_ALARMS,
  migrationAlarmName,
  TARGET_ALARMS,
  targetAlarmName,
  WAY_BACK_ALARMS,
} from '../../lib/resource-names';
import { DOCUMENTS, read } from '../docs/documents';
import { example, ofType, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

const synthesis = synthesize([example({ rollback: { windowHours: 72 } })]);
const foundation = templateOf(synthesis, 'Foundation');
const migration = templateOf(synthesis, 'Migration');
const target = templateOf(synthesis, 'Target');

/** A metric as a widget or an alarm names it. */
interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface Body {
  readonly widgets: readonly { readonly properties: { readonly title?: string; readonly metrics?: unknown[][] } }[];
}

function dashboard(): Body {
  const [[, found] = []] = ofType(migration, 'AWS::CloudWatch::Dashboard');
  return JSON.parse(String(resolveTokens(found?.Properties.DashboardBody, migration))) as Body;
}

function inWidgets(): Named[] {
  return dashboard().widgets.flatMap(({ properties }) =>
    (properties.metrics ?? []).map((metric) => {
      const [namespace = '', name = '', ...rest] = metric.filter((part) => typeof part === 'string') as string[];
      const pairs = rest.flatMap((part, index) => (index % 2 === 0 ? [[part, rest[index + 1] ?? '']] : []));
      return { namespace, name, dimensions: Object.fromEntries(pairs) };
    }),
  );
}

interface RawMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

const alarms = [migration, target].flatMap((template) =>
  ofType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => ({
    properties: resolveTokens(Properties, template) as Record<string, unknown> & {
      AlarmName: string;
      AlarmDescription: string;
      Metrics?: { MetricStat?: { Metric: RawMetric } }[];
    },
  })),
);

function inAlarms(): Named[] {
  return alarms.flatMap(({ properties }) => {
    const raw: RawMetric[] =
      properties.Metrics === undefined
        ? [properties as unknown as RawMetric]
        : properties.Metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]));
    return raw.map(({ Namespace, MetricName, Dimensions }) => ({
      namespace: Namespace,
      name: MetricName,
      dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, String(Value)])),
    }));
  });
}

const machineArns = MACHINES.map(
  (machine) => `arn:aws:states:eu-central-1:123456789012:stateMachine:sealift-demo-${machine}`,
);

/** The dimensions that a metric has in truth, by its namespace. */
function exists({ namespace, name, dimensions }: Named): boolean {
  const text = JSON.stringify(dimensions);
  if (namespace === METRIC_NAMESPACE) return name in METRICS && text === JSON.stringify({ [METRIC_DIMENSION]: 'demo' });
  if (namespace === 'AWS/RDS')
    return ['shop-db', 'sealift-demo-target'].includes(dimensions.DBInstanceIdentifier ?? '');
  if (namespace === 'AWS/States') return machineArns.includes(dimensions.StateMachineArn ?? '');
  return namespace === 'AWS/SQS' && dimensions.QueueName === 'sealift-demo-undelivered';
}

describe('the dashboard', () => {
  test('shows metrics that exist: those that the steps emit, and those of this migration in AWS', () => {
    expect(inWidgets().length).toBeGreaterThan(20);
    expect(inWidgets().filter((metric) => !exists(metric))).toEqual([]);
  });

  test('shows every metric that a step emits', () => {
    const shown = inWidgets().flatMap(({ namespace, name }) => (namespace === METRIC_NAMESPACE ? [name] : []));
    expect([...new Set(shown)].sort()).toEqual(Object.keys(METRICS).sort());
  });

  test('answers what an operator asks, and says what the numbers of the phases mean', () => {
    const titles = dashboard().widgets.map(({ properties }) => properties.title ?? '');
    for (const subject of [
      'Phase',
      'Lag in bytes',
      'Lag in seconds',
      'WAL',
      'Rows pruned, scanned and verified',
      'storage',
      'Outage',
    ]) {
      expect(titles.some((title) => title.includes(subject))).toBe(true);
    }
    const text = JSON.stringify(dashboard());
    for (const [position, phase] of PHASES.entries()) expect(text).toContain(`${position} ${phase}`);
  });
});

describe('the alarms', () => {
  test('watch a way back only where there may be one', () => {
    const names = ofType(templateOf(synthesize(), 'Migration'), 'AWS::CloudWatch::Alarm').map(
      ([, { Properties }]) => Properties.AlarmName,
    );
    for (const alarm of WAY_BACK_ALARMS) expect(names).not.toContain(migrationAlarmName('demo', alarm));
    for (const alarm of MIGRATION_ALARMS) expect(names).toContain(migrationAlarmName('demo', alarm));
  });

  test('watch metrics that exist', () => {
    expect(inAlarms().filter((metric) => !exists(metric))).toEqual([]);
  });

  test('are those that have a name, and one per machine', () => {
    const named = [
      ...[...MIGRATION_ALARMS, ...WAY_BACK_ALARMS].map((alarm) => migrationAlarmName('demo', alarm)),
      ...TARGET_ALARMS.map((alarm) => targetAlarmName('demo', alarm)),
      ...MACHINES.map((machine) => `sealift-demo-${machine}-execution-failed`),
    ];
    expect(alarms.map(({ properties }) => properties.AlarmName).sort()).toEqual(named.sort());
  });

  test('say in words what happens and which section of the runbook to open, and tell somebody', () => {
    const headings = [...read('docs/runbook.md').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
    for (const { properties } of alarms) {
      const [, words = '', anchor = ''] =
        /^(.{20,}) Open docs\/runbook\.md#([a-z-]+)$/.exec(properties.AlarmDescription) ?? [];
      expect(words).toMatch(/^[A-Z].*\.$/);
      expect(headings).toContain(anchor);
      expect(properties.AlarmActions).toHaveLength(1);
    }
    expect(DOCUMENTS).toContain('docs/runbook.md');
  });

  test('are silent while nothing runs', () => {
    for (const { properties } of alarms) expect(['notBreaching', 'missing']).toContain(properties.TreatMissingData);
  });
});

interface Rule {
  readonly EventPattern: { readonly detail: Record<string, string[]> };
  readonly Targets: readonly {
    readonly InputTransformer?: { readonly InputTemplate: string };
    readonly DeadLetterConfig?: unknown;
  }[];
}

function rulesOf(template: typeof migration): Rule[] {
  return ofType(template, 'AWS::Events::Rule').map(
    ([, { Properties }]) => resolveTokens(Properties, template) as unknown as Rule,
  );
}

describe('the messages', () => {
  test('tell in plain words of every machine that starts, succeeds, fails, is stopped or runs out of time', () => {
    const tells = rulesOf(migration).filter(({ Targets }) =>
      /^"/.test(Targets[0]?.InputTransformer?.InputTemplate ?? ''),
    );
    const told = tells.map(({ EventPattern: { detail }, Targets }) => {
      const text = Targets[0]?.InputTransformer?.InputTemplate ?? '';
      expect(text).toMatch(
        /^"Sealift demo\. (Assess|Prune|Scan|Replicate|Cutover|Rollback|Window|Retire|Migrate|Reaper) (started|succeeded|failed|was|ran)/,
      );
      expect(text).toContain('console.aws.amazon.com/states');
      return `${detail.stateMachineArn?.[0]?.split('-').at(-1)} ${detail.status?.[0]}`;
    });
    const states = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];
    const every = MACHINES.flatMap((machine) => states.map((state) => `${machine} ${state}`));
    // A reaper and the window tell what they did themselves, and look mostly to find nothing.
    const noNews = ['reaper RUNNING', 'reaper SUCCEEDED', 'window RUNNING', 'window SUCCEEDED', 'window FAILED'];
    expect(told.sort()).toEqual(every.filter((each) => !noNews.includes(each)).sort());
  });

  test('tell of failures only when that is configured', () => {
    const quiet = synthesize([example({ notifications: { phases: 'failures' } })]);
    const states = rulesOf(templateOf(quiet, 'Migration')).flatMap(({ EventPattern }) => EventPattern.detail.status);
    expect([...new Set(states)].sort()).toEqual(['ABORTED', 'FAILED', 'TIMED_OUT']);
  });

  test('every message that cannot be delivered is kept, and somebody is told', () => {
    for (const { Targets } of [...rulesOf(migration), ...rulesOf(foundation)]) {
      for (const { DeadLetterConfig } of Targets) expect(DeadLetterConfig).toBeDefined();
    }
    const [[, queue] = []] = ofType(foundation, 'AWS::SQS::Queue');
    expect(queue?.Properties).toMatchObject({ KmsMasterKeyId: expect.anything(), MessageRetentionPeriod: 1209600 });
  });
});
