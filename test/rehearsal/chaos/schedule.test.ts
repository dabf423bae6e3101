import { inWords } from '../../../lib/rehearsal/chaos/fault';
import { CLEANING_UP, FIRST_CLEANING_SEED, ROAD_BACK, roadOf, scheduleOf } from '../../../lib/rehearsal/chaos/schedule';
import { stepsOf } from '../../../lib/road-steps';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

it('draws the same schedule for the same seed', () => {
  for (const seed of SEEDS.slice(0, 20)) expect(scheduleOf(seed)).toEqual(scheduleOf(seed));
});

it('draws every kind of fault, and steps that the run comes to', () => {
  const schedules = SEEDS.map(scheduleOf);
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
