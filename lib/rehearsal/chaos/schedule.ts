/** Which faults a seed stands for. The same seed of the same version is the same schedule, on every machine. */
import fc from 'fast-check';
import type { StepName } from '../../../lambda/contract';
import type { Injection } from '../control-plane/injection';
import type { Chaos } from '../lambda-runtime/chaos';
import type { Road } from '../run/options';
import type { Fault, Moment, Way } from './fault';
import { BETWEEN } from './lane';
import { type AwsCall, CLEANING_UP, type Struck, UNDER_SNAPSHOT, wayBack, wayThere } from './roads';

/** Everything that goes wrong in one run. */
export interface Schedule {
  readonly seed: number;
  readonly road: Road;
  /** Whether the source is pruned and scanned before. */
  readonly pruneAndScan: boolean;
  /** Whether the applications are led back to the source after a cutover. */
  readonly wayBack: boolean;
  readonly faults: readonly Fault[];
}

/** Seeds from here on aim at what cleans up too; below it a seed means what it always meant. */
export const FIRST_CLEANING_SEED = 1_000_000;

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

const lambda = ({ way, steps }: Struck): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('lambda' as const),
    way: fc.constant(way),
    step: fc.constantFrom(...steps),
    count: fc.integer({ min: 1, max: 2 }),
    chaos,
  });

/** On the way back every call of the way there is late. */
const late = ({ way, steps }: Struck, called: readonly StepName[]): fc.Arbitrary<Fault> =>
  fc
    .record({ kind: fc.constant('late' as const), step: fc.constantFrom(...called), at: momentOn(way, steps) })
    .filter((fault) => way === 'back' || steps.indexOf(fault.at.step) > steps.indexOf(fault.step));

const effect: fc.Arbitrary<Injection['effect']> = fc.oneof(
  fc.constantFrom<Injection['effect']>('throttle', 'lose-response'),
  fc.constant<Injection['effect']>({ error: { code: 'ServiceUnavailable', status: 503 } }),
);

const aws = (calls: readonly AwsCall[]): fc.Arbitrary<Fault> =>
  fc.tuple(fc.constantFrom(...calls), effect, fc.integer({ min: 1, max: 3 })).map(
    ([[service, operation], how, times]): Fault => ({
      kind: 'aws',
      injection: { service, operation, effect: how, times },
    }),
  );

const onServer = (kind: 'restart' | 'cut', { way, following }: Struck): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant(kind),
    server: fc.constantFrom('source', 'target'),
    at: momentOn(way, following),
  });

const partition = ({ way, following }: Struck): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('partition' as const),
    between: fc.constantFrom(...BETWEEN),
    forMs: fc.integer({ min: 50, max: 4000 }),
    at: momentOn(way, following),
  });

const diskFull = ({ way, following }: Struck): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('disk-full' as const),
    forMs: fc.integer({ min: 100, max: 4000 }),
    at: momentOn(way, following),
  });

const slotLost = ({ way, following }: Struck): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('slot-lost' as const), at: momentOn(way, following) });

const stop = ({ way, steps }: Struck): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('stop' as const), at: momentOn(way, steps) });

const holderLost = ({ way }: Struck): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('holder-lost' as const), at: momentOn(way, UNDER_SNAPSHOT) });

const faultOn = (road: Struck): fc.Arbitrary<Fault> =>
  fc.oneof(
    { weight: 6, arbitrary: lambda(road) },
    { weight: 2, arbitrary: late(road, road.late) },
    { weight: 2, arbitrary: onServer('restart', road) },
    { weight: 2, arbitrary: onServer('cut', road) },
    { weight: 3, arbitrary: partition(road) },
    { weight: 1, arbitrary: diskFull(road) },
    { weight: 1, arbitrary: slotLost(road) },
    // Calls of AWS are counted from the beginning, so what is injected strikes on the way there.
    ...(road.way === 'there' ? [{ weight: 3, arbitrary: aws(road.calls) }] : []),
    { weight: 1, arbitrary: stop(road) },
    ...(road.road === 'copy' && road.way === 'there' ? [{ weight: 2, arbitrary: holderLost(road) }] : []),
  );

/** Few faults on the way there when there is a way back, which begins only behind a cutover that went through. */
const faultsOf = (there: Struck, back: Struck | null): fc.Arbitrary<readonly Fault[]> => {
  const some = (way: Struck, minLength: number, maxLength: number) =>
    fc.array(faultOn(way), { minLength, maxLength, size: 'max' });
  if (back === null) return some(there, 1, 4);
  return fc.tuple(some(there, 0, 1), some(back, 1, 3)).map(([before, after]) => [...before, ...after]);
};

/** A stop, so that there is something to clean up, and what strikes those who do. */
const cleaningUp = (road: Struck): fc.Arbitrary<readonly Fault[]> =>
  fc
    .tuple(
      stop(road),
      fc.array(lambda({ ...road, steps: CLEANING_UP }), { minLength: 1, maxLength: 3, size: 'max' }),
      fc.array(late(road, road.lateOutside), { minLength: 0, maxLength: 1, size: 'max' }),
    )
    .map(([stopped, struck, called]) => [stopped, ...struck, ...called]);

const oneOf = (number: number): fc.Arbitrary<boolean> => fc.integer({ min: 1, max: number }).map((one) => one === 1);

const schedule = (road: Road) =>
  fc.tuple(oneOf(4), oneOf(3)).chain(([pruneAndScan, back]) =>
    fc.record({
      pruneAndScan: fc.constant(pruneAndScan),
      wayBack: fc.constant(back),
      faults: faultsOf(wayThere(pruneAndScan, road), back ? wayBack(road) : null),
    }),
  );

const cleaningSchedule = (road: Road) =>
  fc.tuple(oneOf(4), oneOf(3)).chain(([pruneAndScan, back]) =>
    fc.record({
      pruneAndScan: fc.constant(pruneAndScan),
      wayBack: fc.constant(back),
      faults: cleaningUp(back ? wayBack(road) : wayThere(pruneAndScan, road)),
    }),
  );

/** The schedule of a seed on a road. */
export function scheduleOf(seed: number, road: Road = 'snapshot'): Schedule {
  const drawn = seed < FIRST_CLEANING_SEED ? schedule(road) : cleaningSchedule(road);
  const [one] = fc.sample<Omit<Schedule, 'seed' | 'road'>>(drawn, { seed, numRuns: 1 });
  if (one === undefined) throw new Error(`no schedule was drawn for seed ${seed}`);
  return { seed, road, ...one };
}
