/** Which faults a seed stands for. The same seed of the same version is the same schedule, on every machine. */
import fc from 'fast-check';
import type { StepName } from '../../../lambda/contract';
import type { Injection } from '../control-plane/injection';
import type { Chaos } from '../lambda-runtime/chaos';
import type { Fault, Moment } from './fault';

/** Everything that goes wrong in one run. */
export interface Schedule {
  readonly seed: number;
  /** Whether the source is pruned and scanned before. */
  readonly pruneAndScan: boolean;
  readonly faults: readonly Fault[];
}

/** Steps before the copy, in the order in which they run. */
const BEFORE: readonly StepName[] = [
  'plan-prune',
  'prune-rows',
  'conclude-prune',
  'plan-scan',
  'scan-ranges',
  'conclude-scan',
];

/** The steps of every migration. */
const ALWAYS: readonly StepName[] = [
  'inspect',
  'assess',
  'claim',
  'prepare',
  'snapshot',
  'encrypt',
  'restore',
  'adopt',
  'subscribe',
  'watch',
  'plan-verification',
  'verify-chunks',
  'conclude-verification',
  'cutover',
  'settle',
];

/** The steps of a migration, in the order in which they run. */
export function roadOf(pruneAndScan: boolean): readonly StepName[] {
  const at = ALWAYS.indexOf('claim') + 1;
  return pruneAndScan ? [...ALWAYS.slice(0, at), ...BEFORE, ...ALWAYS.slice(at)] : ALWAYS;
}

/** Steps with a target beside them. */
const FOLLOWING: readonly StepName[] = [
  'subscribe',
  'watch',
  'plan-verification',
  'verify-chunks',
  'conclude-verification',
  'cutover',
];

/** Steps whose late call must be refused or change nothing. */
const LATE: readonly StepName[] = ['claim', 'prepare', 'adopt', 'subscribe', 'plan-verification', 'cutover', 'settle'];

/** Calls of AWS that the road makes. */
const CALLS: readonly (readonly [service: string, operation: string])[] = [
  ['rds', 'DescribeDBInstances'],
  ['rds', 'CreateDBSnapshot'],
  ['rds', 'CopyDBSnapshot'],
  ['rds', 'DescribeDBSnapshots'],
  ['cloudformation', 'UpdateStack'],
  ['cloudformation', 'DescribeStacks'],
  ['secretsmanager', 'GetSecretValue'],
  ['route53', 'ListResourceRecordSets'],
  ['route53', 'ChangeResourceRecordSets'],
  ['route53', 'GetChange'],
  ['s3', 'PutObject'],
];

const momentOf = (steps: readonly StepName[]): fc.Arbitrary<Moment> =>
  fc.record({ step: fc.constantFrom(...steps), delayMs: fc.integer({ min: 0, max: 1200 }) });

const chaos: fc.Arbitrary<Chaos> = fc.oneof(
  fc.constant<Chaos>({ kill: 'before' }),
  fc.integer({ min: 5, max: 1200 }).map((ms): Chaos => ({ kill: 'after-ms', ms })),
  fc.constantFrom<Chaos>('kill-after-effect', 'twice', 'twice-at-once'),
);

const lambda = (road: readonly StepName[]): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('lambda' as const),
    step: fc.constantFrom(...road),
    count: fc.integer({ min: 1, max: 2 }),
    chaos,
  });

const late = (road: readonly StepName[]): fc.Arbitrary<Fault> =>
  fc
    .record({ kind: fc.constant('late' as const), step: fc.constantFrom(...LATE), at: momentOf(road) })
    .filter((fault) => road.indexOf(fault.at.step) > road.indexOf(fault.step));

const effect: fc.Arbitrary<Injection['effect']> = fc.oneof(
  fc.constantFrom<Injection['effect']>('throttle', 'lose-response'),
  fc.constant<Injection['effect']>({ error: { code: 'ServiceUnavailable', status: 503 } }),
);

const aws: fc.Arbitrary<Fault> = fc.tuple(fc.constantFrom(...CALLS), effect, fc.integer({ min: 1, max: 3 })).map(
  ([[service, operation], how, times]): Fault => ({
    kind: 'aws',
    injection: { service, operation, effect: how, times },
  }),
);

const onServer = (kind: 'restart' | 'cut'): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant(kind), server: fc.constantFrom('source', 'target'), at: momentOf(FOLLOWING) });

const partition: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant('partition' as const),
  forMs: fc.integer({ min: 50, max: 4000 }),
  at: momentOf(FOLLOWING),
});

const slotLost: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant('slot-lost' as const),
  at: momentOf(FOLLOWING),
});

const stop = (road: readonly StepName[]): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('stop' as const), at: momentOf(road) });

const faultOn = (road: readonly StepName[]): fc.Arbitrary<Fault> =>
  fc.oneof(
    { weight: 6, arbitrary: lambda(road) },
    { weight: 2, arbitrary: late(road) },
    { weight: 2, arbitrary: onServer('restart') },
    { weight: 2, arbitrary: onServer('cut') },
    { weight: 2, arbitrary: partition },
    { weight: 1, arbitrary: slotLost },
    { weight: 3, arbitrary: aws },
    { weight: 1, arbitrary: stop(road) },
  );

const schedule = fc
  .integer({ min: 0, max: 3 })
  .map((one) => one === 0)
  .chain((pruneAndScan) =>
    fc.record({
      pruneAndScan: fc.constant(pruneAndScan),
      faults: fc.array(faultOn(roadOf(pruneAndScan)), { minLength: 1, maxLength: 4, size: 'max' }),
    }),
  );

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const [drawn] = fc.sample(schedule, { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error(`no schedule was drawn for seed ${seed}`);
  return { seed, ...drawn };
}
