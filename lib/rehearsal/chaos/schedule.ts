/** Which faults a seed stands for. The same seed of the same version is the same schedule, on every machine. */
import fc from 'fast-check';
import type { StepName } from '../../../lambda/contract';
import type { Injection } from '../control-plane/injection';
import type { Chaos } from '../lambda-runtime/chaos';
import type { Fault, Moment, Way } from './fault';
import { BETWEEN } from './lane';

/** Everything that goes wrong in one run. */
export interface Schedule {
  readonly seed: number;
  /** Whether the source is pruned and scanned before. */
  readonly pruneAndScan: boolean;
  /** Whether the applications are led back to the source after a cutover. */
  readonly wayBack: boolean;
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

/** The steps of a way back, in the order in which they run. */
export const ROAD_BACK: readonly StepName[] = [
  'inspect',
  'turn-round',
  'plan-verification',
  'verify-chunks',
  'conclude-verification',
  'cutover',
  'settle',
];

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

/** Steps that clean up behind an execution that failed or was stopped, in the order in which the reaper calls them. */
export const CLEANING_UP: readonly StepName[] = ['locate', 'take-over', 'give-back', 'release'];

/** Steps that speak to AWS alone, whose late call finds by its name what there is. */
const LATE_OUTSIDE: readonly StepName[] = ['inspect', 'snapshot', 'encrypt', 'restore'];

/** Seeds from here on aim at what cleans up too; below it a seed means what it always meant. */
export const FIRST_CLEANING_SEED = 1_000_000;

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

/** The steps of a way, and those of them with a target beside them. */
interface Road {
  readonly way: Way;
  readonly steps: readonly StepName[];
  readonly following: readonly StepName[];
}

const roadThere = (pruneAndScan: boolean): Road => ({
  way: 'there',
  steps: roadOf(pruneAndScan),
  following: FOLLOWING,
});

const BACK: Road = { way: 'back', steps: ROAD_BACK, following: ROAD_BACK.filter((step) => step !== 'inspect') };

const momentOn = (way: Way, steps: readonly StepName[]): fc.Arbitrary<Moment> =>
  fc.record({
    way: fc.constant(way),
    step: fc.constantFrom(...steps),
    delayMs: fc.integer({ min: 0, max: 1200 }),
  });

const chaos: fc.Arbitrary<Chaos> = fc.oneof(
  fc.constant<Chaos>({ kill: 'before' }),
  fc.integer({ min: 5, max: 1200 }).map((ms): Chaos => ({ kill: 'after-ms', ms })),
  fc.constantFrom<Chaos>('kill-after-effect', 'twice', 'twice-at-once'),
);

const lambda = ({ way, steps }: Road): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('lambda' as const),
    way: fc.constant(way),
    step: fc.constantFrom(...steps),
    count: fc.integer({ min: 1, max: 2 }),
    chaos,
  });

/** On the way back every call of the way there is late. */
const late = ({ way, steps }: Road, called: readonly StepName[] = LATE): fc.Arbitrary<Fault> =>
  fc
    .record({ kind: fc.constant('late' as const), step: fc.constantFrom(...called), at: momentOn(way, steps) })
    .filter((fault) => way === 'back' || steps.indexOf(fault.at.step) > steps.indexOf(fault.step));

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

const onServer = (kind: 'restart' | 'cut', { way, following }: Road): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant(kind),
    server: fc.constantFrom('source', 'target'),
    at: momentOn(way, following),
  });

const partition = ({ way, following }: Road): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('partition' as const),
    between: fc.constantFrom(...BETWEEN),
    forMs: fc.integer({ min: 50, max: 4000 }),
    at: momentOn(way, following),
  });

const diskFull = ({ way, following }: Road): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('disk-full' as const),
    forMs: fc.integer({ min: 100, max: 4000 }),
    at: momentOn(way, following),
  });

const slotLost = ({ way, following }: Road): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('slot-lost' as const), at: momentOn(way, following) });

const stop = ({ way, steps }: Road): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('stop' as const), at: momentOn(way, steps) });

const faultOn = (road: Road): fc.Arbitrary<Fault> =>
  fc.oneof(
    { weight: 6, arbitrary: lambda(road) },
    { weight: 2, arbitrary: late(road) },
    { weight: 2, arbitrary: onServer('restart', road) },
    { weight: 2, arbitrary: onServer('cut', road) },
    { weight: 3, arbitrary: partition(road) },
    { weight: 1, arbitrary: diskFull(road) },
    { weight: 1, arbitrary: slotLost(road) },
    // Calls of AWS are counted from the beginning, so what is injected strikes on the way there.
    ...(road.way === 'there' ? [{ weight: 3, arbitrary: aws }] : []),
    { weight: 1, arbitrary: stop(road) },
  );

/** Few faults on the way there when there is a way back, which begins only behind a cutover that went through. */
const faultsOf = (pruneAndScan: boolean, wayBack: boolean): fc.Arbitrary<readonly Fault[]> => {
  const some = (road: Road, minLength: number, maxLength: number) =>
    fc.array(faultOn(road), { minLength, maxLength, size: 'max' });
  if (!wayBack) return some(roadThere(pruneAndScan), 1, 4);
  return fc.tuple(some(roadThere(pruneAndScan), 0, 1), some(BACK, 1, 3)).map(([there, back]) => [...there, ...back]);
};

/** A stop, so that there is something to clean up, and what strikes those who do. */
const cleaningUp = (road: Road): fc.Arbitrary<readonly Fault[]> =>
  fc
    .tuple(
      stop(road),
      fc.array(lambda({ ...road, steps: CLEANING_UP }), { minLength: 1, maxLength: 3, size: 'max' }),
      fc.array(late(road, LATE_OUTSIDE), { minLength: 0, maxLength: 1, size: 'max' }),
    )
    .map(([stopped, struck, called]) => [stopped, ...struck, ...called]);

const oneOf = (number: number): fc.Arbitrary<boolean> => fc.integer({ min: 1, max: number }).map((one) => one === 1);

const schedule = fc.tuple(oneOf(4), oneOf(3)).chain(([pruneAndScan, wayBack]) =>
  fc.record({
    pruneAndScan: fc.constant(pruneAndScan),
    wayBack: fc.constant(wayBack),
    faults: faultsOf(pruneAndScan, wayBack),
  }),
);

const cleaningSchedule = fc.tuple(oneOf(4), oneOf(3)).chain(([pruneAndScan, wayBack]) =>
  fc.record({
    pruneAndScan: fc.constant(pruneAndScan),
    wayBack: fc.constant(wayBack),
    faults: cleaningUp(wayBack ? BACK : roadThere(pruneAndScan)),
  }),
);

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const [drawn] = fc.sample(seed < FIRST_CLEANING_SEED ? schedule : cleaningSchedule, { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error(`no schedule was drawn for seed ${seed}`);
  return { seed, ...drawn };
}
