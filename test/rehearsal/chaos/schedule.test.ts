import { inWords } from '../../../lib/rehearsal/chaos/fault';
import { CLEANING_UP, ROAD_BACK, roadOf } from '../../../lib/rehearsal/chaos/roads';
import { FIRST_CLEANING_SEED, scheduleOf } from '../../../lib/rehearsal/chaos/schedule';
import { COPY_STEPS, stepsOf } from '../../../lib/road-steps';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

it('draws the same schedule for the same seed', () => {
  for (const seed of SEEDS.slice(0, 20)) expect(scheduleOf(seed)).toEqual(scheduleOf(seed));
});

it('draws every kind of fault, and steps that the run comes to', () => {
  const schedules = SEEDS.map((seed) => scheduleOf(seed));
  const kinds = new Set(schedules.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual([
    'aws',
    'cut',
    'disk-full',
    'lambda',
    'late',
    'partition',
    'restart',
    'slot-lost',
    'stop',
  ]);
  const plain = schedules.filter(({ pruneAndScan }) => !pruneAndScan);
  expect(plain.length).toBeGreaterThan(100);
  expect(schedules.length - plain.length).toBeGreaterThan(30);
  const words = plain.flatMap(({ faults }) => faults.map(inWords)).join('\n');
  expect(words).not.toMatch(/prune|scan|quarantine/);
});

it('stops an execution before it strikes those who clean up behind it, and calls late what speaks to AWS alone', () => {
  const schedules = SEEDS.map((seed) => scheduleOf(FIRST_CLEANING_SEED + seed));
  for (const { faults } of schedules) expect(faults.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['stop']));
  const faults = schedules.flatMap((schedule) => schedule.faults);
  const struck = new Set(faults.flatMap((fault) => (fault.kind === 'lambda' ? [fault.step] : [])));
  expect([...struck].sort()).toEqual([...CLEANING_UP].sort());
  const late = new Set(faults.flatMap((fault) => (fault.kind === 'late' ? [fault.step] : [])));
  expect([...late].sort()).toEqual(['encrypt', 'inspect', 'restore', 'snapshot']);
});

it('leaves no step out unless a migration without damage does not call it, nor a way back, nor a stop', () => {
  const struck: readonly string[] = [...roadOf(true), ...ROAD_BACK, ...CLEANING_UP];
  const left = stepsOf('snapshot').filter((step) => !struck.includes(step));
  expect(left.sort()).toEqual(['list-leftovers', 'quarantine', 'retire', 'watch-way-back']);
});

it('strikes every step of the copy road, calls late whatever writes, and ends the snapshots that are held', () => {
  const faults = SEEDS.flatMap((seed) => scheduleOf(seed, 'copy').faults);
  const struck = faults.flatMap((fault) => (fault.kind === 'lambda' ? [fault.step] : []));
  expect(struck).toEqual(expect.arrayContaining([...COPY_STEPS]));
  const steps: readonly string[] = [...roadOf(true, 'copy'), ...ROAD_BACK, ...CLEANING_UP];
  const left = stepsOf('copy').filter((step) => !steps.includes(step));
  // Snapshots are taken at a Prune and a Retire alone.
  expect(left.sort()).toEqual(['encrypt', 'list-leftovers', 'quarantine', 'retire', 'snapshot', 'watch-way-back']);
  const late = faults.flatMap((fault) => (fault.kind === 'late' ? [fault.step] : []));
  expect(late).toEqual(expect.arrayContaining([...COPY_STEPS]));
  expect(faults.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['holder-lost']));
  expect(SEEDS.flatMap((seed) => scheduleOf(seed).faults).map(({ kind }) => kind)).not.toContain('holder-lost');
});
